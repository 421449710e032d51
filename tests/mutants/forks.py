"""Runs pytest in forks of a process that has the libraries loaded, each in a tree of its own."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from tests.mutants.areas import ROOT

_OWN = ("shared", "services", "live", "devstack", "cli", "benchmarks", "deploy", "tests")
_COPIED = (*_OWN, "docs", "pyproject.toml", "README.md")
_PRELOADED = (
    "aiohttp.web", "duckdb", "hypothesis", "numpy", "prometheus_client", "pyarrow.parquet", "pydantic_settings",
    "pytest_asyncio", "scipy.stats", "sqlglot.dialects", "structlog",
)  # fmt: skip
_QUIETLY = ("-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The last: of the libraries loaded before, some are plugins."""
_RAN = 64
"""Added to pytest's exit code, so that a fork which fails by itself (1) is told from tests that fail (65)."""
_mtimes = count(int(time.time()))
"""Every write has a second of its own: Python tells changed sources by it."""


class Tree:
    """A copy of the project that a fork may have changed under it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shared = os.environ.get("TIPOFF_SHARED", str(ROOT.parent / "shared"))
        self.environment = {"TIPOFF_SHARED": shared, "HYPOTHESIS_PROFILE": "mutants", "OPENBLAS_NUM_THREADS": "1"}
        shutil.rmtree(path, ignore_errors=True)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, path / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                path.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, path / name)

    def write(self, path: str, text: str) -> None:
        """Put a text in the place of a file."""
        target = self.path / path
        target.write_text(text)
        at = next(_mtimes)
        os.utime(target, (at, at))


@dataclass(frozen=True)
class Ended:
    """How a fork ended."""

    code: int | None
    """pytest's exit code; None where it ran out of time and was killed; -1 where pytest itself did not end."""
    output: str
    seconds: float


class Fork:
    """A pytest at work, in a process group of its own."""

    def __init__(self, process: ForkProcess, out: Path, limit: float) -> None:
        self._process, self._out, self._started = process, out, time.monotonic()
        self.sentinel = process.sentinel
        """Ready when it has ended (`multiprocessing.connection.wait`)."""
        self.deadline = self._started + limit

    def ended(self) -> Ended | None:
        """How it ended, or None while it runs. Past its deadline it is killed, with all that its tests have started."""
        over, now = wait([self.sentinel], 0), time.monotonic()
        if not over and now < self.deadline:
            return None
        if over:
            self._process.join()
        code = None if self._process.exitcode is None else max(self._process.exitcode - _RAN, -1)
        if self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join()
        return Ended(code, self._out.read_text(errors="replace"), now - self._started)


def preload() -> None:
    """Load the libraries, and nothing of the project that a fork must load anew."""
    for name in _PRELOADED:
        import_module(name)


def start(tree: Tree, arguments: Sequence[str], plugin: object, limit: float) -> Fork:
    """Run pytest in a fork, in the tree."""
    out = tree.path.parent / f"{tree.path.name}.out"
    process = get_context("fork").Process(target=_pytest, args=(tree, arguments, plugin, out))
    process.start()
    return Fork(process, out, limit)


def _pytest(tree: Tree, arguments: Sequence[str], plugin: object, out: Path) -> None:
    """What the fork does. It ends by itself: nothing that this process has loaded is cleaned up twice."""
    os.setpgid(0, 0)
    with out.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(tree.environment)
    os.chdir(tree.path)
    for name in list(sys.modules):  # what this tool itself has loaded of the project is loaded again, from the tree
        if name.partition(".")[0] in _OWN:
            del sys.modules[name]
    sys.path[:] = [str(tree.path), *(each for each in sys.path if each not in ("", str(ROOT)))]
    sys.argv = ["pytest"]
    code = int(pytest.main([*arguments, *_QUIETLY], plugins=[plugin]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_RAN + code)
