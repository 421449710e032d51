"""Commands about the learned systems: `train`, `models`."""

import json
from datetime import date
from typing import Any

import click
from rich.table import Table

from cli import common, show
from cli import run as asking
from cli.common import Day, out
from client.runs import summary
from shared.basketball.slate import Mode


@click.command()
@click.option("--as-of", "day", type=Day(), required=True, help="Learn from what was known at 07:00 ET of this date.")
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--dry-run", is_flag=True, help="Only say which steps would start.")
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
@common.mode_option(Mode.OVERNIGHT.value)
@common.coordinator_options
def models(mode: str, *, as_json: bool) -> None:
    """Every model that was trained: what it learned from, how it scored, whether it predicts."""
    rows = _read(mode)
    if as_json:
        common.print_json(rows)
    else:
        out.print(table(rows))


def _read(mode: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = common.ask(lambda client: client.get("models", mode=mode))
    return rows


def table(rows: list[dict[str, Any]]) -> Table:
    """Models, the newest first."""
    about = ("as of", "system", "status", "learned from", "rows", "points MAE", "coverage", "digest", "reason")
    shown = common.table(*about)
    for row in rows:
        points = json.loads(row["metrics"]).get("newest", {}).get("points", {})
        shown.add_row(
            row["game_date"], row["system"], row["status"], f"{row['training_first']} - {row['training_last']}",
            str(row["row_count"]), f"{points['mae']:.3f}" if points else "",
            f"{100 * points['coverage_80']:.1f} %" if points else "", row["digest"][:12], row["reason"] or "",
        )  # fmt: skip
    return shown
