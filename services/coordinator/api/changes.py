"""The route of what changed: each pass that was published for a reason, and how far it moved the predictions."""

from functools import partial

from pydantic import Field

from services.coordinator.api.answers import Change
from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Asked, Listing, Route
from services.coordinator.documents.moves import by_pass, moves
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Ports, Row
from shared.registries.keys import Role
from shared.registries.systems import BEST_FIRST


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
    params = {"game_date": day, "mode": query.mode.value, "systems": list(BEST_FIRST), "games": ""}
    rows = await ports.warehouse.query(sql("moves"), params)
    return [_change(of_pass) for of_pass in by_pass(rows)]


def _change(rows: list[Row]) -> Change:
    """Of one pass, by its best system."""
    return Change(
        at=rows[0]["predicted_at"],
        run_id=rows[0]["run_id"],
        reason=rows[0]["reason"],
        games=sorted({row["game_id"] for row in rows}),
        moves=moves(rows),
    )
