"""The `tipoff` command, as a process of its own or, where that makes no difference, inside the test's."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import structlog

from cli.main import main
from devstack.daemon import RunningStack

REPOSITORY = Path(__file__).parents[2]
TIMEOUT = 900.0
"""Seconds: only a hang takes that long."""
DONE, FAILED, USAGE, DEGRADED = 0, 1, 2, 3
"""The exit codes."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The one document on stdout."""
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """Assert that it failed as promised: this exit code, and one line on stderr that names thing and remedy."""
        [line] = self.err.splitlines()
        assert line.startswith("error: ")
        assert self.code == code, self
        for word in words:
            assert word in line


def start(home: Path, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start `tipoff` with TIPOFF_HOME and TIPOFF_CONFIG in `home` and nothing else of this machine's settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        cwd=REPOSITORY,
        env=_clean(os.environ) | _own(home) | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def tipoff(home: Path, *arguments: str | Path, **environment: str) -> Done:
    """Run `tipoff` to its end."""
    with start(home, *arguments, **environment) as process:
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Done(process.returncode, out, err)


def inside(home: Path, *arguments: str | Path, **environment: str) -> Done:
    """Run `tipoff` inside this process: the same code without the start of an interpreter, and warnings are errors."""
    out, err = io.StringIO(), io.StringIO()
    logging = structlog.get_config()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in os.environ.keys() - _clean(os.environ).keys():
            patch.delenv(name)
        for name, value in {**_own(home), **environment}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["tipoff", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
    structlog.configure(**logging)
    code = left.value.code
    assert code is None or isinstance(code, int)
    return Done(DONE if code is None else code, out.getvalue(), err.getvalue())


def clock(stack: RunningStack) -> str:
    """Where the virtual clock of a running stack stands."""
    with urlopen(f"{stack.upstream}/_devstack/clock", timeout=10) as answer:  # noqa: S310 - loopback
        return str(answer.read())


def _own(home: Path) -> dict[str, str]:
    """The settings of a test: no user's contexts are read."""
    return {"TIPOFF_HOME": str(home), "TIPOFF_CONFIG": str(home / "config.toml")}


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("TIPOFF_")}
