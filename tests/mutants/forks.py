"""Runs pytest in forks of a process that has the libraries loaded, each in a tree of its own."""

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path

import pytest

from tests.mutants.areas import ROOT

_OWN = ("shared", "services", "devstack", "cli", "benchmarks", "deploy", "tests")
_COPIED = (*_OWN, "docs", "pyproject.toml", "README.md")
_PRELOADED = (
    "aiohttp.web", "duckdb", "hypothesis", "numpy", "prometheus_client", "pyarrow.parquet", "pydantic_settings",
    "pytest_asyncio", "scipy.stats", "sqlglot.dialects", "structlog",
)  # fmt: skip
_QUIETLY = ("-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The last: of the libraries loaded before, some are plugins."""
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
    """pytest's exit code; None where it ran out of time and was killed."""
    output: str
    seconds: float


@dataclass
class Fork:
    """A pytest at work."""

    pid: int
    out: Path
    started: float
    limit: float

    def poll(self) -> Ended | None:
        """How it ended, or None while it runs; past its limit it and all its children are killed."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        seconds = time.monotonic() - self.started
        if pid == 0 and seconds > self.limit:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            return Ended(None, self.out.read_text(errors="replace"), seconds)
        if pid == 0:
            return None
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # what the tests left running
        return Ended(os.waitstatus_to_exitcode(status), self.out.read_text(errors="replace"), seconds)


def preload() -> None:
    """Load the libraries, and nothing of the project that a fork must load anew."""
    for name in _PRELOADED:
        import_module(name)


def start(tree: Tree, arguments: Sequence[str], plugins: Callable[[], Sequence[object]], limit: float) -> Fork:
    """Run pytest in a fork, in the tree."""
    out = tree.path.parent / f"{tree.path.name}.out"
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)
        return Fork(pid, out, time.monotonic(), limit)
    code = 70
    try:
        os.setpgid(0, 0)
        with out.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.environ.update(tree.environment)
        os.chdir(tree.path)
        _forget(_OWN)
        sys.path[:] = [str(tree.path), *(each for each in sys.path if each not in ("", str(ROOT)))]
        sys.argv = ["pytest"]
        code = int(pytest.main([*arguments, *_QUIETLY], plugins=list(plugins())))
    except BaseException:  # noqa: BLE001 - nothing may leave the fork: it would go on as a second parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget(packages: Iterable[str]) -> None:
    """Modules of the project that this tool itself has loaded are loaded again, from the tree."""
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]
