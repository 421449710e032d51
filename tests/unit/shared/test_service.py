"""What every service has in common: who it is, whether it works, and that it stops cleanly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from shared.contract import Message, StepReported
from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent, Transient
from shared.logs import configure, get_logger
from shared.ports import Delivery, Ports
from shared.service import Consumer, DeadLetterConsumer, Health, Ping, application
from shared.settings import CommonSettings, load
from tests.unit.shared.places import embedded_ports

REPORT = StepReported(run_id="r", step="s", attempt=1, outcome="done")


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


async def fine() -> None:
    """A dependency that answers."""


async def away() -> None:
    """A dependency that does not."""
    raise Transient("the warehouse is away")


async def hanging() -> None:
    """A dependency that times out."""
    raise TimeoutError


@pytest.mark.network
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_f04_f23_health_says_who_is_running(ports: Ports, path: str) -> None:
    """Service and revision: a deploy that points at the wrong service is seen at once."""
    async with serving(ports, warehouse=fine) as client, client.get(path) as response:
        assert response.status == 200
        body = await response.json()
    assert (body["service"], body["revision"], body["healthy"]) == ("probe", "r7", True)
    assert body["checks"] == {"consumers": "ok"} | ({"warehouse": "ok"} if path == "/readyz" else {})


@pytest.mark.network
async def test_readiness_is_that_of_what_the_service_stands_on(ports: Ports) -> None:
    """503 with the reason of each; the service itself is well."""
    async with serving(ports, warehouse=away, state=fine, bus=hanging) as client:
        async with client.get("/readyz") as response:
            assert response.status == 503
            body = await response.json()
        assert body["checks"] == {
            "consumers": "ok", "warehouse": "the warehouse is away", "state": "ok", "bus": "TimeoutError"
        }  # fmt: skip
        async with client.get("/healthz") as response:
            assert response.status == 200


@pytest.mark.network
async def test_metrics_are_served(ports: Ports) -> None:
    """In Prometheus' text format."""
    async with serving(ports) as client, client.get("/metrics") as response:
        assert response.status == 200
        assert "tipoff_messages" in await response.text()


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
            async with client.get("/healthz") as response:
                found = {"status": response.status, **await response.json()}
    assert found["status"] == 503
    assert "the letter box is broken" in found["checks"]["consumers"]


async def test_a_ping_gets_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency that hangs does not hang the health check."""
    limits = []

    async def wait_for(awaitable: Any, timeout: float) -> None:  # noqa: ANN401, ASYNC109 - the signature of asyncio.wait_for
        limits.append(timeout)
        await awaitable

    monkeypatch.setattr(asyncio, "wait_for", wait_for)
    healthy, _ = await Health("probe", "r7", {"state": fine}).report(deep=True)
    assert (healthy, limits) == (True, [2.0])


@pytest.fixture
def _restored_logs() -> Iterator[None]:
    """Configuring logs is for the process: undo it."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_restored_logs")
@pytest.mark.parametrize(("level", "shown"), [("info", 1), ("error", 0)])
def test_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    """To stderr, with service, level, event and fields; stdout belongs to the commands."""
    configure(level, "json")
    get_logger("probe").info("step_settled", step="lines", rows=0)
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert (out, len(lines)) == ("", shown)
    for line in lines:
        assert line.items() >= {"service": "probe", "event": "step_settled", "level": "info", "rows": 0}.items()
        assert line["timestamp"].endswith("Z")


@pytest.mark.usefixtures("_restored_logs")
def test_logs_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """The console form names event and fields too."""
    configure("debug", "console")
    get_logger("probe").debug("step_settled", step="lines")
    err = capsys.readouterr().err
    assert "step_settled" in err
    assert "lines" in err
