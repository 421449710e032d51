"""The one way to call gcloud, curl and git: asking, changing, and printing instead."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Container, Sequence
from typing import Any

from shared.errors import Permanent

ASK_SECONDS = 120.0
CHANGE_SECONDS = 1800.0
"""A build takes minutes."""


def say(line: str) -> None:
    """Tell the person; stdout is for commands and results."""
    sys.stderr.write(line + "\n")


KNOWN = (
    (("billing",), "link a billing account: gcloud billing projects link PROJECT --billing-account=ACCOUNT"),
    (
        ("SERVICE_DISABLED", "has not been used", "not enabled"),
        "deploy/setup.sh enables every API, and a new one takes a minute",
    ),
    (("auth login", "active account", "Reauthentication"), "gcloud auth login"),
    (("default credentials",), "gcloud auth application-default login"),
    (("PERMISSION_DENIED", "does not have permission"), "be an owner of the project"),
)
"""What failures of Google's programs say, and what helps."""


def output(
    command: Sequence[str], *, stdin: str = "", timeout: float = ASK_SECONDS, answers: Container[int] = (0,)
) -> str:
    """What a command prints; an exit code of `answers` is not a failure if it prints something.

    Raises:
        Permanent: it is not installed, takes too long, or fails; the message is its own, as one line.
    """
    try:
        done = subprocess.run(  # noqa: S603 - programs named in this package, arguments never pass a shell
            list(command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    except FileNotFoundError as error:
        raise Permanent(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Permanent(f"{shlex.join(command)}: no answer in {timeout:g} s") from error
    if done.returncode != 0 and not (done.returncode in answers and done.stdout):
        reason = _one_line(done.stderr or done.stdout)
        remedy = next((help_ for words, help_ in KNOWN if any(word in reason for word in words)), "")
        raise Permanent(f"{shlex.join(command)}: {reason}", remedy=remedy)
    return done.stdout


def _one_line(text: str) -> str:
    """A failure's message, from its first line that names an error on."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "error" in line.lower()), 0)
    return " ".join(lines[first:])[:500]


class Gcloud:
    """Google's programs in one project: gcloud, and under their own names others that it has no commands for.

    In a dry run every command is printed, shell-quoted, and none is run.
    """

    def __init__(self, project: str, *, dry_run: bool = False) -> None:
        self._project = project
        self.dry_run = dry_run
        self.changes: list[str] = []
        """The changes made."""

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """What a command finds, an empty list if nothing; in a dry run always."""
        # `tipoff schema plan` prints its answer and fails if a person has to decide.
        answers = (0, 1) if arguments[0] == "env" else (0,)
        answer = self._run(arguments, "--format=json", ASK_SECONDS, answers=answers)
        return json.loads(answer) if answer.strip() else []

    def text(self, *arguments: str) -> str:
        """What a command prints; in a dry run nothing."""
        return self._run(arguments, "", ASK_SECONDS)

    def change(self, *arguments: str, value: Callable[[], str] | None = None) -> str:
        """Change something, once; `value` is the command's standard input. What it prints, in a dry run nothing."""
        line = shlex.join(arguments)
        if line in self.changes:
            return ""
        if not self.dry_run:
            say(f"{' '.join(arguments[:5])} ...")
        stdin = "" if value is None or self.dry_run else value()
        answer = self._run(arguments, "--quiet", CHANGE_SECONDS, stdin)
        self.changes.append(line)
        return answer

    def _run(
        self, arguments: Sequence[str], flag: str, timeout: float, stdin: str = "", answers: tuple[int, ...] = (0,)
    ) -> str:
        match arguments[0]:
            case "env":
                command: tuple[str, ...] = (*arguments,)
            case "bq":
                command = (
                    "bq",
                    "--headless",
                    "--quiet",
                    "--format=json",
                    f"--project_id={self._project}",
                    *arguments[1:],
                )
            case _:
                command = ("gcloud", *arguments, *([flag] if flag else []), f"--project={self._project}")
        if self.dry_run:
            sys.stdout.write(shlex.join(command) + "\n")
            return ""
        return output(command, stdin=stdin, timeout=timeout, answers=answers)


def report(gcloud: Gcloud) -> None:
    """Say how much was changed."""
    if not gcloud.dry_run:
        changes = len(gcloud.changes)
        say(f"{changes} changes" if changes else "everything is as the registry says: nothing changed")
