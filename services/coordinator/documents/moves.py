"""What a pass moved: rows of `moves.sql` as changes."""

from itertools import groupby

from services.coordinator.documents.shapes import GameChange, Move
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.systems import headline

SHOWN = 3
"""Moves of a market that are shown of a pass."""


def by_pass(rows: list[Row]) -> list[list[Row]]:
    """The rows of each pass, as they come: the newest first."""
    return [list(of_pass) for _, of_pass in groupby(rows, key=lambda row: row["run_id"])]


def moves(rows: list[Row]) -> dict[str, list[Move]]:
    """Market -> what moved most, by the best system that predicted the rows' pass."""
    moved = sorted(
        (row for row in headline(rows) if row["change"]), key=lambda row: (-abs(row["change"]), row["player_id"])
    )
    return {
        market: [_move(row) for row in moved if row["market"] == market][:SHOWN]
        for market in MARKETS
        if any(row["market"] == market for row in moved)
    }


def change(rows: list[Row]) -> GameChange:
    """The change that a pass's rows of one game are."""
    first = rows[0]
    return GameChange(at=first["predicted_at"], run_id=first["run_id"], reason=first["reason"], moves=moves(rows))


def _move(row: Row) -> Move:
    return Move(
        game_id=row["game_id"],
        player_id=row["player_id"],
        player_name=row["player_name"],
        team=row["team"],
        was=row["was"],
        mean=row["mean"],
        change=row["change"],
    )
