"""`tipoff rehearse`: the live product in accelerated time."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from cli import common
from cli.common import Day, out
from cli.nights import packed, write_parquet
from cli.progress import TimeProgress
from cli.worlds import folder, own_world
from client.api import Client
from devstack import rehearsal, warmup
from devstack.driver import Plan
from devstack.history import History
from shared.basketball.slate import EASTERN, Mode, days

MODES = (Mode.OVERNIGHT, Mode.SAME_DAY)


@click.command()
@common.history_option
@click.option("--from", "first", type=Day(), required=True, help="First date.")
@click.option("--to", "last", type=Day(), required=True, help="Last date; it ends on the morning after.")
@click.option("--speed", type=click.FloatRange(min=1), help="Virtual seconds in a real one at most; default: no bound.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in MODES]),
    default=Mode.SAME_DAY.value,
    show_default=True,
    help="Whose predictions are written.",
)
@click.option("--warmup", "warmup_days", type=click.IntRange(min=0), help="As of `tipoff replay`.")
@click.option("--faults", default="none", show_default=True, help="Faults, as in storm,blocked:stats.nba.com.")
@click.option("--kills", type=click.IntRange(min=0), default=0, help="Kill it so many times, at random moments.")
@click.option("--seed", type=int, default=0, help="Of those moments.")
@click.option(
    "--predictions",
    "parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the last predictions before each tip as Parquet.",
)
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JSON."
)
@common.json_option
@click.option("--dry-run", is_flag=True, help="Only say what would be rehearsed.")
def rehearse(  # noqa: PLR0913 - one argument per option
    *, path: Path | None, first: date, last: date, speed: float | None, mode: str, warmup_days: int | None, faults: str,
    kills: int, seed: int, parquet: Path | None, report_file: Path | None, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Live nights, schedules and pulse and all, against the local upstream; time jumps to the next event."""
    base, history = own_world("rehearse", path, first, last, faults)
    plan = Plan(first, last, Mode(mode), faults, folder(path))
    earlier = warmup.slates(history, plan, warmup_days if warmup_days is not None else warmup.default_days(plan))
    if dry_run:
        slates = [{"game_date": day, "games": len(history.on(day)), "warmup": day < first} for day in earlier]
        slates += [{"game_date": day, "games": len(history.on(day)), "warmup": False} for day in days(first, last)]
        common.print_json(slates)
        return
    part = rehearsal.Part(first, last, faults, speed=speed, kills=kills, seed=seed)
    found: list[pa.Table] = []
    with TimeProgress("rehearsal", part.start, part.end) as progress:
        before = partial(rehearsal.warm_up, history=history, plan=plan, dates=earlier, modes=MODES) if earlier else None
        after = partial(_collect, first, last, mode, found)
        report = common.settle(
            rehearsal.rehearse(base / "rehearsal", history, part, progress, before=before, after=after)
        )
    if parquet is not None:
        write_parquet(pa.concat_tables(found), parquet)
    if report_file is not None:
        with common.writing(report_file):
            rehearsal.write_report(report, report_file)
    if as_json:
        common.print_json(report)
    else:
        _show(report, history)
    late = [night["game_date"] for night in report["nights"] if night["games"] and not night["in_time"]]
    raise click.exceptions.Exit(1 if late else 0)


async def _collect(first: date, last: date, mode: str, found: list[pa.Table], client: Client) -> None:
    """The last predictions before each tip, night by night."""
    found += [packed(await client.get("predictions", game_date=str(day), mode=mode)) for day in days(first, last)]


def _show(report: dict[str, Any], history: History) -> None:
    table = common.table("date", "games", "published", "overnight", "same day", "graded", left=("date", "published"))
    for night in report["nights"]:
        at = night["published_at"]
        when = "-" if at is None else f"{common.instant(at).astimezone(EASTERN):%H:%M} ET"
        cells = (night["games"], when, night["overnight"], night["same_day"], night["graded"])
        table.add_row(night["game_date"], *map(str, cells))
    out.print(table)
    raised = [f"{alert['name']} {alert['scope']}" for alert in report["alerts"]]
    out.print(f"\n{history.source}; started {report['starts']} times; alerts: {', '.join(raised) or 'none'}")
