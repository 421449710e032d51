"""The routes of the quarantine: what was refused and why, what it came in, and another try."""

from collections.abc import Awaitable, Callable
from datetime import date
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from pydantic import Field

from services.coordinator.api.answers import DryRun, PublicRun, Quarantined, QuarantinedShown
from services.coordinator.api.queries import QuarantineQuery, SlateQuery
from services.coordinator.api.route import Asked, Body, Route
from services.coordinator.runs.events import RunRequested
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, eastern_date
from shared.errors import Permanent
from shared.ports import Archive, Params, Ports, Row
from shared.raw_archive import read_body, read_record
from shared.registries.keys import Role
from shared.registries.pipeline import LOAD, STEPS
from shared.runtime.access import Caller
from shared.runtime.answers import Refusal

EXCERPT = 2000
"""Characters of a payload that are shown."""

SlateOf = Callable[[SlateQuery], Awaitable[tuple[date, Mode] | None]]
Begin = Callable[[Caller, RunRequested, bool], Awaitable[object]]


class RetryBody(Body):
    """Body of POST /v1/quarantine/{id}/retry."""

    anew: bool = Field(default=False, description="ask the upstream again; else the archive is read again")
    dry_run: bool = False


class QuarantineRoutes:
    """The routes."""

    def __init__(self, ports: Ports, slate_of: SlateOf, begin: Begin) -> None:
        self._ports = ports
        self._slate_of = slate_of
        self._begin = begin

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v1/quarantine", Role.VIEWER, self.quarantine, list[Quarantined], QuarantineQuery),
            Route("GET", "/v1/quarantine/{id}", Role.VIEWER, self.show, QuarantinedShown),
            Route(
                "POST",
                "/v1/quarantine/{id}/retry",
                Role.OPERATOR,
                self.retry,
                PublicRun | DryRun,
                body=RetryBody,
                status=HTTPStatus.ACCEPTED,
                or_status=HTTPStatus.OK,
            ),
        ]

    async def quarantine(self, asked: Asked) -> list[Row]:
        """What a slate's scraping refused, and why."""
        query: QuarantineQuery = asked.query
        key = await self._slate_of(query)
        return [] if key is None else await self._rows(*key, query.step, query.source)

    async def show(self, asked: Asked) -> dict[str, Any]:
        """A refusal, with the fetch it came with and an excerpt of the payload."""
        row = await self._row(asked.path["id"])
        return row | await _payload(self._ports.archive, row)

    async def retry(self, asked: Asked) -> object:
        """Do the step again that refused it, and what stands on that: from the archive, or anew."""
        body: RetryBody = asked.body
        row = await self._row(asked.path["id"])
        event = RunRequested(
            game_date=row["game_date"],
            mode=Mode(row["mode"]),
            source=asked.caller.actor,
            targets=(row["step"],),
            retrospective=row["game_date"] < eastern_date(self._ports.clock.now()),
            from_phase=None if body.anew else LOAD,
            redo=(row["step"],),
        )
        return await self._begin(asked.caller, event, body.dry_run)

    async def _rows(self, day: date, mode: Mode, step: str = "", source: str = "") -> list[Row]:
        params: Params = {"game_date": day, "mode": mode.value, "step": step, "source": source}
        return [{"id": id_of(row), **row} for row in await self._ports.warehouse.query(sql("quarantine"), params)]

    async def _row(self, id_: str) -> Row:
        try:
            day, mode, step, _ = id_.split(".")
            rows = await self._rows(date.fromisoformat(day), Mode(mode), step) if step in STEPS else []
        except ValueError:  # then it is no id
            rows = []
        for row in rows:
            if row["id"] == id_:
                return row
        raise Refusal(HTTPStatus.NOT_FOUND, f"nothing in quarantine has the id {id_!r}", "GET /v1/quarantine lists it")


def id_of(row: Row) -> str:
    """Names a row of raw.quarantine: slate, mode, step, and a digest of unit and record."""
    digest = sha256(f"{row['unit']}\n{row['record']}".encode()).hexdigest()
    return f"{row['game_date']}.{row['mode']}.{row['step']}.{digest[:10]}"


async def _payload(archive: Archive, row: Row) -> dict[str, Any]:
    """`fetch`, the record of the fetch, and `excerpt`, of its body; null where they are not known or not there."""
    try:
        record = await read_record(archive, row["archive_key"]) if row["archive_key"] is not None else None
        body = await read_body(archive, record) if record is not None else b""
    except Permanent as error:
        return {"fetch": None, "excerpt": str(error)}
    if record is None:
        return {"fetch": None, "excerpt": None}
    return {"fetch": record.model_dump(mode="json"), "excerpt": excerpt(body, row["record"])}


def excerpt(body: bytes, record: str) -> str:
    """The part of a body around the first place that names the record, else its beginning."""
    place = max(0, body.find(record.encode()) - EXCERPT // 2)
    return body[place : place + EXCERPT].decode(errors="replace")
