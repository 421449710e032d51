"""`features.player_daily_cache` and `features.ml_feature_store`, against an independent computation."""

import math
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.markets import MARKETS
from shared.ports import Row, Warehouse
from shared.slate import season_of
from shared.tables import TABLES
from tests.unit.analytics.conftest import NIGHT, Process
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prop, roster

GAME = "0022300900"
CUTOFF = datetime(2024, 3, 4, 12, tzinfo=UTC)
FORM = ("player_game_summary", "upcoming_player_game_context", "player_daily_cache")


def with_pra(games: list[Row]) -> list[Row]:
    """Box scores with the sum that is a market too."""
    return [game | {"pra": game["points"] + game["rebounds"] + game["assists"]} for game in games]


def expected_form(games: list[Row], league: list[Row]) -> dict[str, float | int | None]:
    """A player's form in plain Python: `games` are his, newest first; `league` everybody's."""
    games, league = with_pra(games), with_pra(league)
    season = [game for game in games if game["season"] == season_of(SLATE)]
    form: dict[str, float | int | None] = {
        "games_season": len(season),
        "games_total": len(games),
        "minutes_season_mean": math.fsum(game["minutes"] for game in season) / len(season) if season else None,
        "minutes_ewma": math.fsum(0.8**age * game["minutes"] for age, game in enumerate(games))
        / math.fsum(0.8**age for age in range(len(games))),
    }
    for market in MARKETS:
        form[f"{market}_season_mean"] = sum(game[market] for game in season) / len(season) if season else None
        rate = sum(game[market] for game in league) / math.fsum(game["minutes"] for game in league)
        weighted = math.fsum(0.95**age * game[market] for age, game in enumerate(games))
        minutes = math.fsum(0.95**age * game["minutes"] for age, game in enumerate(games))
        form[f"{market}_per_minute"] = (weighted + 36 * rate) / (minutes + 36)
    return form


def some_games(player: int, dates: list[date], seed: int) -> list[Row]:
    """Box scores with odd minutes, newest first."""
    dice = random.Random(seed)  # noqa: S311 - a seed to repeat
    return [
        box(
            f"002230{player:02d}{n:02d}",
            player,
            day,
            minutes=dice.randint(1, 48 * 60) / 60,
            points=dice.randint(0, 50),
            rebounds=dice.randint(0, 20),
            assists=dice.randint(0, 15),
            threes=dice.randint(0, 10),
        )
        for n, day in enumerate(sorted(dates, reverse=True))
    ]


async def test_form_is_what_an_independent_computation_says(warehouse: Warehouse, process: Process) -> None:
    """Counts, means, exponential weights and shrunk rates of a regular, a rookie and a man back from last season."""
    regular = some_games(1, [SLATE - timedelta(days=2 * n + 1) for n in range(40)], 1)
    rookie = some_games(2, [YESTERDAY], 2)
    returning = some_games(3, [date(2023, 4, 1), date(2023, 4, 3)], 3)
    too_old = box("0022200001", 3, SLATE - timedelta(days=401), points=50)
    await load(
        warehouse,
        raw__games=[game(GAME)],
        raw__rosters=[roster(1), roster(2), roster(3, "GSW"), roster(4, "GSW")],
        raw__player_box_scores=[*regular, *rookie, *returning, too_old],
    )
    rows = await process(*FORM)
    assert [row["player_id"] for row in rows] == [1, 2, 3]
    league = [*regular, *rookie, *returning]
    for row, games in zip(rows, (regular, rookie, returning), strict=True):
        for name, value in expected_form(games, league).items():
            assert row[name] == (value if value is None else pytest.approx(value, rel=1e-6)), name


async def test_the_window_is_four_hundred_days(warehouse: Warehouse, process: Process) -> None:
    """A game 400 days ago counts, one of 401 does not; without any in the window there is no form."""
    games = [box("0022200001", 1, SLATE - timedelta(days=400)), box("0022200002", 2, SLATE - timedelta(days=401))]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1), roster(2)], raw__player_box_scores=games)
    rows = await process(*FORM)
    assert [(row["player_id"], row["games_total"], row["games_season"]) for row in rows] == [(1, 1, 0)]


async def test_games_count_when_they_were_known_at_the_cutoff(warehouse: Warehouse, process: Process) -> None:
    """A box score that became available at the cutoff counts, one a second later does not."""
    boxes = [
        box("0022300001", 1, YESTERDAY, available_at=CUTOFF),
        box("0022300002", 1, YESTERDAY - timedelta(days=2), available_at=CUTOFF + timedelta(seconds=1)),
    ]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1)], raw__player_box_scores=boxes)
    [found] = await process(*FORM)
    assert found["games_total"] == 1


async def test_the_feature_store_serves_context_and_form(warehouse: Warehouse, process: Process) -> None:
    """One row per player with form; what the tables share is carried over unchanged; zero and null stay apart."""
    await load(
        warehouse,
        raw__games=[game(GAME)],
        raw__rosters=[roster(1), roster(2, "GSW"), roster(3)],
        raw__player_box_scores=[box("0022300001", player, YESTERDAY, points=0) for player in (1, 2)],
        raw__prop_lines=[prop(GAME, 1, 0.5, "a", CUTOFF)],
    )
    rows = await process(*NIGHT)
    assert [(row["player_id"], row["is_home"], row["points_line"]) for row in rows] == [(1, 1, 0.5), (2, 0, None)]
    for source in ("analytics.upcoming_player_game_context", "features.player_daily_cache"):
        shared = {column.name for column in TABLES[source].columns} & rows[0].keys() - {"is_home"}
        for made in rows:
            params = {"player_id": made["player_id"]}
            [origin] = await warehouse.query(f"SELECT * FROM {source} WHERE player_id = @player_id", params)  # noqa: S608 - two literals
            assert {name: made[name] for name in shared} == {name: origin[name] for name in shared}
    assert rows[0]["points_season_mean"] == 0.0


async def test_a_slate_without_games_has_no_features(process: Process) -> None:
    """Nothing to predict, no error."""
    assert await process(*NIGHT) == []
