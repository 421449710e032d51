"""Commands about the learned systems: `train`, `models`."""

import json
from datetime import date
from typing import Any

import click
from rich.table import Table

from cli import common, show
from cli import run as asking
from cli.common import Day, out
from cli.paged import Paged, counted
from cli.slates import slate_for
from client.api import Client
from client.runs import summary
from shared.basketball.slate import Mode


@click.command()
@click.option("--as-of", "day", type=Day(), required=True, help="Learn from what was known at 07:00 ET of this date.")
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--dry-run", is_flag=True, help="Only say which steps would be done.")
@common.coordinator_options
def train(day: date, mode: str, *, dry_run: bool, as_json: bool) -> None:
    """Fit the learned systems on what was known before a date, due or not, and let them replace their champions."""
    options = {"targets": ["train"], "retrain": True}
    if dry_run:
        asking.show_dry(asking.would_start(day, Mode(mode), options), as_json=as_json)
        return
    run = asking.ask(day, Mode(mode), options)
    made = [model for model in _read(mode) if model["game_date"] == day.isoformat()]
    if as_json:
        common.print_json({"run": run, "models": made})
    else:
        out.print(table(made))
        show.reasons([summary(run)])
    show.failure([summary(run)])
    raise click.exceptions.Exit(common.EXIT_CODES[run["status"]])


@click.command()
@common.mode_option(None)
@common.coordinator_options
def models(mode: str | None, *, as_json: bool) -> None:
    """Every model that was trained: what it learned from, how it scored, whether it predicts."""

    async def asked(client: Client) -> tuple[str, list[dict[str, Any]]]:
        of = None if mode is not None else await slate_for(client, None, None, program=True)
        kind = mode if mode is not None else Mode.OVERNIGHT.value if of is None else of.mode
        return kind, await client.get("models", mode=kind)

    kind, rows = common.ask(asked)
    if as_json:
        common.print_json(rows)
        return
    newest = f", the newest as of {rows[0]['game_date']}" if rows else ": `tipoff train` makes some"
    shown = Paged(f"{kind}: {counted(len(rows), 'model')}{newest}")
    if rows:
        shown.add(table(rows))
    shown.show()


def _read(mode: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = common.ask(lambda client: client.get("models", mode=mode))
    return rows


def table(rows: list[dict[str, Any]]) -> Table:
    """Models, the newest first."""
    about = ("as of", "system", "status", "learned to", "rows", "MAE", "80 %", "digest", "reason")
    shown = common.table(*about, gap=1, left=("as of", "system", "status", "learned to", "digest", "reason"))
    for row in rows:
        points = json.loads(row["metrics"]).get("newest", {}).get("points", {})
        shown.add_row(
            row["game_date"], row["system"], row["status"], row["training_last"],
            f"{row['row_count']:,}", f"{points['mae']:.3f}" if points else "",
            f"{100 * points['coverage_80']:.1f} %" if points else "", row["digest"][:8], row["reason"] or "",
        )  # fmt: skip
    return shown
