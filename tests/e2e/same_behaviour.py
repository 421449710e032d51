"""Do two checkouts predict the same? Store what each says of two real weeks, and compare.

    python -m tests.e2e.same_behaviour store /tmp/before       # in the one checkout: about twenty minutes
    python -m tests.e2e.same_behaviour store /tmp/after        # in the other
    python -m tests.e2e.same_behaviour compare /tmp/before /tmp/after [--market points ...]

Equal are all predictions, and to nine decimals all figures of `tipoff accuracy`, but for the instants at which
something was made.
"""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import click
import duckdb

WEEKS = {"without_models": ("2024-03-04", "2024-03-10", 0), "with_models": ("2024-03-25", "2024-03-31", 80)}
"""Name -> first and last slate, and days of warm-up: in eighty are enough slates to train the learned systems."""
STORED = [f"{week}.{mode}" for week, mode in product(WEEKS, ("overnight", "same_day"))]


@click.group()
def main() -> None:
    """Same behaviour, row for row."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--history", type=click.Path(path_type=Path, exists=True), default=Path("../shared/data"), show_default=True
)
def store(folder: Path, history: Path) -> None:
    """Replay the weeks in both modes; what is stored already stays, so that it can be gone on with."""
    for name in STORED:
        week, _, mode = name.partition(".")
        first, last, warmup = WEEKS[week]
        figures = folder / f"{name}.json"
        if figures.exists():
            continue
        home = {"TIPOFF_HOME": str(folder / f"{name}.home")}
        _tipoff(
            home, "replay", "--history", str(history), "--from", first, "--to", last, "--mode", mode,
            "--warmup", str(warmup), "--predictions", str(folder / f"{name}.parquet"),
        )  # fmt: skip
        figures.write_text(_tipoff(home, "accuracy", "--json"))
        click.echo(f"{name}: stored")


@main.command()
@click.argument("before", type=click.Path(path_type=Path, exists=True))
@click.argument("after", type=click.Path(path_type=Path, exists=True))
@click.option("--market", "markets", multiple=True, help="Only these markets (default: all).")
def compare(before: Path, after: Path, markets: tuple[str, ...]) -> None:
    """Say for each stored week and mode how many rows differ; exit code 1 if any do."""
    wrong = 0
    for name in STORED:
        rows, lost, new = _differing(before / f"{name}.parquet", after / f"{name}.parquet", markets)
        figures = _figures(before / f"{name}.json", markets) == _figures(after / f"{name}.json", markets)
        wrong += lost + new + (not figures)
        click.echo(f"{name}: {rows} rows, {lost} lost, {new} new; figures {'equal' if figures else 'DIFFER'}")
    sys.exit(1 if wrong else 0)


def _tipoff(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "cli.main", *arguments]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):  # degraded nights are nights
        raise click.ClickException(f"tipoff {arguments[0]} ended with {done.returncode}")
    return done.stdout


def _differing(before: Path, after: Path, markets: tuple[str, ...]) -> tuple[int, int, int]:
    """(rows before, rows that are not there after, rows that were not there before)."""
    wanted = "" if not markets else f"WHERE market IN ({', '.join(repr(market) for market in markets)})"
    read = "SELECT * EXCLUDE (predicted_at) FROM read_parquet(?) " + wanted  # noqa: S608 - markets' names
    count = f"SELECT COUNT(*) FROM ({read} EXCEPT ALL {read})"  # noqa: S608 - markets' names
    with duckdb.connect() as connection:

        def one(statement: str, *files: Path) -> int:
            [(found,)] = connection.execute(statement, [str(file) for file in files]).fetchall()
            return int(found)

        rows = one(f"SELECT COUNT(*) FROM ({read})", before)  # noqa: S608 - markets' names
        return rows, one(count, before, after), one(count, after, before)


def _figure(text: str) -> float:
    """Nine decimals: the warehouse adds up in an order that depends on what else is in a table."""
    return round(float(text), 9)


def _figures(file: Path, markets: tuple[str, ...]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = json.loads(file.read_text(), parse_float=_figure)["groups"]
    return [group for group in groups if not markets or group["market"] in markets]


if __name__ == "__main__":
    main()
