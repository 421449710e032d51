"""`tipoff bench cli`: seconds from a command's start to its end, for commands that read, on the demo's night.

Beside a running stack, and where nothing runs; against the start of an interpreter that does nothing else. What of it
is the processor's stands beside: on a busy machine a command waits for its turn.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.harness import Case

COMMANDS = (
    (), ("status",), ("predictions",), ("predictions", "--best"), ("lines",), ("grid",), ("runs",), ("changes",),
    ("accuracy",), ("cost",), ("alerts",), ("dlq",), ("models",), ("cascade",),
)  # fmt: skip
BESIDE, ALONE = 0.5, 1.5
"""Seconds a command may take beside a running stack, and without one."""
RUNS = 5


def bench() -> list[Case]:
    """Each reading command, both ways."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "TIPOFF_HOME": home, "TIPOFF_CONFIG": f"{home}/config.toml"}
        _tipoff(env, "demo")
        start, _ = _timed(env, ["-c", ""])
        cases = [_case(env, command, "alone", ALONE, start) for command in COMMANDS]
        _tipoff(env, "dev", "up", "--port", "0")
        try:
            cases += [_case(env, command, "beside a stack", BESIDE, start) for command in COMMANDS]
        finally:
            _tipoff(env, "dev", "down")
    return cases


def _case(env: dict[str, str], command: tuple[str, ...], where: str, limit: float, start: float) -> Case:
    taken, processor = _timed(env, ["-m", "cli.main", *command])
    name = " ".join(["tipoff", *command])
    return Case(
        f"{name}, {where} ({processor:.2f} s of it the processor's)", "time", round(taken, 3), "s",
        f"an interpreter's start {start:.3f} s", round(taken / start, 1), f"under {limit} s", taken < limit,
    )  # fmt: skip


def _timed(env: dict[str, str], arguments: Sequence[str]) -> tuple[float, float]:
    """(seconds, seconds of the processor) of Python with these arguments: medians, after one warm-up."""
    runs = [_once(env, arguments) for _ in range(RUNS + 1)][1:]
    return statistics.median(taken for taken, _ in runs), statistics.median(used for _, used in runs)


def _once(env: dict[str, str], arguments: Sequence[str]) -> tuple[float, float]:
    before, started = _used(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=env, capture_output=True, check=False, timeout=120)  # noqa: S603 - ourselves; their exit codes speak of the night
    return time.perf_counter() - started, _used() - before


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _tipoff(env: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "cli.main", *arguments]
    subprocess.run(command, env=env, capture_output=True, check=True, timeout=600)  # noqa: S603 - ourselves
