"""Commands that run nights: `demo`, `replay`, `run`."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from cli import common, show
from cli.common import Day, err, out
from devstack import daemon, warmup
from devstack.backfill import SCRAPING
from devstack.client import Client, connect
from devstack.driver import Plan, follow, last_cutoff, summary
from devstack.driver import replay as replay_nights
from devstack.history import History
from devstack.league import open_history
from devstack.stack import running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace, current
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent
from shared.registries.markets import MARKETS
from shared.registries.systems import headline
from shared.tables import QUANTILE_COLUMNS

PARQUET_COLUMNS = (
    "game_id", "player_id", "game_date", "market", "system", "predicted_at", "mean", *QUANTILE_COLUMNS, "line",
    "p_over",
)  # fmt: skip


@click.command()
@click.option(
    "--history",
    "path",
    type=click.Path(path_type=Path),
    help="Folder of Parquet tables instead of the generated league.",
)
@common.mode_option(Mode.OVERNIGHT.value)
@click.option(
    "--market", default="points", show_default=True, type=click.Choice(tuple(MARKETS)), help="Market to print."
)
@common.json_option
@click.option("--dry-run", is_flag=True, help="Only say which slate would be run.")
def demo(path: Path | None, mode: str, market: str, *, as_json: bool, dry_run: bool) -> None:
    """One night, end to end, on this machine: scrape, analyse, predict, publish; next morning, grade."""
    base = common.home()
    history = _open(path)
    plan = Plan(history.last_date, history.last_date, Mode(mode), "none", _absolute(path))
    if dry_run:
        common.print_json([{"game_date": plan.first, "games": len(history.on(plan.first))}])
        return
    with _workspace(base, "demo", history, plan) as workspace, show.NightProgress("night of") as progress:
        report = common.settle(replay_nights(workspace, history, plan, progress, kind="demo"))
    rows = common.settle(_read_predictions(base))
    if as_json:
        common.print_json({"report": report, "predictions": rows})
    else:
        out.print(show.predictions_table(headline([row for row in rows if row["market"] == market]), market))
        [night] = report["nights"]
        out.print()
        out.print(show.accuracy_table(night["accuracy"]))
        out.print(
            f"\n{night['predictions']} predictions for {night['games']['expected']} games of {plan.first}, "
            f"{night['graded']} graded, {night['voided']} void (did not play); {night['wall_seconds']:.1f} s"
        )
        out.print("Next: `tipoff predictions --json`, `tipoff status`, `tipoff replay --help`")
        show.reasons([*report["nights"], report["grading"]])
    show.failure([*report["nights"], report["grading"]])
    raise click.exceptions.Exit(common.EXIT_CODES[report["status"]])


@click.command()
@click.option("--history", "path", type=click.Path(path_type=Path), required=True, help="Folder of Parquet tables.")
@click.option("--from", "first", type=Day(), required=True, help="First slate.")
@click.option("--to", "last", type=Day(), required=True, help="Last slate.")
@common.mode_option(Mode.SAME_DAY.value)
@click.option("--faults", default="none", show_default=True, help="Fault profile of the local upstream, e.g. storm.")
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
    *, path: Path, first: date, last: date, mode: str, faults: str, report_file: Path | None, parquet: Path | None,
    warmup_days: int | None, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Real seasons night by night through the production code, at a virtual clock; grades the last night too."""
    try:
        FaultProfile.named(faults)
    except Permanent as error:
        raise click.BadParameter(str(error), param_hint="--faults") from error
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    base = common.home()
    history = _open(path)
    plan = Plan(first, last, Mode(mode), faults, _absolute(path))
    _refuse_outside(history, first, last)
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
    with (
        _workspace(base, "replay", history, plan, [str(day) for day in earlier[:1]]) as workspace,
        show.SeasonProgress(f"replay {mode}", len(earlier) + len(slates) + 1) as progress,
    ):
        before = partial(warmup.warm_up, history, plan, earlier, progress) if earlier else None
        runner = partial(running, scraping=SCRAPING) if earlier else running
        report = common.settle(replay_nights(workspace, history, plan, progress, runner=runner, before=before))
    if parquet is not None:
        _write_parquet(common.settle(_all_predictions(base, plan)), parquet)
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


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest of the current workspace.")
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--from-phase", type=click.IntRange(1, 6), help="Do this phase and the later ones again.")
@click.option("--force", is_flag=True, help="Do everything again.")
@click.option("--dry-run", is_flag=True, help="Only say which steps would start.")
@common.json_option
def run(day: date | None, mode: str, from_phase: int | None, *, force: bool, dry_run: bool, as_json: bool) -> None:
    """Process one slate: start it, resume it, or with --force do it again."""
    base = common.home()
    result = common.settle(ask(base, day, Mode(mode), {"from_phase": from_phase, "force": force, "dry_run": dry_run}))
    if as_json:
        common.print_json(result)
    elif dry_run:
        out.print("would start: " + (", ".join(result["starts"]) or "nothing, it is done"))
    else:
        night = summary(result)
        out.print(f"run {night['run_id']}: {night['status']}")
        schedule = night["tables"].get("raw.games", {})
        if schedule.get("expected") == 0:
            out.print(f"no games on {night['game_date']}: nothing to predict")
        show.reasons([night])
    if not dry_run:
        show.failure([summary(result)])
    raise click.exceptions.Exit(0 if dry_run else common.EXIT_CODES[result["status"]])


def tell(run: dict[str, Any]) -> None:
    """Why steps of a run are not as they should be, or what they have to say."""
    show.reasons([summary(run)])


