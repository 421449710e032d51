"""What every benchmark shares: the shape of a result, and where the real data is."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement beside another."""

    case: str
    metric: str
    value: float
    unit: str
    against: str = "nothing"
    """What was measured beside it in the same run, or the limit it is held to."""
    ratio: float | None = None
    """Ours to it."""
    goal: str = "reported"
    met: bool = True


@contextmanager
def server(module: str, *arguments: str, given: bytes = b"") -> Iterator[str]:
    """A server of `benchmarks` in a process of its own, with `given` as its input; yields its address."""
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("both are piped")
            process.stdin.write(given)
            process.stdin.close()
            yield process.stdout.readline().decode().split()[1]
        finally:
            process.terminate()


def real_data() -> Path:
    """Where the real data is, if it is at hand."""
    return Path(os.environ.get("TIPOFF_SHARED", "../shared")) / "data"


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
