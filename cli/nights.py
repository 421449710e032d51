"""`tipoff replay`: nights of a history in a world of their own."""

import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from cli import common, show
from cli.common import Day, err, out
from cli.progress import SeasonProgress
from cli.worlds import folder, own_world
from devstack import warmup
from devstack.clocked import SCRAPING
from devstack.driver import Plan, held
from devstack.driver import replay as replay_nights
from devstack.history import History
from devstack.stack import running
from devstack.workspace import Workspace
from devstack.world import readable
from shared.basketball.slate import Mode, days
from shared.tables import QUANTILE_COLUMNS

PARQUET = pa.schema(
    [
        ("game_id", pa.string()), ("player_id", pa.int64()), ("game_date", pa.date32()), ("market", pa.string()),
        ("system", pa.string()), ("predicted_at", pa.timestamp("us", tz="UTC")), ("mean", pa.float64()),
        *((column, pa.float64()) for column in QUANTILE_COLUMNS), ("line", pa.float64()), ("p_over", pa.float64()),
    ]
)  # fmt: skip
"""The documented columns of `--predictions`; instants as UTC timestamps, dates as dates."""


@click.command()
@common.history_option
@click.option("--from", "first", type=Day(), required=True, help="First slate.")
@click.option("--to", "last", type=Day(), required=True, help="Last slate.")
@common.mode_option(Mode.SAME_DAY.value)
@click.option("--faults", default="none", show_default=True, help="Faults, as in storm,blocked:stats.nba.com.")
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JSON."
)
@click.option(
    "--predictions",
    "parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the predictions as Parquet.",
)
@click.option(
    "--warmup",
    "warmup_days",
    type=click.IntRange(min=0),
    help="Days before --from whose features are made for the models to learn from; 0: none. Default: none for less "
    f"than {warmup.SHORT} days, else from the start of the season before last.",
)
@common.json_option
@click.option("--dry-run", is_flag=True, help="Only say which slates would be warmed up and replayed.")
def replay(  # noqa: PLR0913 - one argument per option
    *, path: Path | None, first: date, last: date, mode: str, faults: str, report_file: Path | None,
    parquet: Path | None, warmup_days: int | None, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Real seasons night by night through the production code, at a virtual clock; grades the last night too."""
    base, history = own_world("replay", path, first, last, faults)
    plan = Plan(first, last, Mode(mode), faults, folder(path))
    slates = [(day, len(history.on(day))) for day in days(first, last)]
    earlier = warmup.slates(history, plan, warmup_days if warmup_days is not None else warmup.default_days(plan))
    if dry_run:
        common.print_json(
            [{"game_date": day, "games": len(history.on(day)), "warmup": True} for day in earlier]
            + [{"game_date": day, "games": games, "warmup": False} for day, games in slates]
        )
        return
    if earlier or err.is_terminal:
        err.print(_announced(earlier))
    with held(base, "replay", history, plan, [str(day) for day in earlier[:1]]) as workspace:
        with SeasonProgress(f"replay {mode}", len(earlier) + len(slates) + 1) as progress:
            before = partial(warmup.warm_up, history, plan, earlier, progress) if earlier else None
            runner = partial(running, scraping=SCRAPING) if earlier else running
            report = common.settle(replay_nights(workspace, history, plan, progress, runner=runner, before=before))
        if parquet is not None:
            write_parquet(common.settle(_all_predictions(workspace, history, plan)), parquet)
    if report_file is not None:
        _write_text(report_file, json.dumps(report, indent=1, default=str))
    if as_json:
        common.print_json(report)
    else:
        out.print(show.nights_table(report["nights"]))
        out.print()
        out.print(show.accuracy_table(report["totals"]["accuracy"]))
        show.reasons([*report["nights"], report["grading"]])
    show.failure([*report["nights"], report["grading"]])
    raise click.exceptions.Exit(common.EXIT_CODES[report["status"]])


def _announced(earlier: list[date]) -> str:
    """What is done before the first night, in one line."""
    if not earlier:
        return "no warm-up: the learned systems are absent until enough slates have been served (see --warmup)"
    return f"warm-up: features of {len(earlier)} slates from {earlier[0]} to {earlier[-1]}, then the nights"


async def _all_predictions(workspace: Workspace, history: History, plan: Plan) -> pa.Table:
    """Night by night, each packed as it comes: a season's rows as dictionaries would fill the machine."""
    nights = [packed([])]
    async with readable(workspace, history) as client:
        for day in days(plan.first, plan.last):
            rows = await client.get("predictions", game_date=day.isoformat(), mode=plan.mode.value)
            nights.append(packed(rows))
    return pa.concat_tables(nights)


def packed(rows: list[dict[str, Any]]) -> pa.Table:
    """Predictions as the API gives them, as a table of `PARQUET`'s columns."""
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in PARQUET.names}
    columns["game_date"] = [date.fromisoformat(value) for value in columns["game_date"]]
    columns["predicted_at"] = [common.instant(value) for value in columns["predicted_at"]]
    return pa.table(columns, schema=PARQUET)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table of `PARQUET`'s columns."""
    with common.writing(path):
        pq.write_table(table, path)


def _write_text(path: Path, text: str) -> None:
    with common.writing(path):
        path.write_text(text + "\n")
