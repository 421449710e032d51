"""What every service has in common: who consumes what, what health says, and that it stops cleanly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from structlog.testing import capture_logs

from shared.contract import Message, StepReported
from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent, Skip, Transient
from shared.ports import BusHandler, Delivery, Nack, Ports, Warehouse
from shared.runtime import readiness
from shared.runtime.answers import refuse
from shared.runtime.push import PUSH
from shared.runtime.readiness import Ping
from shared.runtime.service import HEALTH, Consumer, DeadLetterConsumer, Health, application, changes_end
from shared.runtime.settings import CommonSettings, load
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.shared.places import embedded_ports

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
    return Ports(FakeClock(), bus, nothing, MemoryState(), cast("Any", None), cast("Any", None))


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
    response = await app._handle(make_mocked_request("GET", path, app=app).clone(remote="127.0.0.1"))
    assert isinstance(response, web.Response)
    return response


CONSUMERS: list[Consumer | DeadLetterConsumer] = [
    Consumer("worker-tasks", nothing, max_in_flight=7),
    Consumer("coordinator-events", nothing),
    DeadLetterConsumer("worker-tasks", nothing),
]


def test_an_error_quotes_no_credential() -> None:
    """Neither in its message nor in its remedy."""
    answer = refuse(HTTPStatus.BAD_REQUEST, "no: Bearer c4n4ry", "send tipoff_0123456789abcdef_c4n4ry again")
    assert answer.text is not None
    assert json.loads(answer.text) == {"error": "no: Bearer ***", "remedy": "send tipoff_0123456789abcdef_*** again"}


async def test_every_consumer_takes_its_own_subscription_at_its_own_width() -> None:
    """One message at a time by default; a dead letter is its topic's, and its handler is not guarded."""
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
        well = '{"service":"probe","revision":"r7","healthy":true,"checks":{"consumers":"ok"}}'
        for path in ("/healthz", "/healthz/"):
            response = await get(app, path)
            assert (response.status, response.text, asked) == (200, well, [])
        response = await get(app, "/readyz")
        assert (response.status, asked) == (503, [True])
        assert response.text == (
            '{"service":"probe","revision":"r7","healthy":false,'
            '"checks":{"consumers":"ok","warehouse":"the warehouse is away"}}'
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


@pytest.mark.parametrize(("method", "ended"), [("GET", ["cancelled"]), ("HEAD", ["cancelled"]), ("POST", ["done"])])
async def test_whoever_hangs_up_ends_a_reading_and_no_change(method: str, ended: list[str]) -> None:
    """A query that nobody waits for any more is ended; a change that has begun is done before the request is."""
    found, begun, may_end = [], asyncio.Event(), asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        begun.set()
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            found.append("cancelled")
            raise
        found.append("done")
        raise Permanent("with nobody to be told")

    request = asyncio.create_task(changes_end(make_mocked_request(method, "/"), handler))
    await begun.wait()
    request.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await request
    assert found == ended
    lost = [
        {"event": "change_failed", "log_level": "error", "path": "/", "reason": "Permanent: with nobody to be told"}
    ]
    assert [{name: line.get(name) for name in lost[0]} for line in logs] == (lost if ended == ["done"] else [])


async def fine() -> None:
    """A dependency that answers."""


async def silent() -> None:
    """A dependency that never answers."""
    await asyncio.Event().wait()


async def refusing() -> None:
    """A dependency that is set up wrongly."""
    raise Permanent("no such project")


async def test_each_dependency_is_said_to_be_well_or_why_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is ill makes the service unready, and the rest is asked all the same."""
    monkeypatch.setattr(readiness, "LIMIT_SECONDS", 0.01)
    health = Health("probe", "r7", {"a": silent, "b": fine, "c": refusing}, FakeClock())
    ready, body = await health.report(deep=True)
    checks = {"consumers": "ok", "a": "no answer within 0.01 s", "b": "ok", "c": "no such project"}
    assert (ready, body) == (False, {"service": "probe", "revision": "r7", "healthy": False, "checks": checks})
    assert (await health.report(deep=False))[0] is True
    assert (await Health("probe", "r7", {"b": fine}, FakeClock()).report(deep=True))[0] is True


async def test_consumers_that_died_make_the_service_ill_and_say_of_what() -> None:
    """Every error, however deep in its group, to those who may know; being stopped is no illness."""
    health = Health("probe", "r7", {}, FakeClock())

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
    for deep, words in ((False, "ended"), (True, health.consumer_failure)):
        healthy, body = await health.report(deep=deep)
        assert (healthy, body["checks"]) == (False, {"consumers": words})


async def test_an_app_whose_consumers_died_says_so() -> None:
    """Its health reports the failure, and it still stops cleanly."""
    app = application("probe", load(CommonSettings), ports_of(Bus(Permanent("gone"))), CONSUMERS[:1])
    async with running(app):
        response = await get(app, "/healthz")
        assert (response.status, app[HEALTH].consumer_failure) == (503, "Permanent: gone")


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


@asynccontextmanager
async def serving(
    ports: Ports, consumers: Sequence[Consumer | DeadLetterConsumer] = (), **pings: Ping
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A service called `probe` at revision r7."""
    app = application("probe", load(CommonSettings, revision="r7"), ports, consumers, pings)
    async with TestClient(TestServer(app)) as client:
        yield client


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until something has happened."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0)


@pytest.mark.network
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/readyz/"])
async def test_f04_f23_health_says_who_is_running(ports: Ports, path: str) -> None:
    """Service and revision: a deploy that points at the wrong service is seen at once."""
    async with serving(ports, warehouse=fine) as client, client.get(path) as response:
        assert response.status == 200
        body = await response.json()
    assert (body["service"], body["revision"], body["healthy"]) == ("probe", "r7", True)
    assert body["checks"] == {"consumers": "ok"} | ({"warehouse": "ok"} if "readyz" in path else {})


@pytest.mark.network
async def test_consumers_live_as_long_as_the_service(ports: Ports) -> None:
    """Messages are handled while it runs; what comes later waits."""
    seen: list[Message] = []

    async def handler(message: Message) -> None:
        seen.append(message)

    bus = ports.bus
    assert isinstance(bus, EmbeddedBus)
    await bus.publish("worker-tasks", REPORT.encode())
    async with serving(ports, [Consumer("worker-tasks", handler, max_in_flight=2)]):
        await until(lambda: bool(seen))
    await bus.publish("worker-tasks", REPORT.encode())
    await asyncio.sleep(0)
    assert seen == [REPORT]
    assert bus.depth("worker-tasks") == 1


@pytest.mark.network
async def test_a_dead_letter_consumer_gets_deliveries(ports: Ports) -> None:
    """What the boundary refused arrives there, with its reason."""
    letters: list[Delivery] = []

    async def refuse(_: Message) -> None:
        raise Permanent("never")

    async def keep(delivery: Delivery) -> None:
        letters.append(delivery)

    await ports.bus.publish("worker-tasks", REPORT.encode())
    async with serving(ports, [Consumer("worker-tasks", refuse), DeadLetterConsumer("worker-tasks", keep)]):
        await until(lambda: bool(letters))
    assert (letters[0].data, letters[0].attributes["reason"]) == (REPORT.encode(), "never")


@pytest.mark.network
@pytest.mark.parametrize("failure", [Permanent("the letter box is broken"), RuntimeError("the letter box is broken")])
async def test_a_service_whose_consumers_died_is_not_healthy(ports: Ports, failure: Exception) -> None:
    """A service that answers /healthz but handles nothing would be dead unseen: it says so, and why."""
    called = []

    async def broken(_: Delivery) -> None:
        called.append(True)
        raise failure

    await ports.bus.publish("worker-tasks-dead", b"x")
    found: dict[str, Any] = {}
    with suppress(ExceptionGroup):  # stopping such a service may raise what stopped it
        async with serving(ports, [DeadLetterConsumer("worker-tasks", broken)]) as client:
            await until(lambda: bool(called))
            for _ in range(20):
                await asyncio.sleep(0)
            async with client.get("/readyz") as response:
                found = {"status": response.status, **await response.json()}
    assert found["status"] == 503
    assert "the letter box is broken" in found["checks"]["consumers"]


async def test_a_check_that_hangs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And hangs nothing else; nor does a bug in one."""

    async def hang() -> None:
        await asyncio.Event().wait()

    async def broken() -> None:
        raise KeyError("state")

    def never_made() -> Any:  # noqa: ANN401 - nothing to wait for
        raise Permanent("no credentials")

    monkeypatch.setattr("shared.runtime.readiness.LIMIT_SECONDS", 0.01)
    pings = {"warehouse": hang, "state": broken, "topics": never_made, "bus": fine}
    healthy, body = await Health("probe", "r7", pings, FakeClock()).report(deep=True)
    assert (healthy, body["checks"]) == (
        False,
        {
            "consumers": "ok", "warehouse": "no answer within 0.01 s", "state": "unexpected KeyError: 'state'",
            "topics": "no credentials", "bus": "ok",
        },
    )  # fmt: skip
