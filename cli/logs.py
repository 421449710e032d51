"""`tipoff logs`: what the process in the background has logged on this machine."""

import os
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from cli import common
from cli.suggest import Choice
from devstack import here
from live import here as live
from shared.errors import Permanent
from shared.registries.pipeline import STEPS
from shared.runtime.log_lines import SEVERITIES, Wanted, last

_LOOK: Final = 0.3
"""Seconds between looks at a log that is followed."""


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on as more is logged, until it is interrupted.")
@click.option("--run", "run", help="Only lines that name this run, or the runs of this date.")
@click.option("--step", type=Choice(tuple(STEPS)), help="Only lines of this step.")
@click.option("--level", type=click.Choice(SEVERITIES), default="info", show_default=True, help="The least grave.")
@click.option("--lines", "-n", "count", type=click.IntRange(min=0), default=50, show_default=True, help="Of the last.")
@click.option("--json", "as_json", is_flag=True, help="The lines as they were logged.")
def logs(*, follow: bool, run: str | None, step: str | None, level: str, count: int, as_json: bool) -> None:
    """Lines of the log of `tipoff up --detach`, or of `tipoff dev up`. Times are as they were logged."""
    file = log_file(common.place())
    wanted = Wanted(run, step, level, as_json=as_json)
    for text in last(file, wanted, count):
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
