"""`tipoff bench bus`: publish and receive, embedded, over the wire, and on Google's emulator where gcloud has it.

The Pub/Sub server runs in a process of its own; Google's emulator gets the same client and the same work.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from benchmarks.harness import Case
from devstack.emulators import google
from shared.cloud.bus import PubSubBus
from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import WallClock
from shared.errors import Permanent, Transient
from shared.ports import Bus, Delivery
from shared.topics import Topic

TOPICS = {"bench": Topic("bench", "bench", ack_deadline=60.0)}
SIZES = (("5,000 x 1 KB", 5_000, 1_000), ("500 x 100 KB", 500, 100_000))
IN_FLIGHT = 1_000
RUNS = 5
EMBEDDED_GOAL, WIRE_GOAL, EMULATOR_GOAL = 20_000.0, 10_000.0, 4.0
LIMIT = 120.0
"""Seconds one run may take."""


def bench() -> list[Case]:
    """Messages per second from the first publish to the last acknowledged delivery; medians after a warm-up.

    The buses take turns, so that whatever else the machine does meets all of them.
    """
    missing = google.missing("pubsub")
    with ExitStack() as stack:
        addresses = {"wire": stack.enter_context(_server())}
        if missing is None:
            addresses["emulator"] = stack.enter_context(google.running("pubsub"))
        rates = asyncio.run(_measure(addresses))
    cases = []
    for name, number, size in SIZES:
        embedded, wire, theirs = (rates.get((bus, number)) for bus in ("embedded", "wire", "emulator"))
        if embedded is None or wire is None:
            raise Permanent(f"bench bus: {name} was not measured")
        small = size == min(each[2] for each in SIZES)
        cases.append(_case(f"embedded, {name}", embedded, EMBEDDED_GOAL if small else None, wire))
        cases.append(_wire_case(name, wire, theirs, missing, small=small))
    return cases


def _case(name: str, rate: float, goal: float | None, wire: float) -> Case:
    return Case(
        name, "rate", round(rate), "msg/s", f"over the wire, {wire:,.0f} msg/s", round(rate / wire, 1),
        f"at least {goal:,.0f} msg/s" if goal is not None else "shown", goal is None or rate >= goal,
    )  # fmt: skip


def _wire_case(name: str, rate: float, theirs: float | None, missing: str | None, *, small: bool) -> Case:
    goals = [f"at least {WIRE_GOAL:,.0f} msg/s"] if small else []
    met = rate >= WIRE_GOAL if small else True
    against = f"Google's emulator not measured: {missing}"
    if theirs is not None:
        against = f"Google's emulator, {theirs:,.0f} msg/s"
        goals.append(f"{EMULATOR_GOAL:g} times the emulator")
        met = met and rate >= EMULATOR_GOAL * theirs
    ratio = round(rate / theirs, 1) if theirs is not None else None
    return Case(f"over the wire, {name}", "rate", round(rate), "msg/s", against, ratio, " and ".join(goals), met)


async def _measure(addresses: Mapping[str, str]) -> dict[tuple[str, int], float]:
    """Median rate by (bus, number of messages)."""
    wired = {
        name: PubSubBus(f"bench-{uuid4().hex[:8]}", TOPICS, emulator=address) for name, address in addresses.items()
    }
    for each in wired.values():
        await each.ensure()
    buses: dict[str, Bus] = {"embedded": EmbeddedBus(WallClock(), TOPICS), **wired}
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _, number, size in SIZES:
        for _ in range(1 + RUNS):
            for name, bus in buses.items():
                rates[name, number].append(await _rate(bus, number, size))
    for each in wired.values():
        await each.close()
    return {key: statistics.median(measured[1:]) for key, measured in rates.items()}


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
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            raise Transient("the Pub/Sub server did not start")
        yield line.split()[0].partition("=")[2]
    finally:
        process.terminate()
        process.wait(10)
