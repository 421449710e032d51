"""Commands of operations: `grid`, `cascade`, `alerts`, `reconcile`. All through the coordinator's API."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from cli import common
from cli.common import Day, T, out
from cli.paged import Paged, narrow
from cli.slates import Slate, slate
from client.answers import Alert, GridCell
from client.api import Client
from shared.basketball.slate import EASTERN, Mode

_COLOURS = {
    "done": "green", "idle": "dim", "pending": "dim", "degraded": "yellow", "waiting": "yellow", "running": "cyan",
    "missing": "red", "gone": "red", "failed": "red", "blocked": "magenta",
}  # fmt: skip
_BAD = ("missing", "gone", "failed", "blocked")
_LEGEND = {
    ".": ("done",), "-": ("idle",), "~": ("degraded",), "w": ("waiting",), "r": ("running",), "p": ("pending",),
    "!": ("missing", "gone", "failed"), "b": ("blocked",),
}  # fmt: skip
"""How a step's status is shown where there is room for a character."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def _range(command: common.F) -> common.F:
    """Add `--from` and `--to`."""
    last = click.option("--to", "last", type=Day(), help="Last slate; default: the latest run's.")
    return click.option("--from", "first", type=Day(), help="First slate; default: the latest run's.")(last(command))


@click.command()
@_range
@common.mode_option(None)
@common.coordinator_options
def grid(first: date | None, last: date | None, mode: str | None, *, as_json: bool) -> None:
    """Date x step: expected, verified, missing, degraded, why. Exit code 1 if anything is missing, 3 if degraded."""
    if first is not None and last is not None and last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    of, cells = _of_slates(Client.grid, first, last, mode)
    if as_json:
        common.print_json(cells)
    else:
        _show_grid(of, cells)
    statuses = {cell["status"] for cell in cells}
    bad = not statuses.isdisjoint(_BAD)
    raise click.exceptions.Exit(1 if bad else 3 if not statuses <= {"done", "idle"} else 0)


def _show_grid(of: str, cells: Sequence[GridCell]) -> None:
    days = list(dict.fromkeys(cell["game_date"] for cell in cells))
    counts = Counter(cell["status"] for cell in cells)
    total = ", ".join(f"{n} {status}" for status, n in sorted(counts.items(), key=lambda each: -each[1]))
    slates = "" if len(days) == 1 else f"{len(days)} slates, "
    shown = Paged(f"{of}: {slates}{len(cells)} steps, {total}")
    shown.add(steps_table(cells) if len(days) == 1 else slates_table(cells))
    if len(days) > 1:
        shown.add("legend: " + ", ".join(f"{mark} {', '.join(names)}" for mark, names in _LEGEND.items()))
        for line in reasons(cells):
            shown.add(line)
    shown.show()


def steps_table(cells: Sequence[GridCell]) -> Table:
    """One slate, a row per step: verified of expected, coloured by status."""
    table = common.table("step", "status", "units", "why", left=("step", "status", "why"), gap=1)
    for cell in cells:
        units = "-" if cell["status"] == "idle" else f"{cell['verified']}/{cell['expected']}"
        colour = _COLOURS[cell["status"]]
        table.add_row(cell["step"], f"[{colour}]{cell['status']}[/]", units, escape(cell["why"]))
    return table


def reasons(cells: Sequence[GridCell]) -> list[str]:
    """Why steps are not done, those of a slate with one reason in one line."""
    by_reason: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        if cell["why"] and cell["status"] not in ("done", "idle", "blocked"):
            why = cell["why"].partition(";")[0]  # behind it is how much of the step is there
            by_reason.setdefault((cell["game_date"], cell["status"], why), []).append(cell["step"])
    return [
        f"{day} {status}, {why}: {steps[0]}" + (f" and {len(steps) - 1} more" if len(steps) > 1 else "")
        for (day, status, why), steps in by_reason.items()
    ]


