"""What the commands that start simulated worlds share: `--history`, and which slates there are."""

from datetime import date
from pathlib import Path

import click

from cli import common
from devstack import daemon
from devstack.history import History
from devstack.league import open_history
from devstack.upstream.faults import FaultProfile
from shared.errors import Permanent


def folder(path: Path | None) -> str | None:
    """`--history` as a session keeps it, valid from anywhere; a folder that is not there is a wrong flag."""
    if path is not None and not path.is_dir():
        raise click.BadParameter(f"{path} is not a folder: name a folder of Parquet tables", param_hint="--history")
    return None if path is None else str(path.resolve())


def own_world(command: str, path: Path | None, first: date, last: date, faults: str) -> tuple[Path, History]:
    """(TIPOFF_HOME, history) of a command that goes through dates in a world of its own; wrong flags are refused."""
    try:
        FaultProfile.named(faults)
    except Permanent as error:
        raise click.BadParameter(str(error), param_hint="--faults") from error
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    base = common.home()
    daemon.refuse_beside(base, command)
    history = open_history(folder(path))
    refuse_outside(history, first, last)
    return base, history


def refuse_outside(history: History, first: date, last: date, *, served: bool = False) -> None:
    """Raises for dates the history knows nothing of; `served`: a running stack's history, so there is no other."""
    known = f"{history.source} has slates from {min(history.dates)} to {history.last_date}"
    if served:
        known += ", and the local stack runs on it: `tipoff dev down` first for another"
    if last > history.last_date:
        raise click.UsageError(f"{last} is in the future: {known}")
    if first < min(history.dates):
        raise click.UsageError(f"{first} is too early: {known}")
