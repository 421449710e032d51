"""A pretended project in memory, on which the scripts run in this process: fast enough for hundreds of runs."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest

from deploy.__main__ import everything, main
from deploy.commands import Gcloud
from deploy.resources import differences
from shared.registries.secrets import SECRETS
from tests.unit.deploy.conftest import ENVIRONMENT, ROOT, VARIABLES, Done, new_project, run_in
from tests.unit.deploy.fake_gcloud import ASKING

REVISION = "aaaaaaaaaaaa"
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
SCRIPTS = re.findall(r"^deploy/(\S+)\.sh$", PAGE[PAGE.index("## Once per project") :], re.MULTILINE)
"""The scripts of a first deployment in the order of the page, the check last."""


GCLOUD = Gcloud(ENVIRONMENT.project)
GROUPS = tuple(everything(GCLOUD, ENVIRONMENT, REVISION))


@dataclass
class Project:
    """A state, the calls that changed it, and the call at which everything stops."""

    state: dict[str, Any] = field(default_factory=new_project)
    changes: list[list[str]] = field(default_factory=list)
    stop_before: int = -1
    stop_after: int = -1

    def copy(self) -> "Project":
        """Another project in the same state."""
        return Project(json.loads(json.dumps(self.state)))

    def run(self, script: str) -> Done:
        """Run a script of deploy/, named without its ending."""
        folder, _, name = script.rpartition("/")
        out, err = StringIO(), StringIO()
        with self._in_place(), redirect_stdout(out), redirect_stderr(err):
            code = main(["service", folder] if folder else [name])
        return Done(code, out.getvalue(), err.getvalue())

    def deploy(self) -> None:
        """A whole first deployment, with what only a person can do in between."""
        for script in SCRIPTS[:-1]:
            done = self.run(script)
            if script == "setup":
                self.fill()
            else:
                assert done.returncode == 0, done.stderr

    def fill(self) -> None:
        """Fill the secrets that nothing but a person can."""
        for secret in SECRETS.values():
            if not self.state["versions"].get(secret.name) and not secret.optional:
                run_in(self.state, ["gcloud", "secrets", "versions", "add", secret.name, "--data-file=-"], "theirs")

    def check(self) -> list[str]:
        """What check.sh finds."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "run", self._command)
            return list(differences(GCLOUD, GROUPS))

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**VARIABLES, "REVISION": REVISION}.items():
                patch.setenv(name, value)
            patch.setattr(subprocess, "run", self._command)
            yield

    def _command(
        self,
        command: list[str],
        *,
        input: str = "",  # noqa: A002 - subprocess's own name
        **_: object,
    ) -> subprocess.CompletedProcess[str]:
        if command[0] == "curl":
            return subprocess.CompletedProcess(command, 0, _answer(command[-1], input), "")
        if ASKING & set(command):
            return run_in(self.state, command, input)
        killed = subprocess.CompletedProcess(command, 1, "", "ERROR: Terminated\n")
        self.changes.append(command)
        if len(self.changes) == self.stop_before:
            return killed
        done = run_in(self.state, command, input)
        return killed if len(self.changes) == self.stop_after else done


def _answer(url: str, header: str) -> str:
    """What a service answers to the identity check."""
    if not header:
        return "forbidden\n403"
    service = re.sub(r"https://(candidate---)?tipoff-(\w+)-.*", r"\2", url)
    return json.dumps({"service": service, "revision": REVISION, "healthy": True}) + "\n200"
