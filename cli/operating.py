"""Commands of operations: `grid`, `cascade`, `alerts`, `reconcile`. All through the coordinator's API."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import click
from rich.table import Table

from cli import common
from cli.common import Day, T, out
from client.answers import Alert, GridCell, Run
from client.api import Client
from shared.basketball.slate import Mode
from shared.errors import Permanent

_COLOURS = {
    "done": "green", "idle": "dim", "pending": "dim", "degraded": "yellow", "waiting": "yellow", "running": "cyan",
    "missing": "red", "gone": "red", "failed": "red", "blocked": "magenta",
}  # fmt: skip
_BAD = ("missing", "gone", "failed", "blocked")


def _range(command: common.F) -> common.F:
    """Add `--from` and `--to`."""
    last = click.option("--to", "last", type=Day(), help="Last slate; default: the latest run's.")
    return click.option("--from", "first", type=Day(), help="First slate; default: the latest run's.")(last(command))


@click.command()
@_range
@common.mode_option(Mode.OVERNIGHT.value)
@common.coordinator_options
def grid(first: date | None, last: date | None, mode: str, *, as_json: bool) -> None:
    """Date x step: expected, verified, missing, degraded, why. Exit code 1 if anything is missing, 3 if degraded."""
    if first is not None and last is not None and last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    cells = _of_slates(Client.grid, first, last, mode)
    if as_json or not out.is_terminal:
        common.print_json(cells)
    else:
        out.print(grid_table(cells))
        for cell in cells:
            if cell["why"] and cell["status"] not in ("done", "idle", "blocked"):
                out.print(f"[{_COLOURS[cell['status']]}]{cell['game_date']} {cell['step']}[/]: {cell['why']}")
    statuses = {cell["status"] for cell in cells}
    bad = not statuses.isdisjoint(_BAD)
    raise click.exceptions.Exit(1 if bad else 3 if not statuses <= {"done", "idle"} else 0)


def grid_table(cells: Sequence[GridCell]) -> Table:
    """A row per slate, a column per step: verified of expected, coloured by status."""
    steps = list(dict.fromkeys(cell["step"] for cell in cells))
    table = common.table("slate", gap=1)
    for step in steps:
        table.add_column(step, justify="right", overflow="fold")
    by_slate: dict[str, dict[str, GridCell]] = {}
    for cell in cells:
        by_slate.setdefault(cell["game_date"], {})[cell["step"]] = cell
    for day, row in by_slate.items():
        table.add_row(day, *(_square(row[step]) for step in steps))
    return table


def _square(cell: GridCell) -> str:
    text = "-" if cell["status"] == "idle" else f"{cell['verified']}/{cell['expected']}"
    return f"[{_COLOURS[cell['status']]}]{text}[/]"


@click.command()
@_range
@common.mode_option(Mode.OVERNIGHT.value)
@common.coordinator_options
def cascade(first: date | None, last: date | None, mode: str, *, as_json: bool) -> None:
    """Timing, delays, presence, coverage and freshness: the monitoring queries."""
    answers = _of_slates(lambda client, **slates: client.get("cascade", **slates), first, last, mode)
    if as_json:
        common.print_json(answers)
        return
    for name, rows in answers.items():
        out.print(_rows_table(name, rows))
        out.print()


def _of_slates(read: Callable[..., Awaitable[T]], first: date | None, last: date | None, mode: str) -> T:
    """What `read` answers for the slates asked for, by default the latest run's."""

    async def asked(client: Client) -> T:
        slates = (first, last)
        if first is None or last is None:
            latest = _latest(await client.runs(mode=mode), mode)
            slates = (first or latest, last or latest)
        return await read(client, first=str(slates[0]), last=str(slates[1]), mode=mode)

    return common.ask(asked)


def _latest(runs: Sequence[Run], mode: str) -> date:
    """The newest slate that was run to its predictions, else, as after a partial backfill, to anything."""
    if not runs:
        raise Permanent(f"no {mode} run yet", remedy="name the slates with --from and --to, or see `tipoff run`")
    full = [run for run in runs if "publish" in run["steps"]]
    return max(date.fromisoformat(run["game_date"]) for run in (full or runs))


def _rows_table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = common.table(*(rows[0] if rows else ("nothing",)), title=title)
    for row in rows:
        table.add_row(
            *(
                "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
                for value in row.values()
            )
        )
    return table


@click.group(invoke_without_command=True)
@click.option("--all", "resolved", is_flag=True, help="Also those that are resolved.")
@click.option("--resolve", nargs=2, metavar="NAME SCOPE", help="Resolve this one: a person has seen to it.")
@click.option("--dry-run", is_flag=True, help="With --resolve: only say what would be resolved.")
@common.coordinator_options
@click.pass_context
def alerts(
    context: click.Context, *, resolved: bool, resolve: tuple[str, str] | None, dry_run: bool, as_json: bool
) -> None:
    """Open alerts, gravest first; docs/runbooks has a page for each. Exit code 1 when one is a page, 3 for tickets."""
    if context.invoked_subcommand is not None:
        return

    async def asked(client: Client) -> list[Alert]:
        if resolve is not None and not dry_run:
            await client.post("alerts", {"name": resolve[0], "scope": resolve[1]})
        return await client.alerts(**({"resolved": "1"} if resolved else {}))

    rows = common.ask(asked, changing=resolve is not None and not dry_run)
    if resolve is not None and dry_run:
        rows = [row for row in rows if (row["name"], row["scope"]) == resolve]
    if as_json:
        common.print_json(rows)
    else:
        for row in rows:
            state = "" if row["resolved_at"] is None else f" (resolved {row['resolved_at']})"
            colour = "red" if row["severity"] == "page" else "yellow"
            out.print(
                f"[{colour}]{row['severity']:6}[/] {row['name']} {row['scope']}: {row['detail']}{state}", markup=True
            )
            out.print(f"       {row['meaning']}; since {row['raised_at']}; docs/runbooks/{row['name']}.md")
        if not rows:
            out.print("no alerts")
    opened = [row["severity"] for row in rows if row["resolved_at"] is None]
    raise click.exceptions.Exit(1 if "page" in opened else 3 if opened else 0)


@alerts.command()
@click.option("--dry-run", is_flag=True, help="Only name the channels.")
@common.coordinator_options
def test(*, dry_run: bool, as_json: bool) -> None:
    """Send a test message to every channel that alerts go to. Exit code 1 when one has not taken it."""
    rows = common.ask(lambda client: client.test_alerts(dry_run=dry_run), changing=True)
    if as_json:
        common.print_json(rows)
    else:
        for row in rows:
            out.print(
                f"{row['channel']}: {row['outcome']}" + (f": {row['reason']}" if row["reason"] else ""), markup=False
            )
    raise click.exceptions.Exit(1 if any(row["outcome"] == "failed" for row in rows) else 0)


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 400), default=3, show_default=True, help="Slates before today's to look at."
)
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--dry-run", is_flag=True, help="Only say what would be asked for.")
@common.coordinator_options
def reconcile(days: int, mode: str, *, dry_run: bool, as_json: bool) -> None:
    """Compare the grid with what exists and ask for what is missing; then go the watch's round."""
    answer = common.ask(lambda client: client.reconcile(days=days, mode=mode, dry_run=dry_run), changing=True)
    if as_json:
        common.print_json(answer)
        return
    for line in answer["asked"]:
        out.print(f"{line['run']}: {line['does']} ({line['why']})", markup=False)
    if not answer["asked"]:
        out.print("nothing to heal")