def slates_table(cells: Sequence[GridCell]) -> Table:
    """Several slates, a row for each: a mark for each step in the order of the pipeline, and how many are done."""
    steps = list(dict.fromkeys(cell["step"] for cell in cells))
    table = common.table("slate", "steps", "done", "not done", left=("slate", "steps", "not done"), gap=1)
    by_slate: dict[str, dict[str, GridCell]] = {}
    for cell in cells:
        by_slate.setdefault(cell["game_date"], {})[cell["step"]] = cell
    for day, row in by_slate.items():
        marks = "".join(_mark(row[step]) if step in row else " " for step in steps)
        done = sum(cell["status"] in ("done", "idle") for cell in row.values())
        left = [step for step, cell in row.items() if cell["status"] not in ("done", "idle")]
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        table.add_row(day, marks, f"{done}/{len(row)}", f"{left[0]}{more}" if left else "")
    return table


def _mark(cell: GridCell) -> str:
    mark = next(mark for mark, names in _LEGEND.items() if cell["status"] in names)
    return f"[{_COLOURS[cell['status']]}]{mark}[/]"


@click.command()
@_range
@common.mode_option(None)
@common.coordinator_options
def cascade(first: date | None, last: date | None, mode: str | None, *, as_json: bool) -> None:
    """Timing, delays, presence, coverage and freshness: the monitoring queries."""
    of, answers = _of_slates(lambda client, **slates: client.get("cascade", **slates), first, last, mode)
    if as_json:
        common.print_json(answers)
        return
    shown = Paged(f"{of}: monitoring")
    for name, rows in answers.items():
        shown.add("")
        for part in _shown(name, rows):
            shown.add(part)
    shown.show()


def _of_slates(
    read: Callable[..., Awaitable[T]], first: date | None, last: date | None, mode: str | None
) -> tuple[str, T]:
    """(the slates asked for, by default the latest that was run, in words; what `read` answers for them)."""

    async def asked(client: Client) -> tuple[str, T]:
        dates, kind = (first, last), mode
        if first is None or last is None or mode is None:
            day = last if last is not None else first
            latest = await slate(client, day, mode) if day is None or mode is None else Slate(str(day), mode)
            day, kind = date.fromisoformat(latest.day), latest.mode
            dates = (first if first is not None else day, last if last is not None else day)
        words = f"{dates[0]} {kind}" if dates[0] == dates[1] else f"{dates[0]} to {dates[1]} {kind}"
        return words, await read(client, first=str(dates[0]), last=str(dates[1]), mode=kind)

    return common.ask(asked)


_SHORT = {
    "elapsed_seconds": "elapsed s", "work_seconds": "work s", "delay_seconds": "delay s",
    "seconds_since_asked": "since asked s", "predicted_games": "predicted",
}  # fmt: skip


def _shown(title: str, rows: Sequence[dict[str, Any]]) -> list[Table | str]:
    """A query's rows, in its columns; what is alike in all rows is said once, before them."""
    if not rows:
        return [f"{title}: nothing"]
    names = [name for name in rows[0] if name not in ("game_date", "mode") or len({row[name] for row in rows}) > 1]
    alike = [name for name in names if len({str(row[name]) for row in rows}) == 1]
    summary = ", ".join(f"{_heading(name)} {_cell(rows[0][name])}" for name in alike if _cell(rows[0][name]))
    names = [name for name in names if name not in alike]
    words = f"{title}: {summary}" if summary else title
    if not names:
        return [words]
    left = [_heading(name) for name in names if any(isinstance(row[name], str) for row in rows)]
    made = common.table(*map(_heading, names), left=left, gap=1)
    for row in rows:
        made.add_row(*(_cell(row[name]) for name in names))
    if "step" in left:
        narrow(made, "step", 28)
    return [words, made]


def _heading(name: str) -> str:
    return _SHORT.get(name, name.replace("_", " "))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{common.instant(value).astimezone(EASTERN):%m-%d %H:%M}"
    return "" if value is None else str(value)


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
