"""`tipoff bench size`: peak memory and processor seconds of each service, for a backfill, a night and a training.

The services run as processes of their own on the cloud's interfaces, as on Cloud Run: Pub/Sub, BigQuery and Secret
Manager are the emulators, in processes of theirs. The backfill begins with an empty warehouse and loads the season's
history, which no later night does. A training has as many rows as two real seasons, in a fresh process.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks import made_up
from benchmarks.harness import Case
from client.api import connect
from client.backfill import backfill
from client.runs import follow
from devstack.clocked import Clocked
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.league import generate
from devstack.processes import running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from services.worker.domain.training.run import train
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock

NIGHTS = 7
"""Slates of the backfill."""
SLATES, PLAYERS = 425, 214
"""Of a training: two seasons, 90,950 rows; the longest one measured on real data had 90,750."""
TARGET = "ml_feature_store"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process has taken."""

    megabytes: float
    """Peak of its resident memory."""
    seconds: float
    """Processor time."""


def bench() -> list[Case]:
    """Per service and kind of work; nothing is held to a goal but that the memory is within what is deployed."""
    with tempfile.TemporaryDirectory() as folder:
        cases = asyncio.run(_services(generate(), Path(folder)))
    return [*cases, *_cases("training", {"worker": _training()})]


async def _services(history: History, folder: Path) -> list[Case]:
    workspace = Workspace(folder, "size")
    workspace.make()
    last = history.last_date
    dates = days(last - timedelta(days=NIGHTS), last - timedelta(days=1))
    clock = VirtualClock(last_cutoff(history, dates[0], Mode.BACKFILL))
    async with (
        running(workspace, history, clock, FaultProfile.named("none")) as stack,
        connect(stack.endpoint) as client,
    ):
        before = _taken(stack.pids())
        turns = Clocked(stack, lambda day: last_cutoff(history, day, Mode.BACKFILL))
        filled = await backfill(client, dates, Mode.BACKFILL, [TARGET], observe=lambda _: None, turns=turns)
        cases = _cases(f"backfill of {NIGHTS} slates", _since(before, _taken(stack.pids())))
        _forget_peaks(stack.pids())
        before = _taken(stack.pids())
        await stack.set_clock(last_cutoff(history, last, Mode.OVERNIGHT))
        asked = await client.start_run(last, "overnight", retrospective=True)
        run = await follow(client, asked, lambda _: None)
        cases += _cases("night", _since(before, _taken(stack.pids())))
    complete = [night["status"] == "complete" for night in filled] + [run["status"] == "complete"]
    return [*cases, Case("runs complete", "share", sum(complete) / len(complete), "", "all of them", met=all(complete))]


def _cases(work: str, taken: Mapping[str, Taken]) -> list[Case]:
    return [
        case
        for service, one in taken.items()
        for case in (
            Case(f"{service}, {work}", "peak memory", round(one.megabytes), "MB"),
            Case(f"{service}, {work}", "processor", round(one.seconds, 1), "s"),
        )
    ]


def _taken(pids: Mapping[str, int]) -> dict[str, Taken]:
    """From the kernel's files, not getrusage: its peak remembers what a process was before it became this program."""
    found = {}
    for service, pid in pids.items():
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # utime and stime: proc(5)
        found[service] = Taken(float("nan") if peak is None else int(peak[1]) / 1024, ticks / os.sysconf("SC_CLK_TCK"))
    return found


def _since(before: Mapping[str, Taken], after: Mapping[str, Taken]) -> dict[str, Taken]:
    return {
        service: Taken(taken.megabytes, taken.seconds - before[service].seconds) for service, taken in after.items()
    }


def _forget_peaks(pids: Mapping[str, int]) -> None:
    """Let the kernel count peaks anew, from what is resident now: proc(5), clear_refs."""
    for pid in pids.values():
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _training() -> Taken:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.size"],
        check=True, capture_output=True, text=True, timeout=1800, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    megabytes, seconds = map(float, done.stdout.split()[-2:])
    return Taken(megabytes, seconds)


def _train() -> None:
    rows = made_up.frame(SLATES, PLAYERS)
    train(rows, mode="overnight", as_of=date(2025, 1, 1))
    [taken] = _taken({"worker": os.getpid()}).values()
    print(taken.megabytes, time.process_time())


if __name__ == "__main__":
    _train()
