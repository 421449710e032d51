import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.services import SERVICES
from shared.registries.schedules import SCHEDULES
from tests.unit.deploy.conftest import ROOT, Cloud

SCRIPTS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "deploy").rglob("*.sh"))


def program(name: str) -> str | None:
    """A program of this virtual environment or of PATH."""
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def shape(command: str) -> tuple[str, ...]:
    """What the linter looks at: the command's words and the names of its flags, not their values."""
    words = shlex.split(command)
    return (*words[:4], *sorted(word.split("=")[0] for word in words if word.startswith("-")))


def printed(cloud: Cloud) -> list[str]:
    """Every command of gcloud that the scripts print or, where it depends on what is deployed, run."""
    service = next(iter(SERVICES))
    schedule = next(iter(SCHEDULES))
    dry = [
        *((f"{service}/deploy.sh",) for service in SERVICES),
        ("rollback.sh", service),
        ("setup.sh",),
        ("pubsub.sh",),
        ("schedules.sh",),
        ("check.sh",),
        *(("schedules.sh", action, schedule) for action in ("pause", "resume", "executions")),
    ]
    lines = [line for script in dry for line in cloud.run(*script, "--dry-run").stdout.splitlines()]
    for script in ("pubsub.sh", "schedules.sh"):
        cloud.run(script)
    state = cloud.state
    state["subscriptions"]["worker-tasks"]["ackDeadlineSeconds"] = 10
    state["jobs"][f"tipoff-{schedule}"]["schedule"] = "0 9 * * *"
    state["databases"]["(default)"]["deleteProtectionState"] = "DELETE_PROTECTION_DISABLED"
    state["buckets"]["my-archive"]["versioning_enabled"] = False
    state["budgets"]["b-1"]["amount"]["specifiedAmount"]["units"] = "1"
    cloud.set_state(state)
    cloud.calls()
    for script in ("setup.sh", "pubsub.sh", "schedules.sh"):
        cloud.run(script)
    run = [shlex.join(["gcloud", *call]) for call in cloud.calls() if call[0] not in ("bq", "tipoff")]
    return [line for line in lines if line.startswith("gcloud ")] + run


def on_runbooks() -> list[str]:
    """Every gcloud command that a runbook names, on one line."""
    pages = (ROOT / "docs" / "runbooks").rglob("*.md")
    named = [text for page in pages for text in re.findall(r"`(gcloud [^`]+)`", page.read_text("utf-8"))]
    return [" ".join(text.split()) for text in named]


@pytest.mark.skipif(program("gcloud") is None, reason="gcloud is not installed")
def test_every_command_passes_gclouds_own_linter(cloud: Cloud, tmp_path: Path) -> None:
    """Gcloud knows each command and flag that is printed, or stands on a runbook."""
    commands = list({shape(command): command for command in [*printed(cloud), *on_runbooks()]}.values())
    assert len(commands) > len(SERVICES) + 15
    halves = [commands[0::2], commands[1::2]]
    running = []
    for number, half in enumerate(halves):
        file = tmp_path / f"commands-{number}.json"
        file.write_text(json.dumps([{"command_string": command} for command in half]))
        linter = [str(program("gcloud")), "meta", "lint-gcloud-commands", f"--commands-file={file}"]
        environment = {**os.environ, "CLOUDSDK_CONFIG": str(tmp_path / f"config-{number}")}
        running.append(
            subprocess.Popen(linter, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    results = [result for process in running for result in json.loads(process.communicate(timeout=120)[0])]
    assert len(results) == len(commands)
    assert [(result["command_string"], result["error_message"]) for result in results if not result["success"]] == []


@pytest.mark.skipif(program("shellcheck") is None, reason="shellcheck is not installed")
def test_scripts_are_shellcheck_clean() -> None:
    """The checker of shell scripts finds nothing in any of them."""
    command = [
        str(program("shellcheck")),
        "--enable=check-set-e-suppressed,deprecate-which,useless-use-of-cat",
        *SCRIPTS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_stops_at_the_first_failure_and_is_executable(script: str) -> None:
    """Every script is strict and can be called by name."""
    assert (ROOT / script).read_text("utf-8").startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in (ROOT / script).read_text("utf-8")
    assert os.access(ROOT / script, os.X_OK)
