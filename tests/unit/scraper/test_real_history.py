"""The validation against real seasons: no real game may be refused."""

import json
from pathlib import Path

import duckdb
import pytest

from services.scraper.domain.validation import inconsistency
from services.scraper.sources.nba_stats.leaguegamelog import parse_gamelog
from tests.unit.scraper.wire import LOG_HEADERS

_LOG = """
SELECT '2', player_id, player_name, 0, team, game_id, CAST(game_date AS VARCHAR), '', minutes, fgm, fga, fg3m, fg3a,
  ftm, fta, oreb, dreb, reb, ast, stl, blk, tov, pf, pts, plus_minus
FROM read_parquet(?) WHERE season = ? ORDER BY game_id, player_id
"""
_STARTERS = "SELECT game_id, player_id, starter FROM read_parquet(?)"
_GAMES = "SELECT game_id, home_team, away_team, home_pts, away_pts FROM read_parquet(?)"
_SEASONS = "SELECT DISTINCT season FROM read_parquet(?) ORDER BY season DESC LIMIT ?"


@pytest.mark.parametrize("seasons", [1, pytest.param(100, marks=pytest.mark.proof)])
def test_no_real_game_is_refused(shared_data: Path, seasons: int) -> None:
    """Every game of the newest seasons passes."""
    players, schedule = str(shared_data / "player_games.parquet"), str(shared_data / "schedule.parquet")
    with duckdb.connect() as database:
        games = {row[0]: row[1:] for row in database.execute(_GAMES, [schedule]).fetchall()}
        starters = {row[:2]: row[2] for row in database.execute(_STARTERS, [players]).fetchall()}
        for (season,) in database.execute(_SEASONS, [players, seasons]).fetchall():
            rows = database.execute(_LOG, [players, season]).fetchall()
            body = json.dumps({"resultSets": [{"name": "LeagueGameLog", "headers": LOG_HEADERS, "rowSet": rows}]})
            parsed = parse_gamelog(body.encode())
            assert sum(len(box.lines) for box in parsed.records) == len(rows)
            for box in parsed.records:
                assert box.game_id is not None
                home, away, home_points, away_points = games[box.game_id]
                assert inconsistency(box, home, away, (home_points, away_points)) is None
                for team in (home, away):
                    five = [starters[box.game_id, line.player_id] for line in box.lines if line.team == team]
                    assert sum(five) == 5
