"""The message bus: at least once, leased, retried with backoff, then dead-lettered."""

import asyncio

import pytest

from shared.errors import Permanent
from shared.ports import Bus, Delivery
from tests.contract.buses import BusHarness
from tests.contract.fakes import TOPICS, Inbox, consuming, nack, nack_until

WORK = TOPICS["work"]


async def test_what_was_published_before_anyone_consumes_is_delivered(bus: Bus) -> None:
    """A message waits for its consumer."""
    message_id = await bus.publish("work", b"\x00early", {"key": "é"})
    inbox = Inbox()
    async with consuming(bus, "work", inbox):
        (delivery,) = await inbox.take()
    assert (delivery.message_id, delivery.data, dict(delivery.attributes)) == (message_id, b"\x00early", {"key": "é"})


async def test_an_idle_consumer_is_woken_by_a_publish(harness: BusHarness) -> None:
    """Delivery needs no polling by the caller."""
    inbox = Inbox()
    async with consuming(harness.bus, "work", inbox):
        await harness.clock.sleep(30)
        await harness.bus.publish("work", b"late")
        (delivery,) = await inbox.take()
    assert delivery.data == b"late"


async def test_what_was_acknowledged_does_not_come_again(harness: BusHarness) -> None:
    """Returning from the handler settles the message."""
    inbox = Inbox()
    async with consuming(harness.bus, "work", inbox):
        await harness.bus.publish("work", b"once")
        await inbox.take()
        await harness.clock.sleep(4 * WORK.ack_deadline)
    assert len(inbox.deliveries) == 1


async def test_a_nack_redelivers_after_the_backoff_and_counts_the_attempt(harness: BusHarness) -> None:
    """The second attempt comes no sooner than the least backoff."""
    inbox = Inbox(nack_until(2))
    started = harness.clock.monotonic()
    async with consuming(harness.bus, "work", inbox):
        await harness.bus.publish("work", b"again")
        deliveries = await inbox.take(3)
    assert [delivery.data for delivery in deliveries] == [b"again"] * 3
    assert len({delivery.message_id for delivery in deliveries}) == 1
    assert [delivery.attempt for delivery in deliveries] in ([1, 2, 3], [0, 0, 0])
    assert harness.clock.monotonic() - started >= 2 * WORK.min_backoff


async def test_a_lease_whose_consumer_died_runs_out(harness: BusHarness) -> None:
    """Nobody answers: the message is delivered to another consumer after the ack deadline, not before."""
    await harness.bus.publish("work", b"orphan")
    assert await harness.abandon("work") == 1
    started = harness.clock.monotonic()
    inbox = Inbox()
    async with consuming(harness.bus, "work", inbox):
        (delivery,) = await inbox.take()
    assert delivery.data == b"orphan"
    assert harness.clock.monotonic() - started >= WORK.ack_deadline


async def test_a_slow_handler_keeps_its_lease(harness: BusHarness) -> None:
    """A handler that takes three ack deadlines is given the message once."""

    async def slowly(_: Delivery) -> None:
        await harness.clock.sleep(3 * WORK.ack_deadline)

    inbox = Inbox(slowly)
    async with consuming(harness.bus, "work", inbox):
        await harness.bus.publish("work", b"slow")
        await harness.clock.sleep(8 * WORK.ack_deadline)
    assert len(inbox.deliveries) == 1


async def test_f26_a_poison_message_reaches_the_dead_letter_once(harness: BusHarness) -> None:
    """After the maximum of attempts the message moves, with data, attributes and origin, and is retried no more."""
    poisoned, dead = Inbox(nack), Inbox()
    async with consuming(harness.bus, "work", poisoned), consuming(harness.bus, WORK.dead_letter, dead):
        await harness.bus.publish("work", b"poison", {"key": "k"})
        (letter,) = await dead.take()
        await harness.clock.sleep(4 * WORK.ack_deadline)
    assert len(poisoned.deliveries) == WORK.max_delivery_attempts
    assert len(dead.deliveries) == 1
    assert letter.data == b"poison"
    assert letter.attributes["key"] == "k"
    assert letter.attributes["CloudPubSubDeadLetterSourceSubscription"].endswith("work")
    assert letter.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == str(WORK.max_delivery_attempts)


