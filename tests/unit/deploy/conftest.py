import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from deploy import identity
from deploy.__main__ import main
from deploy.environment import Environment
from shared.registries.secrets import SECRETS
from shared.tables import TABLES
from tests.unit.deploy import fake_gcloud
from tests.unit.deploy.fake_described import Failure

ROOT = Path(__file__).parents[3]
VARIABLES = {
    "PROJECT": "my-project",
    "PROJECT_NUMBER": "123456789012",
    "REGION": "us-east1",
    "REPOSITORY": "tipoff",
    "ARCHIVE_BUCKET": "my-archive",
    "BILLING_ACCOUNT": "012345-6789AB-CDEF01",
    "BUDGET": "50",
    "OPERATORS": "user:ann@example.com",
}
ENVIRONMENT = Environment.read(VARIABLES)
CURL = """#!/bin/sh
for url; do :; done
printf '["curl", "%s"]\\n' "$url" >>{folder}/log
if ! grep -q 'Authorization: Bearer a.token'; then cat {folder}/stranger; exit; fi
host="${{url#https://}}"
host="{folder}/answers/${{host%%/*}}"
if [ -s "$host.before" ]; then
  sed -i 1d "$host.before"
  cat {folder}/answer
elif [ -f "$host" ]; then cat "$host"; else cat {folder}/answer; fi
"""
GIT = """#!/bin/sh
cat {folder}/git-$1
"""


@dataclass(frozen=True)
class Done:
    """How a script ended."""

    returncode: int
    stdout: str
    stderr: str


Start = Callable[[str, tuple[str, ...], dict[str, str]], Done]
"""Starts a script of deploy/ with arguments and environment variables."""


@dataclass(frozen=True)
class Cloud:
    """Fakes of gcloud, curl and git, their log and their state."""

    folder: Path
    start: Start

    def run(self, script: str, *arguments: str, revision: str = "", **variables: str) -> Done:
        """Run a script of deploy/."""
        return self.start(script, arguments, {**VARIABLES, "REVISION": revision, **variables})

    def answers(
        self,
        service: str,
        revision: str,
        *,
        healthy: bool = True,
        stranger: int = 403,
        at: str = "",
        after: int = 0,
    ) -> None:
        """What the service says to the invoker and to strangers; `at` one URL only, `after` so many other answers."""
        checks = {"warehouse": "ok" if healthy else "away"}
        body = json.dumps({"service": service, "revision": revision, "healthy": healthy, "checks": checks})
        file = self.folder / "answers" / at.partition("//")[2] if at else self.folder / "answer"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{body}\n{200 if healthy else 503}")
        if after:
            file.with_name(f"{file.name}.before").write_text("once\n" * after)
        if not at:
            (self.folder / "stranger").write_text(f"forbidden\n{stranger}")

    def calls(self) -> list[list[str]]:
        """Every command since the last time, in order."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [json.loads(line) for line in lines]

    def changes(self) -> list[list[str]]:
        """Like `calls`, without those that only ask."""
        return [call for call in self.calls() if not fake_gcloud.ASKING & set(call)]

    @property
    def state(self) -> dict[str, Any]:
        """The fake's state."""
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    def set_state(self, state: object) -> None:
        """Change what is deployed behind the scripts' backs."""
        (self.folder / "state.json").write_text(json.dumps(state))


def new_project() -> dict[str, Any]:
    """The state of a project that has just been made and is paid for."""
    return {**deepcopy(fake_gcloud.EMPTY), "registry": list(TABLES)}


def run_in(state: dict[str, Any], command: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of Google's, or tipoff, on a state."""
    program = command[command.index("tipoff") :] if command[0] == "env" else command
    try:
        return subprocess.CompletedProcess(command, 0, fake_gcloud.call(state, program, stdin), "")
    except Failure as failure:
        return subprocess.CompletedProcess(command, 1, "", f"ERROR: ({command[0]}) {failure}\n")


@cache
def set_up() -> str:
    """The state after `setup.sh` and after a person has filled the secrets, as JSON."""
    state = new_project()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        patch.setattr(subprocess, "run", lambda command, **_: run_in(state, command))
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        main(["setup"])
    for secret in SECRETS.values():
        if secret.name not in state["versions"] and not secret.optional:
            run_in(state, ["gcloud", "secrets", "versions", "add", secret.name, "--data-file=-"], "a value")
    return json.dumps(state)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to put on PATH: gcloud, bq, tipoff, curl and git are fakes. The project is set up."""
    fake = f'cd {ROOT} && exec {sys.executable} -S -m tests.unit.deploy.fake_gcloud {tmp_path} "$(basename "$0")" "$@"'
    programs = {
        **dict.fromkeys(("gcloud", "bq", "tipoff"), f"#!/bin/sh\n{fake}\n"),
        "curl": CURL.format(folder=tmp_path),
        "git": GIT.format(folder=tmp_path),
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "git-rev-parse").write_text("0123456789ab\n")
    (tmp_path / "git-status").write_text("")
    (tmp_path / "state.json").write_text(set_up())
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Cloud:
    """The scripts themselves, as processes, with the fakes on PATH."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")

    def start(script: str, arguments: tuple[str, ...], variables: dict[str, str]) -> Done:
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "DEPLOY_ENV": os.devnull, **variables}
        done = subprocess.run(
            ["bash", str(ROOT / "deploy" / script), *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return Cloud(folder, start)


@pytest.fixture
def cloud(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cloud:
    """Like `shell` but fast: what the scripts call, in this process, with gcloud faked in it too."""
    real = subprocess.run

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - subprocess's own
        if command[0] in ("curl", "git"):
            return real([str(folder / command[0]), *command[1:]], **options)
        if command[0] not in ("gcloud", "bq", "env"):
            return real(command, **options)
        printed, said = StringIO(), StringIO()
        with redirect_stdout(printed), redirect_stderr(said):
            code = fake_gcloud.main(folder, command[command.index("tipoff") :] if command[0] == "env" else command)
        return subprocess.CompletedProcess(command, code, printed.getvalue(), said.getvalue())

    def start(script: str, arguments: tuple[str, ...], variables: dict[str, str]) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        folder, _, name = script.removesuffix(".sh").rpartition("/")
        capsys.readouterr()
        code = main(["service", folder, *arguments] if folder else [name, *arguments])
        return Done(code, *capsys.readouterr())

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(identity, "PAUSE_SECONDS", 0.0)
    return Cloud(folder, start)
