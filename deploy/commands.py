"""The one way to call gcloud, curl and git: asking, changing, and printing instead."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from shared.errors import Permanent

ASK_SECONDS = 120.0
CHANGE_SECONDS = 1800.0
"""A build takes minutes."""


def say(line: str) -> None:
    """Tell the person; stdout is for commands and results."""
    sys.stderr.write(line + "\n")


def output(command: Sequence[str], *, stdin: str = "", timeout: float = ASK_SECONDS) -> str:
    """What a command prints.

    Raises:
        Permanent: it is not installed, takes too long, or fails; the message is its own.
    """
    try:
        done = subprocess.run(  # noqa: S603 - programs named in this package, arguments never pass a shell
            list(command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    except FileNotFoundError as error:
        raise Permanent(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Permanent(f"{shlex.join(command)}: no answer in {timeout:g} s") from error
    if done.returncode != 0:
        raise Permanent(f"{shlex.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Gcloud:
    """gcloud in one project.

    In a dry run every command is printed, shell-quoted, and none is run; a read-only one asks but changes nothing.
    """

    def __init__(self, project: str, *, dry_run: bool = False, read_only: bool = False) -> None:
        self._project = project
        self.dry_run = dry_run
        self._read_only = read_only
        self.changes: list[str] = []
        """The changes made or, where they are not, that would be."""

    def ask(self, *arguments: str) -> list[dict[str, Any]]:
        """The resources that a `list` command finds; in a dry run none."""
        answer = self._run((*arguments, "--format=json"), ASK_SECONDS)
        found: list[dict[str, Any]] = json.loads(answer) if answer.strip() else []
        return found

    def policy(self, *arguments: str) -> list[tuple[str, str]]:
        """(role, member) pairs that a `get-iam-policy` command finds; in a dry run none."""
        answer = self._run((*arguments, "--format=json"), ASK_SECONDS)
        policy: dict[str, Any] = json.loads(answer) if answer.strip() else {}
        return [(binding["role"], member) for binding in policy.get("bindings", ()) for member in binding["members"]]

    def text(self, *arguments: str) -> str:
        """What a command prints; in a dry run nothing."""
        return self._run(arguments, ASK_SECONDS)

    def change(self, *arguments: str) -> str:
        """Change something; what the command prints, in a dry run nothing."""
        self.changes.append(shlex.join(arguments))
        if self._read_only:
            return ""
        if not self.dry_run:
            say(f"{' '.join(arguments[:4])} ...")
        return self._run((*arguments, "--quiet"), CHANGE_SECONDS)

    def bind(self, group: str, name: str, *place: str, member: str, role: str) -> None:
        """Give `member` a role on a resource, named by its gcloud group, unless it has it already."""
        words = group.split()
        if (role, member) not in self.policy(*words, "get-iam-policy", name, *place):
            self.change(*words, "add-iam-policy-binding", name, *place, f"--member={member}", f"--role={role}")

    def _run(self, arguments: Sequence[str], timeout: float) -> str:
        command = ("gcloud", *arguments, f"--project={self._project}")
        if self.dry_run:
            sys.stdout.write(shlex.join(command) + "\n")
            return ""
        return output(command, timeout=timeout)


def report(gcloud: Gcloud) -> None:
    """Say how much was changed."""
    if not gcloud.dry_run:
        changes = len(gcloud.changes)
        say(f"{changes} changes" if changes else "everything is as the registry says: nothing changed")


def same(wanted: object, deployed: object) -> bool:
    """Whether everything wanted is deployed so; what is not wanted is not looked at. `{}` asks for exactly nothing."""
    if isinstance(wanted, dict) and wanted:
        return isinstance(deployed, dict) and all(same(value, deployed.get(key)) for key, value in wanted.items())
    return wanted == deployed or (wanted == {} and deployed is None)
