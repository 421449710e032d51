"""What every benchmark shares: the shape of a result, and where the real data is."""

import os
import platform
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
