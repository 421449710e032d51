"""The HTTP API: runs, predictions and what is known of slates."""

import asyncio
import re
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from pydantic import Field
from pydantic_core import to_json

from services.coordinator.api import accuracy, changes
from services.coordinator.api.answers import (
    DryRun,
    Idle,
    PublicRun,
    Root,
    SlateFound,
    SlateKnown,
    WarehouseRow,
    public,
)
from services.coordinator.api.matching import predictions
from services.coordinator.api.published import PublishedRoutes
from services.coordinator.api.quarantine import QuarantineRoutes
from services.coordinator.api.queries import (
    AllDays,
    CostsQuery,
    LettersQuery,
    Moded,
    PredictionsQuery,
    RunsQuery,
    Slate,
    SlateQuery,
    Steps,
)
from services.coordinator.api.route import Asked, Body, Other, Route, source_of
from services.coordinator.api.together import Together
from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.pulse.pulse import Beat, Pulse
from services.coordinator.record import routes as record
from services.coordinator.runs.decide import decide
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import Run, RunStatus
from services.coordinator.sql import sql
from services.coordinator.watch.schedules import note
from services.coordinator.watch.voice import Speaker
from shared.basketball.slate import Mode, eastern_date
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
from shared.registries.api import API_VERSION
from shared.registries.keys import SCHEDULES, Role
from shared.registries.pipeline import plan
from shared.runtime.access import Caller
from shared.runtime.answers import Refusal

_ACCEPTED = HTTPStatus.ACCEPTED
_LOOKS_BACK = (7, 400)
"""Days in which the latest slate is looked for: first nearby, since every run of a window is read."""
_LOOKS_AROUND = 40
"""Days before and after a slate that nobody ran in which others are suggested."""
_NEAR = 3
"""Of them at most."""
_KEY = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\.({'|'.join(Mode)})(\.[a-z][a-z0-9-]{{0,63}})?")
_GENERATION = re.compile(r"\.[0-9]+$")
"""Of a run in the state store: other text is not looked up."""


class RunBody(Body):
    """Body of POST /v1/runs."""

    game_date: Slate | None = Field(None, description="default: today's Eastern date; `tomorrow`: the next")
    mode: Mode = Mode.OVERNIGHT
    schedule: str = Field("", max_length=64, description="which schedule asks; only its credential may say")
    targets: Steps = Field(("export",), min_length=1)
    retrospective: bool = False
    force: bool = False
    from_phase: int | None = Field(None, ge=1, le=6)
    retrain: bool = False
    redo: Steps = ()
    resend: bool = Field(default=False, description="send again what is at work: only where the bus has lost it")
    dry_run: bool = False


class PulseBody(Body):
    """Body of POST /v1/pulse."""

    schedule: str = Field("", max_length=64, description="which schedule asks; only its credential may say")


