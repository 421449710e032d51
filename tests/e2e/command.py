"""The `tipoff` command as a user starts it: a process of its own in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
TIMEOUT = 300.0
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
    """Start `tipoff` with TIPOFF_HOME at `home` and nothing else of this machine's settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        cwd=REPOSITORY,
        env=_clean(os.environ) | {"TIPOFF_HOME": str(home)} | environment,
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


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("TIPOFF_")}
