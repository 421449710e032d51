"""A history of two games small enough to know by heart, for the rules' edge cases."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from devstack.history import History
from devstack.schema import COUNTS, SCHEMA

FIRST, SECOND = "0022400001", "0022400002"
TIP = datetime(2024, 11, 2, 0, 0, tzinfo=UTC)
"""20:00 Eastern on 1 November; the second game is a day later."""
SECOND_TIP = datetime(2024, 11, 3, 0, 0, tzinfo=UTC)
ZEROS = dict.fromkeys(COUNTS, 0)


def game(game_id: str, tip: datetime, day: date) -> dict[str, Any]:
    return {
        "game_id": game_id,
        "season": "2024-25",
        "game_date": day,
        "tip_utc": tip,
        "home_team": "BOS",
        "away_team": "PHI",
        "neutral_site": False,
        "home_pts": 101,
        "away_pts": 99,
        "ot_periods": 0,
        "arena": "TD Garden, Boston, Massachusetts",
    }


def played(game_id: str, player_id: int, name: str, team: str) -> dict[str, Any]:
    return {
        "game_id": game_id,
        "player_id": player_id,
        "player_name": name,
        "team": team,
        "starter": True,
        "minutes": 20.77,
        **ZEROS,
        "pts": 10,
        "plus_minus": None,
    }


def absent(game_id: str, player_id: int | None, name: str, status: str) -> dict[str, Any]:
    return {"game_id": game_id, "team": "BOS", "player_id": player_id, "player_name": name, "status": status}


def event(day: date, player_id: int, kind: str, *, team: str = "BOS", note: str = "illness") -> dict[str, Any]:
    name = f"Player {player_id}"
    return {"date": day, "team": team, "player_id": player_id, "player_name": name, "event": kind, "note": note}


def line(game_id: str, **changes: object) -> dict[str, Any]:
    return {
        "game_id": game_id,
        "player_id": 1,
        "player_name_raw": "Ann One",
        "market": "points",
        "bookmaker": "fanduel",
        "line": 9.5,
        "over_price": -110.0,
        "under_price": -120.0,
        "snapshot_utc": datetime(2024, 11, 1, 12, 0, tzinfo=UTC),
        "pregame": True,
        "is_main": True,
        "event_id": "feed" if game_id == FIRST else None,
        **changes,
    }


def tables(**rows: list[dict[str, Any]]) -> dict[str, pa.Table]:
    """The tables, those named replaced."""
    standard: Mapping[str, list[dict[str, Any]]] = {
        "schedule": [game(FIRST, TIP, date(2024, 11, 1)), game(SECOND, SECOND_TIP, date(2024, 11, 2))],
        "team_games": [{"game_id": FIRST, "team": team, **ZEROS} for team in ("BOS", "PHI")],
        "player_games": [
            played(FIRST, 1, "Ann One", "BOS"),
            played(FIRST, 2, "Bob Two Jr.", "PHI"),
            played(SECOND, 1, "Ann One", "BOS"),
        ],
        "availability": [
            absent(FIRST, 3, "Cy Three", "dnp_coach"),
            absent(FIRST, 4, "Di Four", "inactive"),
            absent(FIRST, None, "Nobody Known", "inactive"),
        ],
        "injuries": [],
        "prop_lines": [line(FIRST)],
        "game_lines": [],
    }
    return {
        name: pa.Table.from_pylist(rows.get(name, standard[name]), schema=pa.schema(list(SCHEMA[name].items())))
        for name in SCHEMA
    }


def tiny(**rows: list[dict[str, Any]]) -> History:
    return History.of_tables(tables(**rows), source="tiny")
