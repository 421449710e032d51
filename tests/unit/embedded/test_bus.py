"""The embedded bus: how many at once, for how long a lease lasts, and what is left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from shared.embedded import bus as bus_module
from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent
from shared.ports import Delivery, Nack
from shared.registries.topics import TOPICS, Topic
from tests.clock import FakeClock
from tests.contract.fakes import TOPICS as SMALL
from tests.contract.fakes import Inbox, consuming

WORK = {"work": Topic("work", "x", ack_deadline=10.0, max_delivery_attempts=3, min_backoff=1.0, max_backoff=3.0)}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(clock: FakeClock) -> EmbeddedBus:
    return EmbeddedBus(clock, WORK)


async def test_a_delivery_is_what_was_published(bus: EmbeddedBus) -> None:
    """Its bytes; its attributes, also where none were given; the id that publishing returned."""
    inbox = Inbox()
    plain = await bus.publish("work", b"x")
    marked = await bus.publish("work", b"yy", {"k": "v"})
    async with consuming(bus, "work", inbox):
        deliveries = await inbox.take(2)
    assert deliveries == [Delivery(plain, b"x", {}, 1), Delivery(marked, b"yy", {"k": "v"}, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_as_many_are_handled_at_once_as_allowed(bus: EmbeddedBus, clock: FakeClock, limit: int) -> None:
    """The bound is used and kept, also after some were done."""
    running: list[int] = [0]
    peaks = []

    async def handler(_: Delivery) -> None:
        running[0] += 1
        peaks.append(running[0])
        await clock.sleep(1)
        running[0] -= 1

    inbox = Inbox(handler)
    async with consuming(bus, "work", inbox, max_in_flight=limit):
        for burst in (1, 2):
            for n in range(7):
                await bus.publish("work", str(n).encode())
            await inbox.take(7)
            assert max(peaks) == limit
            await clock.sleep(1)
            assert bus.depth("work") == 0
            assert clock.monotonic() == burst * -(-7 // limit)  # one second for each round of `limit`
            [consumer] = bus._consumers["work"]
            assert (consumer._workers, consumer._starting) == (0, False)


async def test_a_second_worker_starts_only_where_a_handler_waits(
    bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks are not free: none without messages; of twenty that are handled at once a second finds none left."""
    started = []
    work = bus_module._Consumer._work

    async def counted(consumer: bus_module._Consumer, group: asyncio.TaskGroup) -> None:
        started.append(True)
        await work(consumer, group)

    monkeypatch.setattr(bus_module._Consumer, "_work", counted)
    inbox = Inbox()
    async with consuming(bus, "work", inbox, max_in_flight=10):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert started == []
        for n in range(20):
            await bus.publish("work", str(n).encode())
        await inbox.take(20)
        for _ in range(5):
            await asyncio.sleep(0)
    assert len(started) == 2


async def test_messages_come_in_the_order_of_their_publication(bus: EmbeddedBus) -> None:
    """To one handler at a time."""
    inbox = Inbox()
    for n in range(5):
        await bus.publish("work", str(n).encode())
    async with consuming(bus, "work", inbox, max_in_flight=1):
        assert [delivery.data for delivery in await inbox.take(5)] == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_lease_is_extended_at_its_half_and_no_longer_than_its_handler_runs(
    bus: EmbeddedBus, clock: FakeClock
) -> None:
    """Every 5 s of 10; nothing of it is left when the handler is done, and nothing comes twice."""

    async def slow(_: Delivery) -> None:
        await clock.sleep(23)

    inbox = Inbox(slow)
    await bus.publish("work", b"x")
    async with consuming(bus, "work", inbox, max_in_flight=1):
        await inbox.take()
        await clock.sleep(24)
        assert (bus.depth("work"), bus._core.next_wakeup(clock.monotonic())) == (0, None)
        [consumer] = bus._consumers["work"]
        assert consumer._in_flight == set()
    assert clock.naps.count(5.0) >= 4
    assert len(inbox.deliveries) == 1
    assert bus._consumers["work"] == set()


async def test_backoffs_and_the_dead_letter_come_at_their_instants(bus: EmbeddedBus, clock: FakeClock) -> None:
    """Deliveries at 0, 1 and 2 s, since a second is the longest wait here; the third nack is the dead letter."""
    times = []

    async def refuse(_: Delivery) -> None:
        times.append(clock.monotonic())
        raise Nack("not now")

    inbox, dead = Inbox(refuse), Inbox()
    await bus.publish("work", b"x", {"k": "v"})
    async with consuming(bus, "work", inbox), consuming(bus, "work-dead", dead):
        [letter] = await dead.take()
    assert times == [0.0, 1.0, 2.0]
    assert [delivery.attempt for delivery in inbox.deliveries] == [1, 2, 3]
    assert (letter.data, letter.attributes["k"], letter.attributes["reason"]) == (
        b"x", "v", "nacked at delivery 3 of 3"
    )  # fmt: skip


async def test_a_dead_letter_is_never_given_up(bus: EmbeddedBus) -> None:
    """Its own subscription has no dead letter: it comes as often as it is refused, each second."""
    tries = 0

    async def refuse(_: Delivery) -> None:
        nonlocal tries
        tries += 1
        if tries <= 5:
            raise Nack("not now")

    inbox = Inbox(refuse)
    await bus.publish("work-dead", b"x")
    async with consuming(bus, "work-dead", inbox):
        deliveries = await inbox.take(6)
    assert [delivery.attempt for delivery in deliveries] == [1, 2, 3, 4, 5, 6]
    assert bus._clock.monotonic() == 5.0


