"""`tipoff bench bus`: publish and receive, embedded, over the wire, and on Google's emulator where gcloud has it.

The Pub/Sub server runs in a process of its own; Google's emulator gets the same client and the same work. The client's
own time is in both, and is more than half of ours.
"""

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from uuid import uuid4

from benchmarks.harness import Case
from devstack.emulators import google
from shared.cloud.bus import PubSubBus
from shared.embedded.bus import EmbeddedBus
from shared.errors import Transient
from shared.ports import Bus, Delivery
from shared.registries.topics import Topic
from shared.runtime.clock import WallClock

TOPICS = {"bench": Topic("bench", "bench", ack_deadline=60.0)}
SIZES = (("5,000 x 1 KB", 5_000, 1_000), ("500 x 100 KB", 500, 100_000))
IN_FLIGHT = 1_000
RUNS = 15
EMBEDDED_GOAL, WIRE_GOAL, EMULATOR_GOAL = 20_000.0, 10_000.0, 4.0
LIMIT = 120.0
"""Seconds one run may take."""
SETTLE = 0.3
"""Seconds between two runs: acknowledgements under way and a Java garbage collector are nobody else's burden."""


def bench() -> list[Case]:
    """Messages per second from the first publish to the last acknowledged delivery; medians after a warm-up."""
    missing = google.missing("pubsub")
    with ExitStack() as stack:
        addresses = {"wire": stack.enter_context(_server())}
        if missing is None:
            addresses["emulator"] = stack.enter_context(google.running("pubsub"))
        rates = asyncio.run(_measure(addresses))
    cases = []
    for name, number, size in SIZES:
        small = size == min(each[2] for each in SIZES)
        embedded, wire, theirs = (rates[bus, number] for bus in ("embedded", "wire", "emulator"))
        cases.append(_case(f"embedded, {name}", embedded, EMBEDDED_GOAL if small else None, wire))
        cases.append(_wire_case(name, wire, theirs, missing, small=small))
    return cases


def _case(name: str, rates: list[float], goal: float | None, wire: list[float]) -> Case:
    rate = statistics.median(rates)
    return Case(
        name, "rate", round(rate), "msg/s", f"over the wire, {statistics.median(wire):,.0f} msg/s",
        round(_ratio(rates, wire), 1), f"at least {goal:,.0f} msg/s" if goal is not None else "shown",
        goal is None or rate >= goal,
    )  # fmt: skip


def _wire_case(name: str, rates: list[float], theirs: list[float], missing: str | None, *, small: bool) -> Case:
    rate = statistics.median(rates)
    met = not small or rate >= WIRE_GOAL
    against, ratio = f"Google's emulator not measured: {missing}", None
    if theirs:
        against = f"Google's emulator, {statistics.median(theirs):,.0f} msg/s"
        ratio = _ratio(rates, theirs)
        met = met and (not small or ratio >= EMULATOR_GOAL)
        ratio = round(ratio, 1)
    goal = f"at least {WIRE_GOAL:,.0f} msg/s and {EMULATOR_GOAL:g} times the emulator" if small else "shown"
    return Case(f"over the wire, {name}", "rate", round(rate), "msg/s", against, ratio, goal, met)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The median round's: what else the machine does in a round meets both."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


async def _measure(addresses: Mapping[str, str]) -> dict[tuple[str, int], list[float]]:
    """Rates by (bus, number of messages), one a round; the buses take turns, and the first round is a warm-up."""
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    gc.collect()
    gc.freeze()  # imports are no garbage of the bus's
    for _, number, size in SIZES:
        for turn in range(1 + RUNS):
            for name in ("embedded", *addresses):
                async with _fresh_bus(addresses.get(name)) as bus:
                    gc.collect()  # nobody pays for the garbage of the one before
                    await asyncio.sleep(SETTLE)
                    rate = await _rate(bus, number, size)
                if turn > 0:
                    rates[name, number].append(rate)
    return rates


@asynccontextmanager
async def _fresh_bus(address: str | None) -> AsyncIterator[Bus]:
    """A bus for one run: on Google's emulator a pull that was cancelled may still take what is published later."""
    if address is None:
        yield EmbeddedBus(WallClock(), TOPICS)
        return
    bus = PubSubBus(f"bench-{uuid4().hex[:8]}", TOPICS, emulator=address)
    await bus.ensure()
    yield bus
    await bus.close()


async def _rate(bus: Bus, number: int, size: int) -> float:
    """Everything published at once while a consumer runs; messages per second."""
    data, left, done = bytes(size), number, asyncio.Event()

    async def handle(_: Delivery) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set()

    async with asyncio.timeout(LIMIT):
        consumer = asyncio.create_task(bus.consume("bench", handle, max_in_flight=IN_FLIGHT))
        started = time.perf_counter()
        await asyncio.gather(*(bus.publish("bench", data) for _ in range(number)))
        await done.wait()
        taken = time.perf_counter() - started
        consumer.cancel()
        await asyncio.wait([consumer])
    return number / taken


@contextmanager
def _server() -> Iterator[str]:
    """The Pub/Sub server in its own process; yields its address."""
    command = [sys.executable, "-m", "devstack.pubsub_server", "--port", "0"]
    # A session of its own, as the emulator has: Linux shares processors out by session.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603 - ours
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            raise Transient("the Pub/Sub server did not start")
        yield line.split()[0].partition("=")[2]
    finally:
        process.terminate()
        process.wait(10)
