"""`tipoff bench bus`: publish and receive, embedded, over the wire, and on Google's emulator where gcloud has it.

The Pub/Sub server runs in a process of its own; Google's emulator gets the same client and the same work: small
messages, then large ones. The goals are for the work as a whole; each size is shown beside it. The client's own time is
in both: for large messages it is more than half of ours.
"""

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from benchmarks.harness import Case
from devstack.emulators import google
from shared.cloud.bus import PubSubBus
from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import WallClock
from shared.errors import Transient
from shared.memory import keep_freed
from shared.ports import Bus, Delivery
from shared.topics import Topic

TOPICS = {"bench": Topic("bench", "bench", ack_deadline=60.0)}
SIZES = (("5,000 x 1 KB", 5_000, 1_000), ("500 x 100 KB", 500, 100_000))
IN_FLIGHT = 1_000
RUNS = 9
EMBEDDED_GOAL, WIRE_GOAL, EMULATOR_GOAL = 20_000.0, 10_000.0, 4.0
LIMIT = 120.0
"""Seconds one run may take."""


def bench() -> list[Case]:
    """Messages per second from the first publish to the last acknowledged delivery; medians after a warm-up."""
    keep_freed()  # as every process of ours that serves does
    missing = google.missing("pubsub")
    with ExitStack() as stack:
        addresses = {"wire": stack.enter_context(_server())}
        if missing is None:
            addresses["emulator"] = stack.enter_context(google.running("pubsub"))
        rates = asyncio.run(_measure(addresses))
    cases = []
    for work, sizes in (("both sizes", SIZES), *((each[0], (each,)) for each in SIZES)):
        embedded, wire, theirs = (_rates(rates[bus], sizes) for bus in ("embedded", "wire", "emulator"))
        whole = sizes == SIZES
        cases.append(_case(f"embedded, {work}", embedded, EMBEDDED_GOAL if whole else None, wire))
        cases.append(_wire_case(work, wire, theirs, missing, whole=whole))
    return cases


def _rates(taken: Mapping[int, list[float]], sizes: Sequence[tuple[str, int, int]]) -> list[float]:
    """Messages per second of these sizes one after another, a figure for each round."""
    rounds = zip(*(taken[number] for _, number, _ in sizes), strict=True) if taken else ()
    return [sum(number for _, number, _ in sizes) / sum(seconds) for seconds in rounds]


def _case(name: str, rates: list[float], goal: float | None, wire: list[float]) -> Case:
    rate = statistics.median(rates)
    return Case(
        name, "rate", round(rate), "msg/s", f"over the wire, {statistics.median(wire):,.0f} msg/s",
        round(_ratio(rates, wire), 1), f"at least {goal:,.0f} msg/s" if goal is not None else "shown",
        goal is None or rate >= goal,
    )  # fmt: skip


def _wire_case(work: str, rates: list[float], theirs: list[float], missing: str | None, *, whole: bool) -> Case:
    rate = statistics.median(rates)
    against, ratio = f"Google's emulator not measured: {missing}", None
    goal, met = f"at least {WIRE_GOAL:,.0f} msg/s", rate >= WIRE_GOAL
    if theirs:
        against = f"Google's emulator, {statistics.median(theirs):,.0f} msg/s"
        ratio = round(_ratio(rates, theirs), 1)
        goal, met = f"{goal} and {EMULATOR_GOAL:g} times the emulator", met and ratio >= EMULATOR_GOAL
    if not whole:
        goal, met = "shown", True
    return Case(f"over the wire, {work}", "rate", round(rate), "msg/s", against, ratio, goal, met)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The median round's: what else the machine does in a round meets both."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


async def _measure(addresses: Mapping[str, str]) -> dict[str, dict[int, list[float]]]:
    """Seconds by bus and number of messages, one a round; the buses take turns, and the first round is a warm-up."""
    wired = {
        name: PubSubBus(f"bench-{uuid4().hex[:8]}", TOPICS, emulator=address) for name, address in addresses.items()
    }
    for each in wired.values():
        await each.ensure()
    buses: dict[str, Bus] = {"embedded": EmbeddedBus(WallClock(), TOPICS), **wired}
    taken: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    gc.collect()
    gc.freeze()  # imports are no garbage of the bus's
    for _, number, size in SIZES:
        for turn in range(1 + RUNS):
            for name, bus in buses.items():
                gc.collect()  # nobody pays for the garbage of the one before
                seconds = await _seconds(bus, number, size)
                if turn > 0:
                    taken[name][number].append(seconds)
    for each in wired.values():
        await each.close()
    return taken


async def _seconds(bus: Bus, number: int, size: int) -> float:
    """Everything published at once while a consumer runs, until the last is acknowledged."""
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
    return taken


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
