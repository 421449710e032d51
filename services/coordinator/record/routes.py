"""The routes of the sealed record: does it hold, and what it holds."""

from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from services.coordinator.api.queries import EARLIEST, LATEST, Slate
from services.coordinator.api.route import Asked, Listing, Query, Route
from services.coordinator.record import rows
from services.coordinator.record.verify import EVER, Chain, Checked, Stored, check_chain, check_slates, entries_of
from shared.ports import Ports
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

CHECKED_DAYS = 7
"""Days that are checked at once: of each mode some thousand predictions."""


class SlatesQuery(Query):
    """Which slates are listed."""

    first: Slate = Field(EARLIEST, description="default: every slate")
    last: Slate = Field(LATEST - timedelta(days=1), description="default: every slate")


class EntriesQuery(SlatesQuery, Listing):
    """Entries about which slates."""


class CheckQuery(Query):
    """Slates that are compared at once."""

    first: Slate
    last: Slate

    @model_validator(mode="after")
    def _short(self) -> Self:
        if not 0 <= (self.last - self.first).days < CHECKED_DAYS:
            raise PydanticCustomError("window", "ask for 1 to {days} days at once", {"days": CHECKED_DAYS})
        return self


class SealedRows(TypedDict):
    """An entry and what it seals, as canonical JSON; null where a later entry has taken its place."""

    entry: Stored
    rows: list[str] | None
    source: list[str] | None


def routes(ports: Ports) -> list[Route]:
    """All of them."""
    return [
        Route("GET", "/v1/record/chain", Role.VIEWER, partial(_chain, ports), Chain, SlatesQuery),
        Route("GET", "/v1/record/check", Role.VIEWER, partial(_check, ports), Checked, CheckQuery),
        Route("GET", "/v1/record/entries", Role.VIEWER, partial(_entries, ports), list[Stored], EntriesQuery),
        Route("GET", "/v1/record/entries/{seq}", Role.VIEWER, partial(_sealed, ports), SealedRows),
    ]


async def _chain(ports: Ports, asked: Asked) -> Chain:
    """Recompute the whole chain of the sealed record, and list the slates there are to check."""
    return await check_chain(ports, asked.query.first, asked.query.last)


async def _check(ports: Ports, asked: Asked) -> Checked:
    """Compare some slates with what was sealed of them, and grade them once more from raw rows."""
    return await check_slates(ports, asked.query.first, asked.query.last)


async def _entries(ports: Ports, asked: Asked) -> list[Stored]:
    """The entries of the sealed record about some slates, in order."""
    return [entry.stored() for entry in await entries_of(ports, asked.query.first, asked.query.last)]


async def _sealed(ports: Ports, asked: Asked) -> SealedRows:
    """An entry of the sealed record with the rows it seals, canonical, as anybody can hash them."""
    seq = asked.path["seq"]
    entries = await entries_of(ports, *EVER)
    entry = next((entry for entry in entries if str(entry.seq) == seq), None)
    if entry is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no entry {seq}", "GET /v1/record/entries lists them")
    slate, version, warehouse = entry.game_date, entry.schema_version, ports.warehouse
    if entry.kind == "publish":
        groups = await rows.published(warehouse, slate, slate, entry.run_id, version)
        return {"entry": entry.stored(), "rows": groups.get((slate, entry.run_id), []), "source": None}
    later = [other for other in entries if (other.kind, other.game_date) == ("grade", slate) and other.seq > entry.seq]
    graded = None
    if entry.mode not in {other.mode for other in later}:
        graded = (await rows.graded(warehouse, slate, slate, entry.mode, version)).get((slate, entry.mode), [])
    source = None if later else (await rows.sources(warehouse, slate, slate)).lines(slate, entry.sealed_at, version)
    return {"entry": entry.stored(), "rows": graded, "source": source}
