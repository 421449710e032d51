"""The route of the sources: freshness of each, and credits of the paid ones."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from typing_extensions import TypedDict

from services.coordinator.api.route import Asked, Route
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import Run
from services.coordinator.watch.sources import fetched, stale
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Ports, Row
from shared.registries.keys import Role
from shared.registries.sources import SOURCES, Source


class SourceShown(TypedDict):
    """An upstream, and how it has fared in the last 60 days."""

    name: str
    title: str
    fallback: bool
    paid: bool
    fresh_at: datetime | None
    """When it last gave something."""
    fresh_for: date | None
    """The newest slate of which it gave something."""
    slates: int
    """With games, that have gone by since."""
    failed: int
    """Requests that failed."""
    failing_since: date | None
    reason: str | None
    """Of one of the failures."""
    stale: str | None
    """Why it counts as stale."""


class Credits(TypedDict):
    """Of the source that sells them, when it was last asked."""

    left: int
    needed: int
    """By that slate."""
    run_id: str
    at: datetime | None


class Sources(TypedDict):
    """All of them."""

    sources: list[SourceShown]
    credits: Credits | None


def routes(engine: Engine, ports: Ports) -> list[Route]:
    """The one."""
    return [Route("GET", "/v1/sources", Role.VIEWER, partial(sources, engine, ports), Sources)]


async def sources(engine: Engine, ports: Ports, _: Asked) -> dict[str, Any]:
    """The upstreams: when each last gave something new, what fails, and what is left of paid credits."""
    today = eastern_date(ports.clock.now())
    rows = await fetched(ports, today)
    runs = await engine.between(today - timedelta(days=7), today + timedelta(days=1), set(Mode))
    return {
        "sources": [_shown(source, rows.get(source.name), today) for source in SOURCES.values()],
        "credits": _credits(runs),
    }


def _shown(source: Source, row: Row | None, today: date) -> SourceShown:
    known: Row = row if row is not None else {"slates": 0, "failed": 0}
    return SourceShown(
        name=source.name,
        title=source.title,
        fallback=source.fallback,
        paid=source.secret is not None,
        fresh_at=known.get("fresh_at"),
        fresh_for=known.get("fresh_for"),
        slates=known["slates"],
        failed=known["failed"],
        failing_since=known.get("failing_since"),
        reason=known.get("reason"),
        stale=stale(source, row, today),
    )


def _credits(runs: list[Run]) -> Credits | None:
    """As the latest step that heard of them says."""
    found = [
        (step.started_at, run, step.counts)
        for run in runs
        for step in run.steps.values()
        if "credits_left" in step.counts and step.started_at is not None
    ]
    if not found:
        return None
    at, run, counts = max(found, key=lambda each: each[0])
    needed = counts.get("credits_needed", 0)
    return Credits(left=counts["credits_left"], needed=needed, run_id=run.run_id, at=at)
