"""The route of the report of a morning: reads, and has it made."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from typing_extensions import TypedDict

from services.coordinator.api.answers import AlertShown
from services.coordinator.api.inside import Inside
from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Asked, Query, Route
from services.coordinator.documents.record_shapes import Record
from services.coordinator.documents.shapes import Tonight
from shared.basketball.slate import Mode
from shared.registries.keys import Role


class ReportQuery(Query):
    """Of which slate; default: as of `GET /v1/tonight`."""

    game_date: Slate | None = None
    mode: Mode | None = None


class Report(TypedDict):
    """A report, ready to be sent."""

    game_date: str
    mode: str
    subject: str
    """The first line of the text."""
    text: str
    """At most 15 lines."""
    html: str
    """A whole page that asks for nothing else."""


class Graded(TypedDict):
    """What is known of earlier predictions."""

    last: date
    """The night before the slate."""
    night: Record
    markets: Record
    """Of that night, too."""
    so_far: Record


Maker = Callable[[Tonight, Graded, Sequence[AlertShown]], Report]


class ReportRoutes:
    """The route."""

    def __init__(self, reader: Inside, made: Maker) -> None:
        self._reader = reader
        self._made = made

    def routes(self) -> list[Route]:
        """One."""
        return [Route("GET", "/v1/report", Role.VIEWER, self.report, Report, ReportQuery, absent=True)]

    async def report(self, asked: Asked) -> Report:
        """A morning as text and as one page: last night's grades, the best edges, what is missing or needs a hand."""
        read, caller = self._reader.get, asked.caller
        slate: Tonight = await read("/v1/tonight", caller, **asked.query.model_dump())
        mode, last = slate["mode"], date.fromisoformat(slate["game_date"]) - timedelta(days=1)
        night: Record = await read("/v1/record", caller, mode=mode, first=last, last=last, by="all")
        markets: Record = await read("/v1/record", caller, mode=mode, first=last, last=last, by="market")
        so_far: Record = await read("/v1/record", caller, mode=mode, last=last, by="all")
        alerts: list[AlertShown] = await read("/v1/alerts", caller)
        return self._made(slate, Graded(last=last, night=night, markets=markets, so_far=so_far), alerts)
