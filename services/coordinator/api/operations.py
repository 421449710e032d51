"""The HTTP face of operations: the grid, the reconciler, alerts, decisions and the monitoring queries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from pydantic import Field

from services.coordinator.alerts import ALERTS, alerts, clear_alert
from services.coordinator.api import sources
from services.coordinator.api.answers import AlertShown, ChannelTested, DecisionOf, Found, Reconciled, WarehouseRow
from services.coordinator.api.once import Once
from services.coordinator.api.queries import AlertsQuery, HealthWindow, Steps, Text, Window
from services.coordinator.api.route import Asked, Body, Route, source_of
from services.coordinator.grid.cells import Cell
from services.coordinator.grid.count import cells
from services.coordinator.grid.reconcile import reconcile
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from services.coordinator.steps import feature_health
from services.coordinator.watch.check import check
from services.coordinator.watch.schedules import note, watched_since
from services.coordinator.watch.voice import Speaker
from shared.basketball.slate import Mode, days, eastern_date
from shared.errors import Permanent, TipoffError, Transient
from shared.ports import Params, Ports, Row
from shared.registries.keys import Role
from shared.registries.pipeline import plan
from shared.registries.schedules import SCHEDULED
from shared.runtime.logs import get_logger

MONITOR = ("cascade_timing", "phase_delays", "predictions_present", "coverage", "freshness")
"""The monitoring queries (`sql/monitor`), by name."""


_log = get_logger("coordinator")

SWEEP_SECONDS = 5.0
ROUND_SECONDS = 50.0
"""What a round of the reconciler and the watch may take: its schedule waits a minute for the answer."""


class ReconcileBody(Body):
    """Body of POST /v1/reconcile."""

    mode: Mode | None = Field(None, description="default: overnight, and what has begun in the other scheduled modes")
    schedule: str = Field("", max_length=64, description="which schedule asks; only its credential may say")
    days: int = Field(3, ge=1, le=400, description="slates before today's that are looked at too")
    targets: Steps = Field(("export",), min_length=1)
    dry_run: bool = False


class ResolveBody(Body):
    """Body of POST /v1/alerts."""

    name: Text
    scope: Text


class TestBody(Body):
    """Body of POST /v1/alerts/test."""

    __test__ = False  # pytest: no test

    dry_run: bool = False


class Operations:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports, once: Once, speaker: Speaker) -> None:
        self._engine = engine
        self._ports = ports
        self._once = once
        self._speaker = speaker

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v1/grid", Role.VIEWER, self.grid, list[Cell], Window),
            Route("GET", "/v1/alerts", Role.VIEWER, self.alerts, list[AlertShown], AlertsQuery),
            Route("POST", "/v1/alerts", Role.OPERATOR, self.resolve, list[dict[str, Any]], body=ResolveBody),
            Route("POST", "/v1/alerts/test", Role.OPERATOR, self.test, list[ChannelTested], body=TestBody),
            *sources.routes(self._engine, self._ports),
            Route("GET", "/v1/decisions", Role.VIEWER, self.decisions, list[DecisionOf], Window),
            Route("GET", "/v1/cascade", Role.VIEWER, self.cascade, dict[str, list[WarehouseRow]], Window),
            Route("GET", "/v1/feature-health", Role.VIEWER, self.feature_health, list[Found], HealthWindow),
            Route("POST", "/v1/reconcile", Role.OPERATOR, self.reconcile, Reconciled, body=ReconcileBody),
        ]

    async def grid(self, asked: Asked) -> list[dict[str, Any]]:
        """Date x step: expected, verified, missing, quarantined, status, why."""
        query: Window = asked.query
        runs = await self._engine.between(query.first, query.last, {query.mode})
        found = await cells(self._ports, runs, query.first, query.last, [query.mode])
        return await asyncio.to_thread(lambda: [asdict(cell) for cell in found])

    async def alerts(self, asked: Asked) -> list[dict[str, Any]]:
        """What is open (with `resolved`, or was), gravest first, with what it means."""
        found = await alerts(self._ports.state, resolved=asked.query.resolved)
        return [alert | {"meaning": ALERTS[alert["name"]].meaning} for alert in found]

    async def resolve(self, asked: Asked) -> list[dict[str, Any]]:
        """Resolve an alert: a person has seen to it. It opens again if its condition still holds."""
        body: ResolveBody = asked.body
        if body.name not in ALERTS:
            raise Permanent(f"unknown alert {body.name!r}", remedy=f"one of {', '.join(ALERTS)}")
        await clear_alert(self._ports, body.name, body.scope)
        return await alerts(self._ports.state)

    async def test(self, asked: Asked) -> list[dict[str, str]]:
        """Send a test message to every channel of alerts, and say how each took it; with dry_run only name them."""
        return await self._speaker.test(dry_run=asked.body.dry_run)

    async def decisions(self, asked: Asked) -> list[dict[str, Any]]:
        """What was decided about every step, on what evidence, and why."""
        query: Window = asked.query
        documents = await self._engine.documents(query.first, query.last, {query.mode})
        return await asyncio.to_thread(
            lambda: [
                {"run_id": run.run_id, **decision.model_dump(mode="json")}
                for run in (Run.model_validate(document.data) for document in documents)
                for decision in run.decisions
            ]
        )

    async def feature_health(self, asked: Asked) -> list[dict[str, Any]]:
        """What is wrong with the served features, slate by slate."""
        query: HealthWindow = asked.query
        return [
            {"game_date": slate, "mode": query.mode.value, **asdict(finding)}
            for slate in days(query.first, query.last)
            for finding in await feature_health.check(self._ports.warehouse, slate, query.mode)
        ]

    async def cascade(self, asked: Asked) -> dict[str, list[Row]]:
        """The monitoring queries, by name: timing, delays, presence, coverage, freshness."""
        query: Window = asked.query
        params: Params = {"first": query.first, "last": query.last, "mode": query.mode.value}
        return {name: await self._ports.warehouse.query(sql(f"monitor/{name}"), params) for name in MONITOR}

    async def reconcile(self, asked: Asked) -> Reconciled:
        """Ask for what the grid is missing, then run the watch; with dry_run only list it."""
        body: ReconcileBody = asked.body
        plan(body.targets)  # refuse unknown targets before anything is written
        source = source_of(asked.caller, body.schedule)
        today = eastern_date(self._ports.clock.now())
        first = today - timedelta(days=body.days)
        if body.schedule:  # nobody has promised what lies before the first round
            first = max(first, eastern_date(await watched_since(self._ports)))
        modes = SCHEDULED if body.mode is None else (body.mode,)
        async with _in_time():
            found = await reconcile(self._engine, self._ports, first, today, modes, body.targets, dry_run=body.dry_run)
            if not body.dry_run:
                await note(self._ports, source)
                await check(self._ports)
        if not body.dry_run:
            await self._sweep()
            await self._speaker.round()
        opened = await alerts(self._ports.state)
        return Reconciled(dry_run=body.dry_run, asked=found, alerts=opened)

    async def _sweep(self) -> None:
        """Forget old idempotency keys, as far as the time reaches: nothing depends on it."""
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await self._once.sweep()
        except (TimeoutError, TipoffError) as error:
            _log.warning("keys_not_forgotten", reason=str(error))


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ROUND_SECONDS):
            yield
    except TimeoutError as error:
        raise Transient(
            f"the round was not done in {ROUND_SECONDS:g} s", remedy="the next one goes on where it stands"
        ) from error
