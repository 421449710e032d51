"""The shell around the broker: what only the embedded bus can be asked."""

import asyncio
import math
from contextlib import suppress

import pytest

from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent
from shared.topics import TOPICS
from tests.contract.fakes import TOPICS as SMALL
from tests.contract.fakes import Inbox, SimulatedClock, consuming


async def test_every_topic_of_the_registry_can_be_published_and_consumed() -> None:
    """Topics, dead letters, and a subscription for each."""
    bus = EmbeddedBus(SimulatedClock())
    for topic in TOPICS.values():
        for name in (topic.name, topic.dead_letter):
            await bus.publish(name, b"x")
            assert bus.depth(name) == 1


async def test_depth_counts_what_is_not_settled() -> None:
    """Handled messages leave; the rest counts, also while it is being handled."""
    bus = EmbeddedBus(SimulatedClock(), SMALL)
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
    clock = SimulatedClock()
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
    clock = SimulatedClock()
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
    clock = SimulatedClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    await asyncio.gather(sleeper("a", 3, 3), sleeper("b", 1, 1, 1, 1), sleeper("c", 5))
    assert woken == [("b", 1), ("b", 2), ("a", 3), ("b", 3), ("b", 4), ("c", 5), ("a", 6)]
    assert math.isclose((clock.now() - SimulatedClock().now()).total_seconds(), 6)
