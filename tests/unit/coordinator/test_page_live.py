"""What is kept up to date while people look."""

import asyncio
from contextlib import aclosing, suppress
from http import HTTPStatus

import pytest

from services.coordinator.page import live, streaming
from services.coordinator.page.encoding import event
from services.coordinator.page.live import Hub
from services.coordinator.runs.engine import RUNS
from services.coordinator.sessions import COLLECTION
from shared.errors import Transient
from shared.ports import Ports
from tests.clock import FakeClock
from tests.unit.coordinator.pages import browsing
from tests.unit.coordinator.test_page_serving import NIGHT, put


class Part:
    """A part that is rendered, and how often."""

    def __init__(self) -> None:
        self.text = "one"
        self.times = 0
        self.failures: list[Exception] = []

    async def render(self) -> str:
        self.times += 1
        if self.failures:
            raise self.failures.pop()
        return self.text


class Viewers:
    """Some who follow one part."""

    def __init__(self, hub: Hub, part: Part, number: int) -> None:
        self.got: list[list[bytes]] = [[] for _ in range(number)]
        self._tasks = [asyncio.create_task(self._follow(hub, part, got)) for got in self.got]

    async def _follow(self, hub: Hub, part: Part, got: list[bytes]) -> None:
        async with aclosing(hub.follow("part", part.render, every=1.0, ping=60.0)) as frames:
            async for frame in frames:
                got.append(frame)  # noqa: PERF401 - they come one by one

    async def settle(self) -> None:
        """Let everybody get what there is."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def leave(self) -> None:
        """All of them."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_a_change_is_rendered_once_however_many_look_on() -> None:
    """And what has not changed is sent to nobody."""
    clock, part = FakeClock(), Part()
    hub = Hub(clock)
    viewers = Viewers(hub, part, 100)
    await viewers.settle()
    for at, text in enumerate(["one", "one", "two"], 1):
        clock.elapsed, part.text = float(at), text
        await hub.look()
        await viewers.settle()
    assert part.times == 3
    assert viewers.got == [[event("part", "one"), event("part", "two")]] * 100
    assert viewers.got[0][1] is viewers.got[99][1]
    await viewers.leave()
    assert hub.followed == 0


async def test_nothing_is_rendered_before_it_is_due_or_once_nobody_looks_on() -> None:
    """Whoever follows has just seen it."""
    clock, part = FakeClock(), Part()
    hub = Hub(clock)
    viewers = Viewers(hub, part, 2)
    await viewers.settle()
    await hub.look()
    await viewers.leave()
    clock.elapsed = 5.0
    await hub.look()
    assert part.times == 0


async def test_who_comes_later_gets_the_newest_at_once() -> None:
    """As the others have it."""
    clock, part = FakeClock(), Part()
    hub = Hub(clock)
    first = Viewers(hub, part, 1)
    await first.settle()
    clock.elapsed = 1.0
    await hub.look()
    later = Viewers(hub, part, 1)
    await later.settle()
    assert later.got == [[event("part", "one")]]
    await first.leave()
    await later.leave()


@pytest.mark.parametrize("failure", [Transient("away"), ValueError("a bug")], ids=["away", "bug"])
async def test_a_look_that_fails_ends_nothing(failure: Exception) -> None:
    """The next one goes on."""
    clock, part = FakeClock(), Part()
    part.failures.append(failure)
    hub = Hub(clock)
    viewers = Viewers(hub, part, 1)
    await viewers.settle()
    for at in (1.0, 2.0):
        clock.elapsed = at
        await hub.look()
    await viewers.settle()
    assert viewers.got == [[event("part", "one")]]
    await viewers.leave()


async def test_not_everything_can_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's pages do not fill the memory."""
    monkeypatch.setattr(live, "MAX_PARTS", 1)
    hub = Hub(FakeClock())
    viewers = Viewers(hub, Part(), 1)
    await viewers.settle()
    with pytest.raises(Transient, match="followed"):
        await anext(hub.follow("another", Part().render, every=1.0, ping=1.0))
    await viewers.leave()


def test_an_event_keeps_its_lines() -> None:
    """Each line of the data is one of the event."""
    assert event("part", "a\nb") == b"event: part\ndata: a\ndata: b\n\n"


@pytest.mark.network
async def test_a_run_is_watched_and_the_stream_ends_with_the_session(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream says which release it is of, then how the run goes on, and at its end that the session is over."""
    monkeypatch.setattr(streaming, "PING_SECONDS", 0.2)
    monkeypatch.setattr(live, "TICK", 0.01)
    run = await put(ports)
    async with browsing(ports) as browser:
        await browser.sign_in()
        async with browser.client.get(f"/live{NIGHT}") as stream:
            assert stream.content_type == "text/event-stream"
            assert (await stream.content.readuntil(b"\n\n")).startswith(b"event: version\n")
            document = await ports.state.get(RUNS, run.key)
            assert document is not None
            data = document.data | {"source": "somebody-else"}
            await ports.state.compare_and_set(RUNS, run.key, data, version=document.version)
            text = b""
            while b"somebody-else" not in text:
                text += await stream.content.readuntil(b"\n\n")
            for session in await ports.state.list(COLLECTION):
                await ports.state.delete(COLLECTION, session.id)
            rest = await stream.content.read()
            assert rest.endswith(event("ended"))


@pytest.mark.network
async def test_a_stream_is_for_who_may_see_the_page(ports: Ports) -> None:
    """401 for who has not signed in: the page says so, and what to do."""
    async with browsing(ports) as browser:
        assert (await browser.get(f"/live{NIGHT}")).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.network
async def test_the_end_of_the_service_ends_its_streams(ports: Ports) -> None:
    """It does not wait for who looks on."""
    await put(ports)
    async with asyncio.timeout(20), browsing(ports) as browser:
        await browser.sign_in()
        async with browser.client.get(f"/live{NIGHT}") as stream:
            await stream.content.readuntil(b"\n\n")
            closing = asyncio.create_task(browser.client.server.close())
            assert (await stream.content.read()).endswith(b"\n\n") or stream.content.at_eof()
            await closing
