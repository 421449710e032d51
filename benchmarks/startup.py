"""`tipoff bench startup`: each service from a virtual environment with only its own lock.

Installs from the package index. Time from process start to the first answer of /healthz in the local profile, and the
installed size.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.harness import Case

SERVICES = ("scraper", "analytics", "coordinator", "worker")
GOAL_SECONDS = 0.8
RUNS = 5
ROOT = Path(__file__).parents[1]


def bench() -> list[Case]:
    """Per service seconds to /healthz, and megabytes installed."""
    cases = []
    for service in SERVICES:
        with tempfile.TemporaryDirectory() as folder:
            python = _installed(service, Path(folder))
            _answer(python, service, folder)  # warm-up: byte code
            seconds = statistics.median(_answer(python, service, folder) for _ in range(RUNS))
            size = sum(f.stat().st_size for f in Path(folder, "venv").rglob("*") if f.is_file() and not f.is_symlink())
            cases += [
                Case(f"{service} to /healthz", "time", round(seconds, 3), "s", f"limit {GOAL_SECONDS} s",
                     round(seconds / GOAL_SECONDS, 2), f"under {GOAL_SECONDS} s", seconds < GOAL_SECONDS),
                Case(f"{service} installed", "size", round(size / 1e6), "MB"),
            ]  # fmt: skip
    return cases


def _installed(service: str, folder: Path) -> Path:
    """The Python of an environment with the service's lock and the project, nothing else."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)  # noqa: S603 - our own interpreter
    python = folder / "venv" / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    lock = ROOT / "requirements" / f"{service}.txt"
    subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", lock], check=True)  # noqa: S603 - as above
    subprocess.run([*pip, "--no-deps", ROOT], check=True)  # noqa: S603 - as above
    return python


def _answer(python: Path, service: str, folder: str) -> float:
    """Seconds from the start of the process to the first answer."""
    environ = {**os.environ, "TIPOFF_HOME": folder, "TIPOFF_PORT": "0", "TIPOFF_LOG_LEVEL": "error"}
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - as above
        [python, "-m", f"services.{service}"], stdout=subprocess.PIPE, text=True, env=environ, cwd=folder
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("stdout is piped")
            url = process.stdout.readline().split()[1]
            with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310 - our own address
                answer.read()
            return time.perf_counter() - started
        finally:
            process.terminate()