async def test_a_publish_during_a_long_wait_is_delivered_at_once(bus: EmbeddedBus, clock: FakeClock) -> None:
    """Nobody waits for the end of another message's backoff or lease."""
    tried = 0

    async def once(_: Delivery) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise Nack("later")

    inbox = Inbox(once)
    await bus.publish("work", b"first")
    async with consuming(bus, "work", inbox, max_in_flight=2):
        await inbox.take()
        await clock.sleep(0.25)
        await bus.publish("work", b"second")
        [second] = await inbox.take()
        assert (second.data, clock.monotonic()) == (b"second", 0.25)
        [again] = await inbox.take()
        assert (again.data, again.attempt, clock.monotonic()) == (b"first", 2, 1.0)


async def test_a_stopped_consumer_gives_back_what_it_had(bus: EmbeddedBus, clock: FakeClock) -> None:
    """After the backoff of a nack, not after the lease; what it had not taken is ready at once."""
    hang: Callable[[Delivery], Awaitable[object]] = lambda _: asyncio.Event().wait()  # noqa: E731 - never returns
    inbox = Inbox(hang)  # type: ignore[arg-type]  # never returns
    for data in (b"a", b"b", b"c"):
        await bus.publish("work", data)
    async with consuming(bus, "work", inbox, max_in_flight=2):
        await inbox.take(2)
    now = clock.monotonic()
    assert [each.message.data for each in bus._core.pull("work", 9, now)] == [b"c"]
    assert sorted(bytes(each.message.data) for each in bus._core.pull("work", 9, now + 1.0)) == [b"a", b"b"]


async def test_an_unknown_subscription_is_refused_before_anything_is_consumed(bus: EmbeddedBus) -> None:
    """By name, and nothing of it stays."""
    with pytest.raises(Permanent, match=r"^unknown subscription 'nobody': one of work-dead, work$"):
        await bus.consume("nobody", Inbox(), max_in_flight=1)
    assert set(bus._consumers) == {"work", "work-dead"}


async def test_every_topic_of_the_registry_can_be_published_and_consumed() -> None:
    """Topics, dead letters, and a subscription for each."""
    bus = EmbeddedBus(FakeClock())
    for topic in TOPICS.values():
        for name in (topic.name, topic.dead_letter):
            await bus.publish(name, b"x")
            assert bus.depth(name) == 1


async def test_depth_counts_what_is_not_settled() -> None:
    """Handled messages leave; the rest counts, also while it is being handled."""
    bus = EmbeddedBus(FakeClock(), SMALL)
    depths: list[int] = []

    async def look(_: object) -> None:
        depths.append(bus.depth("work"))

    inbox = Inbox(look)
    for _ in range(3):
        await bus.publish("work", b"x")
    async with consuming(bus, "work", inbox, max_in_flight=1):
        await inbox.take(3)
    assert depths == [3, 2, 1]
    assert bus.depth("work") == 0
    with pytest.raises(Permanent, match="nobody"):
        bus.depth("nobody")


@pytest.mark.parametrize("turns", range(8))
async def test_cancelling_at_any_turn_leaves_no_lease_behind(turns: int) -> None:
    """Also a delivery whose handler had not started yet is given back at once."""
    clock = FakeClock()
    bus = EmbeddedBus(clock, SMALL)
    for n in range(5):
        await bus.publish("work", str(n).encode())
    hung = Inbox(lambda _: asyncio.Event().wait())  # type: ignore[arg-type, return-value]  # never returns
    consumer = asyncio.create_task(bus.consume("work", hung, max_in_flight=3))
    for _ in range(turns):
        await asyncio.sleep(0)
    consumer.cancel()
    with suppress(asyncio.CancelledError):
        await consumer
    await clock.sleep(SMALL["work"].min_backoff)
    assert len(bus._core.pull("work", 10, clock.monotonic())) == 5


async def test_an_idle_consumer_takes_what_another_gave_back() -> None:
    """A waiting consumer learns of the backoff that a cancelled one leaves behind: it need not wait for the lease."""
    clock = FakeClock()
    bus = EmbeddedBus(clock, SMALL)
    hung = Inbox(lambda _: asyncio.Event().wait())  # type: ignore[arg-type, return-value]  # never returns
    idle = Inbox()
    await bus.publish("work", b"x")
    leaving = asyncio.create_task(bus.consume("work", hung, max_in_flight=1))
    await hung.take()
    async with consuming(bus, "work", idle):
        await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        (delivery,) = await idle.take()
    assert delivery.attempt == 2
    assert clock.monotonic() < SMALL["work"].ack_deadline / 2


async def test_the_simulated_clock_wakes_sleepers_in_order() -> None:
    """Time jumps from one sleeper's instant to the next, and no further."""
    clock = FakeClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    await asyncio.gather(sleeper("a", 3, 3), sleeper("b", 1, 1, 1, 1), sleeper("c", 5))
    assert woken == [("b", 1), ("b", 2), ("a", 3), ("b", 3), ("b", 4), ("c", 5), ("a", 6)]
    assert clock.now() == FakeClock().now()