async def test_a_dead_letter_waits_for_its_reader(harness: BusHarness) -> None:
    """The dead-letter topic has a subscription from the start, so that nothing sent there is lost."""
    poisoned, dead = Inbox(nack), Inbox()
    async with consuming(harness.bus, "work", poisoned):
        await harness.bus.publish("work", b"poison")
        await poisoned.take(WORK.max_delivery_attempts)
    await harness.bus.publish(WORK.dead_letter, b"by hand", {"reason": "permanent"})
    async with consuming(harness.bus, WORK.dead_letter, dead):
        letters = await dead.take(2)
    assert {letter.data for letter in letters} == {b"poison", b"by hand"}


async def test_no_more_than_max_in_flight_are_handled_at_once(harness: BusHarness) -> None:
    """Concurrency is bounded, and the bound is used."""
    running = peak = 0

    async def count(_: Delivery) -> None:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await harness.clock.sleep(1)
        running -= 1

    inbox = Inbox(count)
    for n in range(12):
        await harness.bus.publish("work", str(n).encode())
    async with consuming(harness.bus, "work", inbox, max_in_flight=3):
        await inbox.take(12)
    assert peak == 3


async def test_two_consumers_share_a_subscription(bus: Bus) -> None:
    """Each message goes to one of them."""
    inbox = Inbox()
    async with consuming(bus, "work", inbox, max_in_flight=1), consuming(bus, "work", inbox, max_in_flight=1):
        for n in range(20):
            await bus.publish("work", str(n).encode())
        deliveries = await inbox.take(20)
    assert sorted(int(delivery.data) for delivery in deliveries) == list(range(20))


async def test_topics_do_not_mix(bus: Bus) -> None:
    """A subscription sees its own topic only."""
    inbox = Inbox()
    await bus.publish("news", b"other")
    await bus.publish("work", b"mine")
    async with consuming(bus, "work", inbox):
        (delivery,) = await inbox.take()
    assert delivery.data == b"mine"
    assert len(inbox.deliveries) == 1


async def test_cancelling_a_consumer_gives_its_message_back(harness: BusHarness) -> None:
    """The next consumer need not wait for the ack deadline."""
    hung = Inbox(lambda _: asyncio.Event().wait())  # type: ignore[arg-type, return-value]  # never returns
    await harness.bus.publish("work", b"unfinished")
    async with consuming(harness.bus, "work", hung, max_in_flight=1):  # Google's emulator serves a cancelled pull
        await hung.take()
    started = harness.clock.monotonic()
    inbox = Inbox()
    async with consuming(harness.bus, "work", inbox):
        (delivery,) = await inbox.take()
    assert delivery.data == b"unfinished"
    assert harness.clock.monotonic() - started < WORK.ack_deadline


async def test_a_bug_in_a_handler_stops_the_consumer_and_loses_nothing(bus: Bus) -> None:
    """An exception that is no Nack comes out of consume; the message stays for the next consumer."""

    async def broken(_: Delivery) -> None:
        raise ZeroDivisionError

    await bus.publish("work", b"kept")
    with pytest.raises(ExceptionGroup) as caught:
        await bus.consume("work", broken, max_in_flight=2)
    assert caught.value.subgroup(ZeroDivisionError) is not None
    inbox = Inbox()
    async with consuming(bus, "work", inbox):
        (delivery,) = await inbox.take()
    assert delivery.data == b"kept"


async def test_a_handler_may_publish(bus: Bus) -> None:
    """A cascade: the message handled causes the next."""

    async def forward(delivery: Delivery) -> None:
        await bus.publish("news", delivery.data + b"!")

    news = Inbox()
    async with consuming(bus, "work", forward), consuming(bus, "news", news):
        await bus.publish("work", b"hear")
        (delivery,) = await news.take()
    assert delivery.data == b"hear!"


async def test_an_unknown_topic_is_named(bus: Bus) -> None:
    """Publishing to a topic that does not exist is permanent."""
    with pytest.raises(Permanent, match="nowhere"):
        await bus.publish("nowhere", b"")


async def test_an_unknown_subscription_is_named(bus: Bus) -> None:
    """Consuming a subscription that does not exist is permanent."""
    with pytest.raises(Permanent, match="nobody"):
        await bus.consume("nobody", Inbox(), max_in_flight=1)


async def test_a_message_over_10_mb_is_refused(bus: Bus) -> None:
    """The limit is Pub/Sub's, on every adapter."""
    with pytest.raises(Permanent, match="10,000,000"):
        await bus.publish("work", b"x" * 10_000_001)


async def test_topics_that_are_not_there_are_named(bus: Bus) -> None:
    """Those that are, and their dead letters, are not."""
    assert await bus.missing(["work", "work-dead", "news"]) == []
    assert [line.rpartition(" ")[2] for line in await bus.missing(["news", "nowhere", "work"])] == ["nowhere"]
