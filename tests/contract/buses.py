"""The buses of the contract suite: embedded, and Pub/Sub through the real client on two servers.

Time runs faster than on the wall: on our server all of it, on Google's emulator by shorter deadlines and backoffs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from google.pubsub_v1.types import pubsub

from devstack.pubsub_server import serve
from shared.cloud.bus import PubSubBus
from shared.embedded.bus import EmbeddedBus
from shared.ports import Bus, Clock
from shared.registries.topics import Topic
from tests.clock import FakeClock, FastClock
from tests.contract.fakes import TOPICS

SERVER_SPEED = 20.0
EMULATOR_SPEED = 10.0
"""At which an ack deadline of 10 s is the emulator's least, one second."""


@dataclass
class BusHarness:
    """A fresh bus with the topics of `fakes.TOPICS`, and what a test needs to know about it."""

    bus: Bus
    clock: Clock
    """The bus's own time: pass time with its `sleep`."""
    abandon: Callable[[str], Awaitable[int]]
    """Lease everything a subscription has and never answer, as a killed consumer does; returns how many."""
    kind: str


DEVIATIONS = {
    ("emulator", "test_a_dead_letter_waits_for_its_reader"): (
        "Google's emulator 0.8.20 moves a message to the dead letter only when its own subscription is pulled again"
    ),
}
"""Tests that a bus does not pass, through no fault of ours, by (bus, test)."""


@asynccontextmanager
async def embedded_bus(_: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
    clock = FakeClock()
    bus = EmbeddedBus(clock, TOPICS)

    async def abandon(subscription: str) -> int:
        return len(bus._core.pull(subscription, 1000, clock.monotonic()))

    yield BusHarness(bus, clock, abandon, "embedded")


@asynccontextmanager
async def our_server(_: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
    async with serve(speed=SERVER_SPEED) as server, _pubsub(server.address, SERVER_SPEED, TOPICS, "server") as harness:
        yield harness


@asynccontextmanager
async def google_emulator(request: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
    address: str = request.getfixturevalue("google_pubsub")
    topics = {name: _faster(topic) for name, topic in TOPICS.items()}
    async with _pubsub(address, EMULATOR_SPEED, topics, "emulator") as harness:
        yield harness


def _faster(topic: Topic) -> Topic:
    return replace(
        topic,
        ack_deadline=topic.ack_deadline / EMULATOR_SPEED,
        min_backoff=topic.min_backoff / EMULATOR_SPEED,
        max_backoff=topic.max_backoff / EMULATOR_SPEED,
    )


@asynccontextmanager
async def _pubsub(address: str, speed: float, topics: dict[str, Topic], kind: str) -> AsyncIterator[BusHarness]:
    project = f"contract-{uuid4().hex[:8]}"  # a project of its own, on an emulator that all tests share
    clock = FastClock(speed)
    bus = PubSubBus(project, topics, clock=clock, emulator=address, lease=10, call_timeout=10)
    await bus.ensure()

    async def abandon(subscription: str) -> int:
        client = (await bus._connected()).subscriber
        path = f"projects/{project}/subscriptions/{subscription}"
        reply = await client.pull(request=pubsub.PullRequest(subscription=path, max_messages=1000), timeout=10)
        return len(reply.received_messages)

    try:
        yield BusHarness(bus, clock, abandon, kind)
    finally:
        await bus.close()


BUSES = {"embedded": embedded_bus, "server": our_server, "emulator": google_emulator}
