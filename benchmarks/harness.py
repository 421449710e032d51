"""What every benchmark shares: medians of several runs after a warm-up, and the shape of a result."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement beside another."""

    case: str
    metric: str
    value: float
    unit: str
    against: str
    """What was measured beside it in the same run, or the limit it is held to."""
    ratio: float | None
    """Ours to it."""
    goal: str
    met: bool


def seconds(work: Callable[[], object], *, runs: int = 5) -> float:
    """Median wall seconds of `work` over `runs`, after one warm-up."""
    work()
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": metadata.version("duckdb"),
    }


def result(bench: str, cases: list[Case]) -> dict[str, Any]:
    """The document `tipoff bench --json` writes."""
    return {"bench": bench, "machine": machine(), "cases": [asdict(case) for case in cases]}
