"""A service's skeleton without a socket: who consumes what, what health says, and how a process ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from shared import process
from shared.contract import Message, StepReported
from shared.errors import Permanent, Skip, Transient
from shared.ports import BusHandler, Delivery, Nack, Ports, Warehouse
from shared.push import PUSH
from shared.service import HEALTH, Consumer, DeadLetterConsumer, Health, application
from shared.settings import CommonSettings, load
from tests.contract.fakes import SimulatedClock
from tests.simulation.fakes import MemoryState, RecordingBus

REPORT = StepReported(run_id="r", step="s", attempt=1, outcome="done")


class Bus(RecordingBus):
    """Notes who consumes what, and delivers nothing; `error` ends every consumer."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.consumers: dict[str, tuple[BusHandler, int]] = {}
        self.ended: list[str] = []
        self._error = error

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """Until cancelled."""
        self.consumers[subscription] = handler, max_in_flight
        if self._error is not None:
            raise self._error
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append(subscription)


def ports_of(bus: Bus) -> Ports:
    """A bus, a clock and a state store."""
    nothing = cast("Warehouse", None)
    return Ports(SimulatedClock(), bus, nothing, MemoryState(), cast("Any", None), cast("Any", None))


async def nothing(_: object) -> None:
    """Handle a message, or a delivery."""


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[web.Application]:
    """The app as it runs, but that it listens nowhere."""
    runner = web.AppRunner(app)
    await runner.setup()
    for _ in range(5):
        await asyncio.sleep(0)
    try:
        yield app
    finally:
        await runner.cleanup()


async def get(app: web.Application, path: str) -> web.Response:
    """The answer to a GET."""
    response = await app._handle(make_mocked_request("GET", path, app=app))
    assert isinstance(response, web.Response)
    return response


CONSUMERS: list[Consumer | DeadLetterConsumer] = [
    Consumer("worker-tasks", nothing, max_in_flight=7),
    Consumer("coordinator-events", nothing),
    DeadLetterConsumer("worker-tasks", nothing),
]


async def test_every_consumer_takes_its_own_subscription_at_its_own_width() -> None:
    """One message at a time unless said otherwise; a dead letter is its topic's, and its handler is not guarded."""
    bus = Bus()
    settings = load(CommonSettings, revision="r7")
    with capture_logs() as logs:
        async with running(application("probe", settings, ports_of(bus), CONSUMERS)):
            assert {name: width for name, (_, width) in bus.consumers.items()} == {
                "worker-tasks": 7, "coordinator-events": 1, "worker-tasks-dead": 1
            }  # fmt: skip
            assert bus.consumers["worker-tasks-dead"][0] is nothing
            assert bus.ended == []
    assert sorted(bus.ended) == ["coordinator-events", "worker-tasks", "worker-tasks-dead"]
    started, stopped = logs
    assert (started["event"], started["service"], started["revision"]) == ("service_started", "probe", "r7")
    assert stopped == {"event": "service_stopped", "service": "probe", "log_level": "info"}


async def test_a_consumers_handler_stands_behind_the_boundary_of_its_topic() -> None:
    """What it refuses goes to that topic's dead letter; what may pass comes again."""
    bus = Bus()
    errors: list[Exception] = [Permanent("never"), Transient("later"), Skip("no")]

    async def handler(message: Message) -> None:
        assert message == REPORT
        raise errors.pop(0)

    app = application("probe", load(CommonSettings), ports_of(bus), [Consumer("worker-tasks", handler)])
    async with running(app):
        guarded = bus.consumers["worker-tasks"][0]
        delivery = Delivery("1", REPORT.encode(), {"key": "k"}, 1)
        await guarded(delivery)
        assert bus.published == [("worker-tasks-dead", REPORT.encode(), {"key": "k", "reason": "never"})]
        with pytest.raises(Nack, match="later"):
            await guarded(delivery)
        await guarded(delivery)
        assert len(bus.published) == 1


async def test_where_messages_are_pushed_nothing_is_pulled() -> None:
    """The same subscriptions and widths are the targets of pushes."""
    bus = Bus()
    settings = load(CommonSettings, delivery="push", push_audience="a", push_emails="e@x")
    app = application("probe", settings, ports_of(bus), CONSUMERS)
    targets = app[PUSH]._targets
    assert {name: target.slots._value for name, target in targets.items()} == {
        "worker-tasks": 7, "coordinator-events": 1, "worker-tasks-dead": 1
    }  # fmt: skip
    assert targets["worker-tasks-dead"].handler is nothing
    async with running(app):
        assert bus.consumers == {}
    pulled = application("probe", load(CommonSettings), ports_of(bus), CONSUMERS)
    assert PUSH not in pulled


