"""`tipoff bench dispersion`: the spread of `moving_average`, fitted again to real seasons.

Least squares of the squared residual on the level, in the space of the market's power, and the calibration after it,
over the regular seasons 2020-21 to 2022-23, beside the constants in use. Needs the real data (TIPOFF_SHARED).
"""

import duckdb
import numpy as np

from benchmarks.harness import Case, real_data
from services.worker.domain.spread import ROTATION_MINUTES
from services.worker.domain.systems.moving_average import SPREADS
from services.worker.domain.training.spread import fit_spread
from shared.errors import Permanent
from shared.registries.markets import MARKETS

_COLUMNS = {"points": "pts", "rebounds": "reb", "assists": "ast", "threes": "fg3m", "steals": "stl", "blocks": "blk"}
"""Statistic -> its column in the real data."""
_FORECASTS = """
WITH games AS (
  SELECT player_id, season_type, game_date, game_id, minutes, {stat} AS y FROM read_parquet($path)
  WHERE season IN ('2020-21', '2021-22', '2022-23')
),
pairs AS (
  SELECT
    now.player_id, now.game_id, now.y, past.minutes, past.y AS past_y,
    ROW_NUMBER() OVER (
      PARTITION BY now.player_id, now.game_id ORDER BY past.game_date DESC, past.game_id DESC
    ) - 1 AS age
  FROM games AS now
  JOIN games AS past USING (player_id)
  WHERE now.season_type = 'regular' AND past.game_date < now.game_date AND past.game_date >= now.game_date - 400
)
SELECT
  ANY_VALUE(y) AS y,
  SUM(POW(0.8, age) * minutes) / SUM(POW(0.8, age)) AS minutes,
  SUM(POW(0.8, age) * minutes) / SUM(POW(0.8, age))
    * SUM(POW(0.95, age) * past_y) / SUM(POW(0.95, age) * minutes) AS mean
FROM pairs
GROUP BY player_id, game_id
HAVING COUNT(*) >= 3 AND SUM(minutes) > 0
"""


def bench() -> list[Case]:
    """Per market the league's variance at the mean forecast by the constants in use, beside that of a fresh fit."""
    path = real_data() / "player_games.parquet"
    if not path.is_file():
        raise Permanent(f"{path} is not there", remedy="set TIPOFF_SHARED to the folder of the real data")
    return [_case(market, str(path)) for market in MARKETS]


def _case(market: str, path: str) -> Case:
    stat = " + ".join(_COLUMNS[name] for name in MARKETS[market].statistics)
    with duckdb.connect() as connection:
        rows = connection.execute(_FORECASTS.format(stat=stat), {"path": path}).fetchnumpy()
    y, mean = np.asarray(rows["y"], dtype=float), np.asarray(rows["mean"], dtype=float)
    fresh = fit_spread(mean, y, market, np.asarray(rows["minutes"], dtype=float) >= ROTATION_MINUTES)
    ours, wanted = float(np.mean(SPREADS[market].scale(mean))), float(np.mean(fresh.scale(mean)))
    return Case(
        market, "scale", round(ours, 4), "units^power",
        f"fit shift={fresh.shift:.4f} a={fresh.a:.4f} b={fresh.b:.4f} (N={len(y)})",
        round(ours / wanted, 3), "within 5 %", 0.95 <= ours / wanted <= 1.05,  # noqa: PLR2004 - the goal
    )  # fmt: skip
