import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from deploy.__main__ import main
from deploy.environment import Environment
from tests.unit.deploy import fake_gcloud

ROOT = Path(__file__).parents[3]
VARIABLES = {
    "PROJECT": "my-project",
    "PROJECT_NUMBER": "123456789012",
    "REGION": "us-east1",
    "REPOSITORY": "tipoff",
    "ARCHIVE_BUCKET": "my-archive",
}
ENVIRONMENT = Environment.read(VARIABLES)
CURL = """#!/bin/sh
for url; do :; done
printf '["curl", "%s"]\\n' "$url" >>{folder}/log
if grep -q 'Authorization: Bearer a.token'; then cat {folder}/answer; else cat {folder}/stranger; fi
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

    def answers(self, service: str, revision: str, *, healthy: bool = True, stranger: int = 403) -> None:
        """What the candidate says to the invoker and to strangers."""
        body = json.dumps({"service": service, "revision": revision, "healthy": healthy, "checks": {}})
        (self.folder / "answer").write_text(f"{body}\n{200 if healthy else 503}")
        (self.folder / "stranger").write_text(f"forbidden\n{stranger}")

    def calls(self) -> list[list[str]]:
        """Every command since the last time, in order."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [json.loads(line) for line in lines]

    def changes(self) -> list[list[str]]:
        """Like `calls`, without those that only ask."""
        asking = {"list", "get-iam-policy", "print-identity-token", "read", "curl"}
        return [call for call in self.calls() if not asking & set(call)]

    @property
    def state(self) -> dict[str, dict[str, dict[str, object]]]:
        """The fake's state."""
        found: dict[str, dict[str, dict[str, object]]] = json.loads((self.folder / "state.json").read_text())
        return found

    def set_state(self, state: object) -> None:
        """Change what is deployed behind the scripts' backs."""
        (self.folder / "state.json").write_text(json.dumps(state))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to put on PATH: gcloud, curl and git are fakes."""
    fake = Path(__file__).with_name("fake_gcloud.py")
    programs = {
        "gcloud": f'#!/bin/sh\nexec {sys.executable} -I -S {fake} {tmp_path} "$@"\n',
        "curl": CURL.format(folder=tmp_path),
        "git": GIT.format(folder=tmp_path),
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "git-rev-parse").write_text("0123456789ab\n")
    (tmp_path / "git-status").write_text("")
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
        if command[0] != "gcloud":
            return real(command, **options)
        printed = StringIO()
        with redirect_stdout(printed):
            fake_gcloud.main(folder, command[1:])
        return subprocess.CompletedProcess(command, 0, printed.getvalue(), "")

    def start(script: str, arguments: tuple[str, ...], variables: dict[str, str]) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        folder, _, name = script.removesuffix(".sh").rpartition("/")
        capsys.readouterr()
        code = main(["service", folder, *arguments] if folder else [name, *arguments])
        return Done(code, *capsys.readouterr())

    monkeypatch.setattr(subprocess, "run", run)
    return Cloud(folder, start)
