"""The HTTP API: runs, predictions and what is told of slates. Every route under /v1 needs an API key."""

from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from services.coordinator.api.accuracy import accuracy, market_of, over
from services.coordinator.api.web import EARLIEST, LATEST, mode_of, one_of, slate, window
from services.coordinator.api.web import day as day_of
from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.runs.decide import decide
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from services.coordinator.watch.schedules import note
from shared.basketball.slate import Mode, eastern_date
from shared.contract import API_VERSION
from shared.errors import Permanent
from shared.ports import Params, Ports
from shared.registries.pipeline import plan
from shared.runtime.answers import json_response, refuse

_ALL_DAYS = (LATEST - EARLIEST).days
"""No bound: what the warehouse adds up is short, however long the window."""


class RunBody(BaseModel):
    """Body of POST /v1/runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    game_date: date | None = None
    """Today's Eastern date where absent, tomorrow's in mode `tomorrow`: what a schedule means."""
    mode: Mode = Mode.OVERNIGHT
    source: str = Field("api", min_length=1)
    targets: tuple[str, ...] = Field(("export",), min_length=1)
    retrospective: bool = False
    force: bool = False
    from_phase: int | None = Field(None, ge=1, le=6)
    retrain: bool = False
    redo: tuple[str, ...] = ()
    dry_run: bool = False


class Api:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports) -> None:
        self._engine = engine
        self._ports = ports

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/v1/", self.root)
        app.router.add_post("/v1/runs", self.start)
        app.router.add_get("/v1/runs", self.runs)
        app.router.add_get("/v1/runs/{key}", self.run)
        app.router.add_get("/v1/predictions", self.predictions)
        app.router.add_get("/v1/predictions/over", partial(over, self._ports, self._slate))
        app.router.add_get("/v1/accuracy", partial(accuracy, self._ports))
        app.router.add_get("/v1/grades", partial(self.by_slate, "grades"))
        app.router.add_get("/v1/slates", partial(self.by_slate, "slates"))
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/v1/costs", self.costs)
        app.router.add_get("/v1/dead-letters", self.dead_letters)
        app.router.add_get("/v1/quarantine", self.quarantine)

    async def root(self, _: web.Request) -> web.Response:
        """GET /v1/: who answers, and the version of the contract."""
        return json_response({"service": "coordinator", "contract": API_VERSION})

    async def start(self, request: web.Request) -> web.Response:
        """POST /v1/runs: start, resume, retry or widen a run; with dry_run, only say what would be done."""
        body = RunBody.model_validate_json(await request.read())
        today = eastern_date(self._ports.clock.now())
        next_up = today + timedelta(days=1) if body.mode is Mode.TOMORROW else today
        day = slate(body.game_date, "game_date") if body.game_date is not None else next_up
        if day > today + timedelta(days=1):
            raise Permanent(f"game_date {day} is in the future", remedy=f"run at most tomorrow (today is {today})")
        event = RunRequested(**body.model_dump(exclude={"dry_run", "game_date"}), game_date=day)
        plan((*event.targets, *event.redo))  # refuse unknown targets before anything is written
        if body.dry_run:
            before = await self._engine.run(f"{day}.{body.mode.value}")
            after, commands = decide(before, event, self._ports.clock.now())
            starts = [message.key for _, message in commands]
            return json_response({"dry_run": True, "starts": starts, "run": None if after is None else public(after)})
        await note(self._ports, body.source)
        return json_response(public(await self._engine.apply(event)), HTTPStatus.ACCEPTED)

    async def runs(self, request: web.Request) -> web.Response:
        """GET /v1/runs?first=&last=&mode=: every run, or those of some slates, oldest slate first."""
        first = day_of(request.query, "first") if "first" in request.query else date.min
        last = day_of(request.query, "last") if "last" in request.query else date.max
        wanted = request.query.get("mode")
        modes = set(Mode) if wanted is None else {Mode(one_of(wanted))}
        return json_response([public(run) for run in await self._engine.between(first, last, modes)])

    async def run(self, request: web.Request) -> web.Response:
        """GET /v1/runs/{date}.{mode}[.{generation}]."""
        key = ".".join(request.match_info["key"].split(".")[:2])
        run = await self._engine.run(key)
        if run is None or request.match_info["key"] not in (run.key, run.run_id):
            return refuse(HTTPStatus.NOT_FOUND, f"no run {request.match_info['key']}", "GET /v1/runs lists them")
        return json_response(public(run))

    async def predictions(self, request: web.Request) -> web.Response:
        """GET /v1/predictions?game_date=&mode=&market=: the current predictions of a slate (default: the latest)."""
        market = market_of(request.query)
        key = await self._slate(request)
        if key is None:
            return json_response([])
        params = {"game_date": key[0], "mode": key[1].value, "market": market}
        return json_response(await self._ports.warehouse.query(sql("predictions"), params))

    async def by_slate(self, name: str, request: web.Request) -> web.Response:
        """GET /v1/grades and /v1/slates ?first=&last=&mode=: accuracy by slate and market; counts by slate."""
        mode = Mode(one_of(request.query.get("mode", Mode.OVERNIGHT.value)))
        first, last = window(request.query, max_days=_ALL_DAYS)
        params: Params = {"first": first, "last": last, "mode": mode.value}
        return json_response(await self._ports.warehouse.query(sql(name), params))

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models?mode=: every model that was trained, newest first."""
        mode = mode_of(request.query)
        return json_response(await self._ports.warehouse.query(sql("models"), {"mode": mode.value}))

    async def costs(self, request: web.Request) -> web.Response:
        """GET /v1/costs?first=&last=: what slates have cost, by step (default: the latest slate)."""
        if "first" in request.query or "last" in request.query:
            params = dict(zip(("first", "last"), window(request.query, max_days=_ALL_DAYS), strict=True))
        else:
            key = await self._slate(request)
            if key is None:
                return json_response([])
            params = {"first": key[0], "last": key[0]}
        return json_response(await self._ports.warehouse.query(sql("costs"), params))

    async def dead_letters(self, _: web.Request) -> web.Response:
        """GET /v1/dead-letters: what could not be handled, with the reason."""
        return json_response([{"id": d.id, **d.data} for d in await self._ports.state.list(DEAD_LETTERS)])

    async def quarantine(self, request: web.Request) -> web.Response:
        """GET /v1/quarantine?game_date=&mode=: what a slate's scraping refused."""
        key = await self._slate(request)
        if key is None:
            return json_response([])
        return json_response(
            await self._ports.warehouse.query(sql("quarantine"), {"game_date": key[0], "mode": key[1].value})
        )

    async def _slate(self, request: web.Request) -> tuple[date, Mode] | None:
        """The slate asked for: the latest run that fits the query, or the date and mode as given."""
        mode = request.query.get("mode")
        wanted = None if mode is None else Mode(one_of(mode))
        day = day_of(request.query, "game_date") if "game_date" in request.query else None
        if day is not None and wanted is not None:
            return day, wanted
        prefix = "" if day is None else day.isoformat()
        runs = [
            run
            for run in await self._engine.runs(prefix)
            if (wanted is None or run.mode is wanted) and "publish" in run.steps
        ]
        if not runs:
            return None
        latest = max(runs, key=lambda run: (run.game_date, run.created_at, run.mode))
        return latest.game_date, latest.mode


def public(run: Run) -> dict[str, Any]:
    """A run as the API shows it."""
    return {
        "id": run.key,
        "run_id": run.run_id,
        **run.model_dump(mode="json", exclude={"outbox", "batches"}),
    }