async def test_health_is_of_the_service_and_readiness_of_what_it_stands_on() -> None:
    """200 or 503; run.app keeps /healthz for itself, so that it is answered with a slash too."""
    asked = []

    async def away() -> None:
        asked.append(True)
        raise Transient("the warehouse is away")

    app = application("probe", load(CommonSettings, revision="r7"), ports_of(Bus()), [], {"warehouse": away})
    async with running(app):
        well = '{"service": "probe", "revision": "r7", "healthy": true, "checks": {"consumers": "ok"}}'
        for path in ("/healthz", "/healthz/"):
            response = await get(app, path)
            assert (response.status, response.text, asked) == (200, well, [])
        response = await get(app, "/readyz")
        assert (response.status, asked) == (503, [True])
        assert response.text == (
            '{"service": "probe", "revision": "r7", "healthy": false, '
            '"checks": {"consumers": "ok", "warehouse": "the warehouse is away"}}'
        )
        response = await get(app, "/metrics")
        assert (response.status, response.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
        assert b"tipoff_messages" in cast("bytes", response.body)
    assert application("probe", load(CommonSettings), ports_of(Bus()), [])[HEALTH].pings == {}


async def test_a_middleware_sees_every_request() -> None:
    """Those of the service are the app's."""
    seen = []

    @web.middleware
    async def look(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's handler
        seen.append(request.path)
        response: web.StreamResponse = await handler(request)
        return response

    app = application("probe", load(CommonSettings), ports_of(Bus()), [], middlewares=[look])
    async with running(app):
        await get(app, "/healthz")
    assert seen == ["/healthz"]


async def fine() -> None:
    """A dependency that answers."""


async def silent() -> None:
    """A dependency that times out, without a word."""
    raise TimeoutError


async def refusing() -> None:
    """A dependency that is set up wrongly."""
    raise Permanent("no such project")


async def test_each_dependency_is_said_to_be_well_or_why_it_is_not() -> None:
    """One that is ill makes the service unready, and the rest is asked all the same."""
    health = Health("probe", "r7", {"a": silent, "b": fine, "c": refusing})
    ready, body = await health.report(deep=True)
    checks = {"consumers": "ok", "a": "TimeoutError", "b": "ok", "c": "no such project"}
    assert (ready, body) == (False, {"service": "probe", "revision": "r7", "healthy": False, "checks": checks})
    assert (await health.report(deep=False))[0] is True
    assert (await Health("probe", "r7", {"b": fine}).report(deep=True))[0] is True


async def test_consumers_that_died_make_the_service_ill_and_say_of_what() -> None:
    """Every error, however deep in its group; being stopped is no illness."""
    health = Health("probe", "r7", {})

    async def die(error: BaseException | None) -> None:
        if error is not None:
            raise error

    async def ended(error: BaseException | None) -> None:
        task = asyncio.create_task(die(error))
        await asyncio.wait([task])
        health.consumers_ended(task)

    await ended(None)
    await ended(asyncio.CancelledError())
    assert (await health.report(deep=False))[1]["checks"] == {"consumers": "ok"}
    group = ExceptionGroup("a", [RuntimeError("one"), ExceptionGroup("b", [ValueError("two"), KeyError("three")])])
    with capture_logs() as logs:
        await ended(group)
    assert health.consumer_failure == "RuntimeError: one; ValueError: two; KeyError: 'three'"
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("consumers_stopped", health.consumer_failure)]
    healthy, body = await health.report(deep=False)
    assert (healthy, body["checks"]) == (False, {"consumers": health.consumer_failure})


async def test_an_app_whose_consumers_died_says_so() -> None:
    """Its health is told when they end, and it still stops cleanly."""
    app = application("probe", load(CommonSettings), ports_of(Bus(Permanent("gone"))), CONSUMERS[:1])
    async with running(app):
        response = await get(app, "/healthz")
        assert (response.status, app[HEALTH].consumer_failure) == (503, "Permanent: gone")


def test_a_failure_to_start_is_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named after the service."""

    def refuse(_: type[CommonSettings]) -> CommonSettings:
        raise Permanent("settings: TIPOFF_PROJECT is missing")

    monkeypatch.setattr(process, "load", refuse)
    with pytest.raises(SystemExit) as ended:
        process.run("probe", CommonSettings, lambda _settings, _ports: web.Application())
    assert ended.value.code == "probe: settings: TIPOFF_PROJECT is missing"


def test_a_process_is_set_up_before_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory first, then logs as the settings say, then the service itself."""
    done: list[object] = []

    async def serve(*arguments: object) -> None:
        done.append(arguments)

    settings = load(CommonSettings, log_level="error", log_format="console")

    def build(_settings: CommonSettings, _ports: Ports) -> web.Application:
        raise NotImplementedError

    monkeypatch.setattr(process, "load", lambda model: settings if model is CommonSettings else None)
    monkeypatch.setattr(process, "keep_freed", lambda: done.append("memory"))
    monkeypatch.setattr("shared.logs.configure", lambda *arguments: done.append(arguments))
    monkeypatch.setattr(process, "_serve", serve)
    process.run("probe", CommonSettings, build)
    assert done == ["memory", ("error", "console"), ("probe", settings, build)]


@pytest.mark.network
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_service_says_where_it_listens_and_ends_cleanly_on_a_signal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: signal.Signals,
) -> None:
    """On a port of its own choice; without access log; what it began is finished within 8 of Cloud Run's 10 s."""
    cleaned, options = [], []

    class Runner(web.AppRunner):
        def __init__(self, app: web.Application, **given: Any) -> None:  # noqa: ANN401 - passed on
            options.append(given)
            super().__init__(app, **given)

    async def clean(_: web.Application) -> None:
        cleaned.append(True)

    def build(given: CommonSettings, _: Ports) -> web.Application:
        assert given is settings
        app = web.Application()
        app.on_cleanup.append(clean)
        return app

    monkeypatch.setattr(web, "AppRunner", Runner)
    settings = load(CommonSettings, home=tmp_path)
    serving = asyncio.create_task(process._serve("probe", settings, build))
    said = ""
    async with asyncio.timeout(30):
        while not said:
            await asyncio.sleep(0)
            said = capsys.readouterr().out
    assert said.startswith("probe http://127.0.0.1:")
    assert int(said.rpartition(":")[2]) > 0
    assert (cleaned, serving.done()) == ([], False)
    os.kill(os.getpid(), name)
    async with asyncio.timeout(30):
        await serving
    assert (cleaned, options) == ([True], [{"access_log": None, "shutdown_timeout": 8.0}])
