"""Runs: followed to their ends, and what is kept of them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from client.answers import Run
from client.api import Client
from shared.errors import Transient
from shared.registries.pipeline import PHASES, STEPS

NIGHT_TIMEOUT = 900.0
"""Seconds after which a run that has not ended is given up on."""
LOCAL_LOOK = 0.05
"""Seconds between looks at a run on this machine."""
REMOTE_LOOK = 1.0
"""Seconds between looks at a run anywhere else."""

Observer = Callable[[Run], None]
"""Called with the run whenever it was looked at."""


async def follow(
    client: Client,
    run: Run,
    observe: Observer,
    *,
    until: Callable[[Run], bool] = lambda _: False,
    every: float = LOCAL_LOOK,
) -> Run:
    """Wait until a run has ended, or is as `until` wants it; look `every` so many seconds.

    Raises:
        Transient: it does not end in time; the message names the steps that hang.
    """
    deadline = time.monotonic() + NIGHT_TIMEOUT
    while run["status"] == "running" and not until(run):
        observe(run)
        if time.monotonic() > deadline:
            hanging = [name for name, step in run["steps"].items() if step["status"] == "running"]
            raise Transient(
                f"run {run['run_id']} did not end in {NIGHT_TIMEOUT:.0f} s, at work: {', '.join(hanging)}",
                remedy="run the same command again: it resumes",
            )
        await asyncio.sleep(every)
        run = await client.run(run["id"])
    observe(run)
    return run


def summary(run: Run) -> dict[str, Any]:
    """What a report keeps of a run."""
    steps = run["steps"]
    counts: dict[str, int] = {}
    seconds = dict.fromkeys(PHASES.values(), 0.0)
    for name, step in steps.items():
        seconds[PHASES[STEPS[name].phase]] += step["seconds"]
        for counter, value in step["counts"].items():
            counts[counter] = counts.get(counter, 0) + value
    return {
        "game_date": run["game_date"],
        "mode": run["mode"],
        "run_id": run["run_id"],
        "status": run["status"],
        "tables": {
            STEPS[name].table or name: {
                "expected": e["expected"],
                "verified": e["verified"],
                "quarantined": e["quarantined"],
            }
            for name, step in steps.items()
            if (e := step["evidence"]) is not None
        },
        "reasons": {name: step["reason"] for name, step in steps.items() if step["reason"]},
        "seconds": {phase: round(taken, 3) for phase, taken in seconds.items()},
        "requests": counts.get("requests", 0),
        "retries": counts.get("retries", 0),
        "faults": {k.removeprefix("faults_"): v for k, v in sorted(counts.items()) if k.startswith("faults_")},
        "quarantined": counts.get("quarantined", 0),
    }


def worst(nights: Sequence[dict[str, Any]]) -> str:
    """The gravest status among nights."""
    order = ("complete", "degraded", "failed")
    return max((night["status"] for night in nights), key=order.index, default="complete")
