"""Hand-made rows: name what a test is about, the rest is filled in from the table's declaration."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.basketball.slate import BOX_SCORE_LAG, OVERNIGHT_CUTOFF, eastern_instant, season_of
from shared.ports import Row, Warehouse
from shared.tables import QUANTILES, TABLES, Type

SLATE = date(2024, 3, 4)
YESTERDAY = SLATE - timedelta(days=1)
_ANY: Mapping[Type, Any] = {
    "STRING": "x",
    "INT64": 0,
    "FLOAT64": 0.0,
    "BOOL": False,
    "DATE": SLATE,
    "TIMESTAMP": datetime(2024, 3, 4, 5, tzinfo=UTC),
}


def row(table: str, **values: object) -> Row:
    """A row of a table: nullable columns null and the others anything, but for what is given."""
    columns = TABLES[table].columns
    unknown = values.keys() - {column.name for column in columns}
    assert not unknown, f"{table} has no {unknown}"
    return {column.name: None if column.nullable else _ANY[column.type] for column in columns} | values


def tip(day: date, hour: int = 19, minute: int = 0) -> datetime:
    """Tip-off at an Eastern wall-clock time."""
    return eastern_instant(day, time(hour, minute))


def game(game_id: str, day: date = SLATE, home: str = "BOS", away: str = "GSW", **values: object) -> Row:
    """A game of the schedule, at 19:00 ET."""
    known = {"game_id": game_id, "game_date": day, "home_team": home, "away_team": away, "season": season_of(day)}
    return (
        row("raw.games", season_type="regular", tip_utc=tip(day), available_at=eastern_instant(day), **known) | values
    )


def box(game_id: str, player: int, day: date, team: str = "BOS", **values: object) -> Row:
    """A player's box score, known three hours after a tip-off at 19:00 ET."""
    known = {"game_id": game_id, "game_date": day, "season": season_of(day), "player_id": player, "team": team}
    stats = {"minutes": 30.0, "points": 20, "rebounds": 5, "assists": 4, "threes": 2}
    at = tip(day) + BOX_SCORE_LAG
    return row("raw.player_box_scores", season_type="regular", available_at=at, **known, **stats) | values


def roster(player: int, team: str = "BOS", day: date = SLATE, **values: object) -> Row:
    """A rostered player, known at midnight ET."""
    known = {"game_date": day, "player_id": player, "team": team, "player_name": f"Player {player}"}
    return row("raw.rosters", available_at=eastern_instant(day), **known) | values


def prop(game_id: str, player: int, line: float, book: str, at: datetime, **values: object) -> Row:
    """A main line on points at -110 both ways."""
    known = {"game_id": game_id, "player_id": player, "line": line, "bookmaker": book, "available_at": at}
    prices = {"market": "points", "over_price": -110.0, "under_price": -110.0, "is_main": True}
    return row("raw.prop_lines", **known, **prices) | values


def injury(player: int, status: str, at: datetime, day: date = SLATE) -> Row:
    """An injury report."""
    return row("raw.injuries", game_date=day, player_id=player, status=status, available_at=at)


def prediction(game_id: str, player: int, day: date, generation: int = 1, **values: object) -> Row:
    """A published prediction of points at the slate's 07:00 ET: every q-quantile is 100 q."""
    run_id = f"{day}.overnight.{generation}"
    known = {"game_id": game_id, "player_id": player, "game_date": day, "run_id": run_id, "generation": generation}
    quantiles = {f"q{round(100 * q):02d}": 100 * q for q in QUANTILES}
    kind = {"mode": "overnight", "market": "points", "system": "moving_average", "recommendation": "no_line"}
    moments = {"mean": 50.0, "centre": 50.6, "scale": 10.0, "power": 1.0}
    at = eastern_instant(day, OVERNIGHT_CUTOFF)
    return row("predictions.player_prop_predictions", predicted_at=at, **known, **kind, **moments, **quantiles) | values


async def load(warehouse: Warehouse, **tables: list[Row]) -> None:
    """Append rows; the keyword names the table, with `__` for the dot: `raw__games=[...]`."""
    for name, rows in tables.items():
        await warehouse.append(name.replace("__", "."), rows)
