"""Commands that only read: `status`, `runs`, `dlq`. All through the coordinator's API."""

from collections import Counter

import click
from rich.markup import escape
from rich.table import Table

from cli import common
from cli.common import out
from cli.paged import Paged, counted, narrow
from client.answers import Run
from live import here as live


@click.command()
@common.coordinator_options
def status(as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Tonight, where Tipoff runs on this machine; else the latest run: what is there, what is not, and why.

    Exit code 3 when it is degraded, 1 when it failed.
    """
    home = common.place()
    if common.elsewhere() is None and live.speaks_for(home):
        common.home()
        from cli.tonight import show  # noqa: PLC0415 - only this case needs the table of schedules

        raise click.exceptions.Exit(show(home, live.found(home), as_json=as_json))
    runs = common.ask(lambda client: client.runs())
    full = [run for run in runs if "publish" in run["steps"]]
    latest = max(full, key=lambda run: (run["game_date"], run["created_at"]), default=None)
    if as_json:
        common.print_json(latest)
    elif latest is None:
        out.print("no runs yet: `tipoff run` starts one")
    else:
        shown = Paged(f"{latest['game_date']} {latest['mode']}: run {latest['run_id']}, {latest['status']}")
        shown.add(_steps(latest))
        shown.show()
    failing = latest is not None and latest["status"] in common.EXIT_CODES
    raise click.exceptions.Exit(common.EXIT_CODES[latest["status"]] if failing and latest is not None else 0)


@click.command()
@common.coordinator_options
@click.option("--top", type=click.IntRange(min=0), default=0, help="Only the newest so many; 0: all.")
def runs(top: int, *, as_json: bool) -> None:
    """Every run: the one ledger, oldest slate first."""
    rows = common.ask(lambda client: client.runs())
    if as_json:
        common.print_json(rows)
        return
    counts = Counter(run["status"] for run in rows)
    total = ", ".join(f"{n} {status}" for status, n in counts.most_common())
    shown = Paged(f"{counted(len(rows), 'run')}{': ' + total if rows else ''}")
    table = common.table("run", "status", "asked by", "steps", "why", gap=1)
    for run in rows if not top else rows[-top:]:
        steps = run["steps"]
        why = "; ".join(f"{name}: {step['reason']}" for name, step in steps.items() if step["reason"])
        done = sum(step["status"] in ("done", "degraded") for step in steps.values())
        table.add_row(run["run_id"], run["status"], run["source"], f"{done}/{len(steps)}", escape(why))
    shown.add(table)
    shown.rest(len(rows), top)
    shown.show()


@click.command()
@common.coordinator_options
def dlq(as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Dead letters: messages nobody could handle, with the reason."""
    rows = common.ask(lambda client: client.get("dead-letters"))
    if as_json:
        common.print_json(rows)
        return
    for row in rows:
        where = f" (archived: {row['archived']})" if "archived" in row else ""
        out.print(f"{row['at']}  {row['attributes'].get('key', row['id'])}: {row['reason']}{where}")
    if not rows:
        out.print("no dead letters")


def _steps(run: Run) -> Table:
    names = ("step", "status", "units", "refused", "tries", "s", "why")
    table = common.table(*names, left=("step", "status", "why"), gap=1)
    for name, step in run["steps"].items():
        seen = step["evidence"]
        units = ("", "") if seen is None else (f"{seen['verified']}/{seen['expected']}", str(seen["quarantined"]))
        table.add_row(
            name, step["status"], *units, str(step["attempt"]), f"{step['seconds']:.1f}", escape(step["reason"])
        )
    narrow(table, "step", 28)
    return table
