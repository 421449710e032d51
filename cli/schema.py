"""`tipoff schema`: the registry of tables against the warehouse, and the change sets that bring it up to date."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import duckdb

from cli import common
from cli.common import out
from live import daemon as live
from live.backup import WAREHOUSE
from shared.embedded import schema as embedded
from shared.embedded.duck import engine_failure
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.runtime.settings import CommonSettings, load
from shared.tables import TABLES
from shared.tables.change_sets import grouped
from shared.tables.schema import Change, refuse


@click.group()
def schema() -> None:
    """Table definitions against the warehouse."""


@schema.command()
@common.json_option
def plan(as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """What `apply` would change, by change set. Exit code 1 if something must be decided by a person."""
    changes = _plan(load(CommonSettings))
    _show(changes, as_json=as_json, done=False)
    raise click.exceptions.Exit(1 if any(change.kind == "refused" for change in changes) else 0)


@schema.command()
@click.option("--dry-run", is_flag=True, help="As `plan`.")
@common.json_option
@click.pass_context
def apply(context: click.Context, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - flags of the command line
    """Bring the warehouse up to date where it stands: only ever adds. Running it again changes nothing."""
    if dry_run:
        context.invoke(plan, as_json=as_json)
        return
    settings = load(CommonSettings)
    changes = _plan(settings)
    refuse(changes, "the warehouse")
    if changes:
        common.settle(_apply(settings))
    _show(changes, as_json=as_json, done=True)


def _file(settings: CommonSettings) -> Path:
    """The embedded warehouse: of the workspace that is meant, else the home's own."""
    workspace = common.workspace(common.home())
    return (workspace.path if workspace is not None else settings.home) / WAREHOUSE


def _plan(settings: CommonSettings) -> list[Change]:
    if settings.profile == "gcp":
        return common.settle(_cloud_plan(settings))
    path = _file(settings)
    try:
        return embedded.plan(path, TABLES)
    except duckdb.Error as error:
        if "Conflicting lock" in str(error):
            down = "tipoff down" if live.speaks_for(common.home()) else "tipoff dev down"
            raise Permanent(f"the warehouse {path} is in use", remedy=f"stop what runs: `{down}`") from error
        raise engine_failure(error, f"opening {path}") from error


async def _apply(settings: CommonSettings) -> None:
    if settings.profile == "gcp":
        async with _cloud(settings) as warehouse:
            await warehouse.ensure()
    else:
        await DuckDBWarehouse(_file(settings)).close()  # opening it brings it up to date


async def _cloud_plan(settings: CommonSettings) -> list[Change]:
    async with _cloud(settings) as warehouse:
        changes: list[Change] = await warehouse.plan()
        return changes


@asynccontextmanager
async def _cloud(settings: CommonSettings) -> AsyncIterator[Any]:
    from shared.cloud.warehouse import BigQueryWarehouse  # noqa: PLC0415 - it takes most of a second to import

    if settings.project is None:
        raise Permanent("TIPOFF_PROJECT is missing", remedy="set it to the Google Cloud project")
    warehouse = BigQueryWarehouse(settings.project, location=settings.region)
    try:
        yield warehouse
    finally:
        await warehouse.close()


def _show(changes: Sequence[Change], *, as_json: bool, done: bool) -> None:
    change_sets: list[dict[str, Any]] = [
        {"number": each.number, "name": each.name, "why": each.why, "changes": [str(change) for change in left]}
        for each, left in grouped(changes)
    ]
    refused = [str(change) for change in changes if change.kind == "refused"]
    if as_json:
        common.print_json({"applied": done, "change_sets": change_sets, "refused": refused})
        return
    for each in change_sets:
        state = ("applied" if done else "to do") if each["changes"] else "nothing to do"
        out.print(f"{each['number']:>4} {each['name']}: {state}")
        for line in each["changes"]:
            out.print(f"       {line}")
    for line in refused:
        out.print(f"refused {line}")
