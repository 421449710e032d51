"""The HTTP face of operations: the grid, the reconciler, alerts, decisions and the monitoring queries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from services.coordinator.alerts import ALERTS, alerts, clear_alert
from services.coordinator.api.web import json_response, mode_of, window
from services.coordinator.grid.count import cells
from services.coordinator.grid.reconcile import reconcile
from services.coordinator.runs.engine import Engine
from services.coordinator.sql import sql
from services.coordinator.steps import feature_health
from services.coordinator.watch.check import check
from services.coordinator.watch.schedules import note
from shared.basketball.slate import Mode, days, eastern_date
from shared.errors import Permanent, Transient
from shared.ports import Params, Ports
from shared.registries.pipeline import plan
from shared.registries.schedules import SCHEDULED

MONITOR = ("cascade_timing", "phase_delays", "predictions_present", "coverage", "freshness")
"""The monitoring queries (`sql/monitor`), by name."""


_MAX_HEALTH_DAYS = 62
"""Days of one answer about features: each is a query over the weeks before it."""


ROUND_SECONDS = 50.0
"""What a round of the reconciler and the watch may take: its schedule waits a minute for the answer."""


class ReconcileBody(BaseModel):
    """Body of POST /v1/reconcile."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    mode: Mode | None = Field(None, description="default: overnight, and what has begun in the other scheduled modes")
    source: str = Field("api", min_length=1)
    days: int = Field(3, ge=1, le=400, description="slates before today's that are looked at too")
    targets: tuple[str, ...] = Field(("export",), min_length=1)
    dry_run: bool = False


class ResolveBody(BaseModel):
    """Body of POST /v1/alerts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    scope: str


class Operations:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports) -> None:
        self._engine = engine
        self._ports = ports

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/v1/grid", self.grid)
        app.router.add_get("/v1/alerts", self.alerts)
        app.router.add_post("/v1/alerts", self.resolve)
        app.router.add_get("/v1/decisions", self.decisions)
        app.router.add_get("/v1/cascade", self.cascade)
        app.router.add_get("/v1/feature-health", self.feature_health)
        app.router.add_post("/v1/reconcile", self.reconcile)

    async def grid(self, request: web.Request) -> web.Response:
        """GET /v1/grid?first=&last=&mode=: date x step, expected against there; a statement per phase, not per cell."""
        (first, last), mode = window(request.query), mode_of(request.query)
        runs = await self._engine.between(first, last, {mode})
        found = await cells(self._ports, runs, first, last, [mode])
        return json_response([asdict(cell) for cell in found])

    async def alerts(self, request: web.Request) -> web.Response:
        """GET /v1/alerts[?resolved=1]: what is open (or was), gravest first, with what it means."""
        found = await alerts(self._ports.state, resolved="resolved" in request.query)
        return json_response([alert | {"meaning": ALERTS[alert["name"]].meaning} for alert in found])

    async def resolve(self, request: web.Request) -> web.Response:
        """POST /v1/alerts {"name", "scope"}: a person has seen to it. It opens again if its condition still holds."""
        body = ResolveBody.model_validate_json(await request.read())
        if body.name not in ALERTS:
            raise Permanent(f"unknown alert {body.name!r}", remedy=f"one of {', '.join(ALERTS)}")
        await clear_alert(self._ports, body.name, body.scope)
        return json_response(await alerts(self._ports.state))

    async def decisions(self, request: web.Request) -> web.Response:
        """GET /v1/decisions?first=&last=&mode=: what was decided about every step, on what evidence, and why."""
        (first, last), mode = window(request.query), mode_of(request.query)
        return json_response(
            [
                {"run_id": run.run_id, **decision.model_dump(mode="json")}
                for run in await self._engine.between(first, last, {mode})
                for decision in run.decisions
            ]
        )

    async def feature_health(self, request: web.Request) -> web.Response:
        """GET /v1/feature-health?first=&last=&mode=: what is wrong with the served features, slate by slate."""
        (first, last), mode = window(request.query, max_days=_MAX_HEALTH_DAYS), mode_of(request.query)
        return json_response(
            [
                {"game_date": slate, "mode": mode.value, **asdict(finding)}
                for slate in days(first, last)
                for finding in await feature_health.check(self._ports.warehouse, slate, mode)
            ]
        )

    async def cascade(self, request: web.Request) -> web.Response:
        """GET /v1/cascade?first=&last=&mode=: the monitoring queries, by name."""
        first, last = window(request.query)
        params: Params = {"first": first, "last": last, "mode": mode_of(request.query).value}
        return json_response(
            {name: await self._ports.warehouse.query(sql(f"monitor/{name}"), params) for name in MONITOR}
        )

    async def reconcile(self, request: web.Request) -> web.Response:
        """POST /v1/reconcile: ask for what the grid is missing, then run the watch; with dry_run only list it."""
        body = ReconcileBody.model_validate_json(await request.read())
        plan(body.targets)  # refuse unknown targets before anything is written
        today = eastern_date(self._ports.clock.now())
        first = today - timedelta(days=body.days)
        modes = SCHEDULED if body.mode is None else (body.mode,)
        async with _in_time():
            asked = await reconcile(self._engine, self._ports, first, today, modes, body.targets, dry_run=body.dry_run)
            if not body.dry_run:
                await note(self._ports, body.source)
                await check(self._ports)
        opened = await alerts(self._ports.state)
        return json_response({"dry_run": body.dry_run, "asked": asked, "alerts": opened}, HTTPStatus.OK)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ROUND_SECONDS):
            yield
    except TimeoutError as error:
        raise Transient(
            f"the round was not done in {ROUND_SECONDS:g} s", remedy="the next one goes on where it stands"
        ) from error