def refuse_failure(run: dict[str, Any]) -> None:
    """Raises if the run failed."""
    show.failure([summary(run)])


async def ask(base: Path, day: date | None, mode: Mode, options: dict[str, Any]) -> dict[str, Any]:
    """Ask the running stack for a run, or a stack of this command's own in the current workspace."""
    stack = daemon.running_stack(base)
    workspace = current(base)
    session = {} if workspace is None else workspace.read_session()
    history = open_history(session.get("history"))
    day = day if day is not None else _latest(history, workspace)
    _refuse_outside(history, day, day)
    instant = last_cutoff(history, day, mode)
    if stack is not None:
        async with connect(stack.url, stack.api_key) as client:
            if not options["dry_run"]:
                await daemon.set_clock(stack, instant)
            return await _request(client, day, mode, options)
    with TemporaryDirectory() as nowhere:  # a dry run makes nothing where nothing is
        fresh = Workspace(Path(nowhere) if options["dry_run"] else base, "demo")
        workspace = workspace if workspace is not None else fresh
        workspace.make()
        with workspace.lock():
            if not options["dry_run"]:
                new: dict[str, Any] = {"finished": True, "history": None, "nights": []}
                workspace.write_session(new | session | {"clock": instant.isoformat()})
            async with (
                running(workspace, history, VirtualClock(instant), FaultProfile.named("none")) as local,
                connect(local.urls["coordinator"], local.api_key) as client,
            ):
                return await _request(client, day, mode, options)


async def _request(client: Client, day: date, mode: Mode, options: dict[str, Any]) -> dict[str, Any]:
    answer = await client.start_run(day, mode.value, source="cli", retrospective=True, **options)
    if options["dry_run"]:
        return answer
    with show.NightProgress("night of") as progress:
        return await follow(client, answer, progress)


def _absolute(path: Path | None) -> str | None:
    """As the session keeps it: valid from any folder."""
    return None if path is None else str(path.resolve())


def _latest(history: History, workspace: Workspace | None) -> date:
    stood = None if workspace is None else workspace.clock()
    known = [day for day in history.dates if stood is None or last_cutoff(history, day, Mode.OVERNIGHT) <= stood]
    return max(known, default=history.last_date)


def _open(path: Path | None) -> History:
    """The history of `--history`; a folder that is not there is a wrong flag, a broken table in it a failure."""
    if path is not None and not path.is_dir():
        raise click.BadParameter(f"{path} is not a folder: name a folder of Parquet tables", param_hint="--history")
    return open_history(_absolute(path))


def _refuse_outside(history: History, first: date, last: date) -> None:
    """Raises for dates the history knows nothing of: in the future of its last slate, or before its first."""
    known = f"{history.source} has slates from {min(history.dates)} to {history.last_date}"
    if last > history.last_date:
        raise click.UsageError(f"{last} is in the future: {known}")
    if first < min(history.dates):
        raise click.UsageError(f"{first} is too early: {known}")


def _announced(earlier: list[date]) -> str:
    """What is done before the first night, in one line."""
    if not earlier:
        return "no warm-up: the learned systems are absent until enough slates have been served (see --warmup)"
    return f"warm-up: features of {len(earlier)} slates from {earlier[0]} to {earlier[-1]}, then the nights"


@contextmanager
def _workspace(base: Path, kind: str, history: History, plan: Plan, more: Sequence[str] = ()) -> Iterator[Workspace]:
    """The workspace of this very command, held: kept if it is unfinished, else made afresh."""
    identity = json.dumps([history.fingerprint, str(plan.first), str(plan.last), plan.mode, plan.faults, *more])
    workspace = Workspace(base, f"{kind}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}")
    with workspace.lock():  # to the end: of two equal commands neither may wipe what the other has begun
        if workspace.read_session().get("finished", True):
            workspace.wipe()
        workspace.make()
        yield workspace


async def _read_predictions(base: Path) -> list[dict[str, Any]]:
    async with common.api(base) as client:
        rows: list[dict[str, Any]] = await client.get("predictions")
    return rows


async def _all_predictions(base: Path, plan: Plan) -> pa.Table:
    """Night by night, each packed as it comes: a season's rows as dictionaries would fill the machine."""
    nights = [_packed([])]
    async with common.api(base) as client:
        for day in days(plan.first, plan.last):
            rows = await client.get("predictions", game_date=day.isoformat(), mode=plan.mode.value)
            nights.append(_packed(rows))
    return pa.concat_tables(nights)


def _packed(rows: list[dict[str, Any]]) -> pa.Table:
    """The documented columns of `--predictions`; instants as UTC timestamps, dates as dates."""
    schema = pa.schema(
        [
            ("game_id", pa.string()), ("player_id", pa.int64()), ("game_date", pa.date32()), ("market", pa.string()),
            ("system", pa.string()), ("predicted_at", pa.timestamp("us", tz="UTC")), ("mean", pa.float64()),
            *((column, pa.float64()) for column in QUANTILE_COLUMNS), ("line", pa.float64()), ("p_over", pa.float64()),
        ]
    )  # fmt: skip
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in PARQUET_COLUMNS}
    columns["game_date"] = [date.fromisoformat(value) for value in columns["game_date"]]
    columns["predicted_at"] = [common.instant(value) for value in columns["predicted_at"]]
    return pa.table(columns, schema=schema)


def _write_parquet(table: pa.Table, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    except OSError as error:
        raise Permanent(f"cannot write {path}: {error}", remedy="name a writable file") from error


def _write_text(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    except OSError as error:
        raise Permanent(f"cannot write {path}: {error}", remedy="name a writable file") from error
