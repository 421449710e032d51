"""`tipoff logs`: what the process in the background has logged on this machine."""

import json
import os
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click

from cli import common
from devstack import here
from live import here as live
from shared.errors import Permanent

_LOOK: Final = 0.3
"""Seconds between looks at a log that is followed."""
_SEVERITIES: Final = ("debug", "info", "warning", "error", "critical")


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on as more is logged, until it is interrupted.")
@click.option("--run", "run", help="Only lines that name this run, or the runs of this date.")
@click.option("--level", type=click.Choice(_SEVERITIES), default="info", show_default=True, help="The least grave.")
@click.option("--lines", "-n", "count", type=click.IntRange(min=0), default=50, show_default=True, help="Of the last.")
@click.option("--json", "as_json", is_flag=True, help="The lines as they were logged.")
def logs(*, follow: bool, run: str | None, level: str, count: int, as_json: bool) -> None:
    """Lines of the log of `tipoff up --detach`, or of `tipoff dev up`. Times are as they were logged."""
    file = log_file(common.place())
    wanted = Wanted(run, level, as_json=as_json)
    found = [line for path in (*reversed(rotated(file)), file) for line in _read(path)]
    shown = [text for text in map(wanted.shown, found) if text is not None]
    for text in shown[-count:] if count else []:
        click.echo(text)
    for line in more(file) if follow else ():
        new = wanted.shown(line)
        if new is not None:
            click.echo(new)


def log_file(base: Path) -> Path:
    """The log of what runs, or ran, in a home.

    Raises:
        Permanent: nothing has logged there: a coordinator elsewhere logs where it runs.
    """
    if live.speaks_for(base):
        file = live.workspace_of(base).path / live.LOG
        if file.is_file():
            return file
        raise Permanent(f"there is no {file}", remedy="`tipoff up --detach` writes it")
    stack = here.running_stack(base)
    workspace = common.workspace_or_fail(base) if stack is None else None
    folder = base / stack.workspace if stack is not None else workspace.path if workspace is not None else base
    file = folder / here.LOG
    if file.is_file():
        return file
    raise Permanent(f"there is no {file}", remedy="`tipoff dev up` writes it; commands say on stderr what ails them")


def rotated(file: Path) -> list[Path]:
    """Earlier files of a log, the newest first."""
    found = []
    number = 1
    while (earlier := file.with_name(f"{file.name}.{number}")).is_file():
        found.append(earlier)
        number += 1
    return found


class Wanted:
    """Which lines, and how they are shown."""

    def __init__(self, run: str | None, level: str, *, as_json: bool) -> None:
        self._run = run
        self._levels = _SEVERITIES[_SEVERITIES.index(level) :]
        self._as_json = as_json

    def shown(self, line: str) -> str | None:
        """The line, as it is shown; None if nobody asked for it. What is no JSON has no level."""
        if self._run is not None and self._run not in line:
            return None
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            return line
        if str(event.get("severity", "info")).lower() not in self._levels:
            return None
        return line if self._as_json else _readable(event)


def _readable(event: dict[str, Any]) -> str:
    """Like "2024-12-20T12:00:00Z INFO run_started run_id=2024-12-20.overnight.1"."""
    labels = event.pop("logging.googleapis.com/labels", {})
    head = [str(event.pop(name)) for name in ("time", "severity", "message") if name in event]
    fields = [f"{name}={value}" for name, value in {**labels, **event}.items()]
    return " ".join([*head, *fields])


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError as error:
        raise Permanent(f"cannot read {path}: {error.strerror}", remedy="make it readable") from error


def more(file: Path) -> Generator[str]:
    """Lines that are added to a log from now on, also once it has been rotated; for ever."""
    with ExitStack() as opened:
        stream = opened.enter_context(file.open(errors="replace"))
        stream.seek(0, os.SEEK_END)
        rest = ""
        while True:
            rest += stream.readline()
            if rest.endswith("\n"):
                yield rest.rstrip("\n")
                rest = ""
                continue
            time.sleep(_LOOK)
            if file.is_file() and file.stat().st_ino != os.fstat(stream.fileno()).st_ino:
                opened.close()
                stream = opened.enter_context(file.open(errors="replace"))
