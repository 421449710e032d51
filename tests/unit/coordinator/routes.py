"""The HTTP routes on fakes, without a socket."""

import json
import re
from asyncio import get_running_loop
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from unittest.mock import Mock

from aiohttp import streams, web
from aiohttp.test_utils import make_mocked_request

from services.coordinator.api.keys import KeyRoutes
from services.coordinator.api.limits import Requests
from services.coordinator.api.names import NameRoutes
from services.coordinator.api.once import Once
from services.coordinator.api.operations import Operations
from services.coordinator.api.route import Route, Served
from services.coordinator.api.routes import Api
from services.coordinator.keys import KeyStore
from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.run import Run, RunStatus, StepState, StepStatus
from services.coordinator.watch.voice import Speaker
from shared.basketball.slate import Mode
from shared.embedded.clock import VirtualClock
from shared.embedded.secrets import EnvironmentSecrets
from shared.ports import Row
from shared.runtime.access import ACCESS, Access
from shared.runtime.answers import failures
from shared.runtime.service import MAX_BODY
from shared.runtime.settings import CommonSettings, load
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.shared.archive import MemoryArchive
from tests.unit.shared.places import API_KEY, FIRST_KEYS

DAY = date(2024, 3, 4)
NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)
"""12:00 Eastern."""
KEY = {"X-API-Key": API_KEY}
RUN_KEY = "2024-03-04.overnight"


@dataclass(frozen=True)
class Answer:
    """What a route answered."""

    status: int
    json: Any
    following: str | None
    """Where the next part of a list is."""


class CountingArchive(MemoryArchive):
    """The archive in memory; it counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def get(self, key: str) -> bytes:
        """Count it."""
        self.reads += 1
        return await super().get(key)

    async def list(self, prefix: str) -> list[str]:
        """Count it."""
        self.reads += 1
        return await super().list(prefix)


class World:
    """The routes on fakes."""

    def __init__(
        self,
        now: datetime = NOON,
        limits: Mapping[str, float] = MappingProxyType({}),
        /,
        **answers: list[Row],
    ) -> None:
        self.clock, self.state, self.bus = VirtualClock(now), MemoryState(), RecordingBus()
        self.warehouse = AnsweringWarehouse(**answers)
        self.archive = CountingArchive()
        known = memory_ports(
            clock=self.clock, state=self.state, bus=self.bus, warehouse=self.warehouse, archive=self.archive
        )
        self.environ = dict(FIRST_KEYS)
        """Where the secrets are; a test may add some."""
        self.ports = replace(known, secrets=EnvironmentSecrets(self.environ))
        engine, self.once = Engine(self.ports), Once(self.ports)
        speaker = Speaker(self.ports, per_hour=12)
        self.routes = [
            *Api(engine, self.ports, speaker, active_runs=int(limits.get("active_runs", 50))).routes(),
            *Operations(engine, self.ports, self.once, speaker).routes(),
            *NameRoutes(engine, self.ports).routes(),
        ]
        self._keys = KeyStore(self.state, self.ports.secrets, self.clock)
        self.routes += KeyRoutes(self._keys, self.clock).routes()
        self._requests = Requests(limits.get("per_second", 1000.0))
        self.serve(self.routes)

    def serve(self, routes: list[Route]) -> None:
        """Serve these routes, and no others."""
        self.app = web.Application(middlewares=[failures])
        self.app[ACCESS] = Access(load(CommonSettings), self._keys)
        Served(self._requests, self.once).add(self.app, routes)

    async def respond(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> web.Response:
        """The answer to a request with a key, or with the headers given."""
        reader = streams.StreamReader(Mock(_reading_paused=False), 2**16, loop=get_running_loop())
        reader.feed_data(body if isinstance(body, bytes) else json.dumps(body).encode())
        reader.feed_eof()
        request = make_mocked_request(
            method, path, headers=headers if headers is not None else KEY, payload=reader, app=self.app,
            client_max_size=MAX_BODY,
        )  # fmt: skip
        self.app.freeze()
        response = await self.app._handle(request)
        assert isinstance(response, web.Response)
        return response

    async def answer(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """The answer, read."""
        response = await self.respond(method, path, body, headers)
        assert response.content_type == "application/json"
        assert isinstance(response.body, bytes)
        following = re.fullmatch(r'<(.*)>; rel="next"', response.headers.get("Link", ""))
        return Answer(response.status, json.loads(response.body), None if following is None else following[1])

    async def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """(status, JSON) of a request with a key, or with the headers given."""
        answer = await self.answer(method, path, body, headers)
        return answer.status, answer.json

    def put(self, day: date = DAY, mode: Mode = Mode.OVERNIGHT, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
        """Store a run that publishes."""
        known = {
            "game_date": day, "mode": mode, "generation": 1, "source": "test", "retrospective": False,
            "targets": ("publish",), "steps": {"publish": StepState(status=StepStatus.DONE)},
            "status": RunStatus.COMPLETE, "created_at": NOON,
        }  # fmt: skip
        run = Run.model_validate(known | fields)
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        return run
