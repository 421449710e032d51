"""The route of what changed: each pass that was published for a reason, and how far it moved the predictions."""

from functools import partial
from itertools import groupby

from pydantic import Field

from services.coordinator.api.answers import Change, Move
from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Asked, Listing, Route
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Ports, Row
from shared.registries.keys import Role
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST_FIRST, headline

SHOWN = 3
"""Moves of a market that are shown of a pass."""


class ChangesQuery(Listing):
    """A slate."""

    game_date: Slate | None = Field(None, description="default: today's")
    mode: Mode = Mode.SAME_DAY


def routes(ports: Ports) -> list[Route]:
    """The one."""
    return [Route("GET", "/v1/changes", Role.VIEWER, partial(changes, ports), list[Change], ChangesQuery)]


async def changes(ports: Ports, asked: Asked) -> list[Change]:
    """What changed on a slate, newest first: the reason, the games, and by market what it moved most."""
    query: ChangesQuery = asked.query
    day = query.game_date or eastern_date(ports.clock.now())
    params = {"game_date": day, "mode": query.mode.value, "systems": list(BEST_FIRST)}
    rows = await ports.warehouse.query(sql("moves"), params)
    return [_change(list(of_pass)) for _, of_pass in groupby(rows, key=lambda row: row["run_id"])]


def _change(rows: list[Row]) -> Change:
    """Of one pass, by its best system."""
    moved = sorted(
        (row for row in headline(rows) if row["change"]), key=lambda row: (-abs(row["change"]), row["player_id"])
    )
    return Change(
        at=rows[0]["predicted_at"],
        run_id=rows[0]["run_id"],
        reason=rows[0]["reason"],
        games=sorted({row["game_id"] for row in rows}),
        moves={
            market: [_move(row) for row in moved if row["market"] == market][:SHOWN]
            for market in MARKETS
            if any(row["market"] == market for row in moved)
        },
    )


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