class Api:
    """The routes."""

    def __init__(self, engine: Engine, ports: Ports, speaker: Speaker, *, active_runs: int) -> None:
        self._engine = engine
        self._ports = ports
        self._speaker = speaker
        self._active_runs = active_runs
        self._pulse = Pulse(engine, ports)
        self._starting = asyncio.Lock()
        self._status = Together(self._read)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/v1/", Role.VIEWER, self.root, Root),
            Route(
                "POST",
                "/v1/runs",
                Role.OPERATOR,
                self.start,
                PublicRun | DryRun,
                body=RunBody,
                status=_ACCEPTED,
                or_status=HTTPStatus.OK,
            ),
            Route("GET", "/v1/runs", Role.VIEWER, self.runs, list[PublicRun], RunsQuery),
            Route("GET", "/v1/runs/{key}", Role.VIEWER, self.run, PublicRun),
            Route("GET", "/v1/idle", Role.VIEWER, self.idle, Idle),
            Route("POST", "/v1/pulse", Role.OPERATOR, self.pulse, Beat, body=PulseBody),
            Route("GET", "/v1/predictions", Role.VIEWER, self.predictions, list[WarehouseRow], PredictionsQuery),
            Route("GET", "/v1/slate", Role.VIEWER, self.slate, SlateFound, SlateQuery),
            Route("GET", "/v1/game-lines", Role.VIEWER, self.game_lines, list[WarehouseRow], SlateQuery),
            *accuracy.routes(self._ports, self._slate),
            *changes.routes(self._ports),
            *PublishedRoutes(self._engine, self._ports, self._slate).routes(),
            *record.routes(self._ports),
            Route("GET", "/v1/grades", Role.VIEWER, partial(self.by_slate, "grades"), list[WarehouseRow], AllDays),
            Route("GET", "/v1/slates", Role.VIEWER, partial(self.by_slate, "slates"), list[WarehouseRow], AllDays),
            Route("GET", "/v1/models", Role.VIEWER, self.models, list[WarehouseRow], Moded),
            Route("GET", "/v1/costs", Role.VIEWER, self.costs, list[WarehouseRow], CostsQuery),
            Route("GET", "/v1/dead-letters", Role.VIEWER, self.dead_letters, list[dict[str, Any]], LettersQuery),
            *QuarantineRoutes(self._ports, self._slate, self._begin).routes(),
        ]

    async def root(self, _: Asked) -> Root:
        """Who answers, and the version of the contract."""
        return Root(service="coordinator", contract=API_VERSION)

    async def start(self, asked: Asked) -> object:
        """Start, resume, retry or widen a run; with dry_run, only say what would be done."""
        body: RunBody = asked.body
        today = eastern_date(self._ports.clock.now())
        next_up = today + timedelta(days=1) if body.mode is Mode.TOMORROW else today
        day = body.game_date or next_up
        if day > today + timedelta(days=1):
            raise Permanent(f"game_date {day} is in the future", remedy=f"run at most tomorrow (today is {today})")
        source = source_of(asked.caller, body.schedule)
        event = RunRequested(
            **body.model_dump(exclude={"dry_run", "game_date", "schedule"}), game_date=day, source=source
        )
        plan((*event.targets, *event.redo))  # refuse unknown targets before anything is written
        return await self._begin(asked.caller, event, body.dry_run)

    async def _begin(self, caller: Caller, event: RunRequested, dry_run: bool) -> object:  # noqa: FBT001 - of a body
        """What is answered to whoever asks for a run."""
        key = f"{event.game_date}.{event.mode.value}"
        if dry_run:
            before = await self._engine.run(key)
            after, commands = decide(before, event, self._ports.clock.now())
            starts = [message.key for _, message in commands]
            run = None if after is None else public(after)
            return Other(HTTPStatus.OK, DryRun(dry_run=True, starts=starts, run=run))
        await note(self._ports, event.source)
        if caller.actor == SCHEDULES:
            return public(await self._engine.apply(event))
        async with self._starting:  # one after another, so that the limit holds
            await self._require_room(key)
            return public(await self._engine.apply(event))

    async def _require_room(self, key: str) -> None:
        """Raises `Refusal` (429) if one run more would be at work than may be at once."""
        if await self._engine.active() < self._active_runs:
            return
        run = await self._engine.run(key)
        if run is None or run.status is not RunStatus.RUNNING:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self._active_runs} runs are at work",
                "ask again when some have ended",
                {"Retry-After": "30"},
            )

    async def runs(self, asked: Asked) -> list[dict[str, Any]]:
        """The runs of some slates, oldest slate first."""
        query: RunsQuery = asked.query
        modes = set(Mode) if query.mode is None else {query.mode}
        tomorrow = eastern_date(self._ports.clock.now()) + timedelta(days=1)
        documents = await self._engine.documents(*query.window(tomorrow), modes)
        return await asyncio.to_thread(lambda: [public(Run.model_validate(each.data)) for each in documents])

    async def run(self, asked: Asked) -> bytes:
        """A run, under its date and mode, with or without the generation."""
        name = asked.path["key"]
        key = _GENERATION.sub("", name)
        names, body = await self._status.get(key) if _KEY.fullmatch(key) else ((), b"")
        if name not in names:
            raise Refusal(HTTPStatus.NOT_FOUND, f"no run {name}", "GET /v1/runs lists them")
        return body

    async def idle(self, _: Asked) -> Idle:
        """Whether nothing is under way: runs may be open, but wait for what is outside."""
        at_work = await self._engine.at_work()
        return Idle(idle=not at_work, at_work=[run.key for run in at_work])

    async def pulse(self, asked: Asked) -> Beat:
        """Look after today's slate, and say when to ask again: before that nothing is due."""
        body: PulseBody = asked.body
        await note(self._ports, source_of(asked.caller, body.schedule))
        beat = await self._pulse.beat()
        await self._speaker.round()  # where there is no CPU between requests
        return beat

    async def _read(self, key: str) -> tuple[tuple[str, ...], bytes]:
        """The names of a run, none if there is none, and the answer."""
        run = await self._engine.run(key)
        return ((), b"") if run is None else ((run.key, run.run_id), to_json(public(run)))

    async def predictions(self, asked: Asked) -> list[Row]:
        """The current predictions of a slate (default: the latest)."""
        query: PredictionsQuery = asked.query
        key = await self._slate(query)
        if key is None:
            return []
        return await predictions(self._ports.warehouse, key, query)

    async def by_slate(self, name: str, asked: Asked) -> list[Row]:
        """Counts (`slates`), and accuracy (`grades`), slate by slate."""
        query: AllDays = asked.query
        params: Params = {"first": query.first, "last": query.last, "mode": query.mode.value}
        return await self._ports.warehouse.query(sql(name), params)

    async def models(self, asked: Asked) -> list[Row]:
        """Every model that was trained, newest first."""
        return await self._ports.warehouse.query(sql("models"), {"mode": asked.query.mode.value})

    async def costs(self, asked: Asked) -> list[Row]:
        """What slates have cost, by service, and by step or purpose (default: the latest slate)."""
        query: CostsQuery = asked.query
        first, last = query.first, query.last
        if first is None or last is None:
            key = await self._slate(SlateQuery())
            if key is None:
                return []
            first = last = key[0]
        return await self._ports.warehouse.query(sql("costs"), {"first": first, "last": last})

    async def dead_letters(self, asked: Asked) -> list[dict[str, Any]]:
        """What could not be handled, with the reason; in the order of ids."""
        query: LettersQuery = asked.query
        one_more = query.offset + query.limit + 1  # which says that there is a next part
        found = await self._ports.state.list(DEAD_LETTERS, limit=one_more)
        return [{"id": letter.id, **letter.data} for letter in found]

    async def game_lines(self, asked: Asked) -> list[Row]:
        """Moneylines, spreads and totals of a slate's games, the latest of each bookmaker."""
        key = await self._slate(asked.query)
        if key is None:
            return []
        return await self._ports.warehouse.query(sql("game_lines"), {"game_date": key[0]})

    async def slate(self, asked: Asked) -> SlateFound:
        """Which slate is meant (default: the latest), and, where none is, those that were run next to it."""
        query: SlateQuery = asked.query
        today = eastern_date(self._ports.clock.now())
        day = query.game_date or today
        modes = set(Mode) if query.mode is None else {query.mode}
        key = await self._slate(query) if query.game_date is None else None
        if key is not None:
            return SlateFound(slate=SlateKnown(game_date=key[0], mode=key[1]), near=[])
        around = timedelta(days=_LOOKS_AROUND)
        runs = await self._engine.between(day - around, day + around, modes)
        runs = [run for run in runs if "publish" in run.steps] or runs  # after a partial backfill there is no better
        fitting = [run for run in runs if query.game_date in (None, run.game_date)]
        latest = max(fitting, key=lambda run: (run.game_date, run.created_at, run.mode), default=None)
        near = sorted(
            {(run.game_date, run.mode) for run in runs}, key=lambda key: (abs((key[0] - day).days), key[0], key[1])
        )
        return SlateFound(
            slate=None if latest is None else SlateKnown(game_date=latest.game_date, mode=latest.mode),
            near=[SlateKnown(game_date=date_, mode=mode) for date_, mode in near[:_NEAR]],
        )

    async def _slate(self, query: SlateQuery) -> tuple[date, Mode] | None:
        """The slate asked for: the latest run that fits the query, or the date and mode as given."""
        day, wanted = query.game_date, query.mode
        if day is not None and wanted is not None:
            return day, wanted
        modes = set(Mode) if wanted is None else {wanted}
        tomorrow = eastern_date(self._ports.clock.now()) + timedelta(days=1)
        near, far = (tomorrow - timedelta(days=back) for back in _LOOKS_BACK)
        for first, last in [(near, tomorrow), (far, near)] if day is None else [(day, day)]:
            runs = [run for run in await self._engine.between(first, last, modes) if "publish" in run.steps]
            if runs:
                latest = max(runs, key=lambda run: (run.game_date, run.created_at, run.mode))
                return latest.game_date, latest.mode
        return None
