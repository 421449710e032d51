"""`tipoff bench`: the benchmarks."""

import json
from importlib import import_module
from pathlib import Path

import click

from benchmarks.harness import Case, result
from cli import common
from cli.common import err, out
from shared.errors import Permanent

BENCHES = (
    "analytics",
    "api",
    "backfill",
    "bus",
    "cli",
    "dispersion",
    "night",
    "page",
    "paint",
    "predict",
    "pulse",
    "replay",
    "scrape",
    "size",
    "startup",
    "throttle",
    "viewers",
)
"""Modules of `benchmarks`, each with a `bench()`; imported when they run, as each brings what it measures."""
ON_REQUEST = ("season",)
"""Only if they are named: they measure a world that is there."""


@click.command()
@click.argument("name", required=False, type=click.Choice([*BENCHES, *ON_REQUEST]))
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results here as JSON.")
def bench(name: str | None, file: Path | None) -> None:
    """Measure; every figure stands beside another of the same run. Exit code 1 if a goal is missed."""
    common.home()
    results = []
    for each in [name] if name is not None else BENCHES:
        try:
            with err.status(f"bench {each}"):
                results.append(result(each, _cases(each)))
        except Permanent as error:  # what it needs is not here
            if name is not None:
                raise
            err.print(f"bench {each}: not measured: {error}", markup=False)
    table = common.table("bench", "case", "value", "against", "ratio", "goal", "met")
    for document in results:
        for case in document["cases"]:
            table.add_row(
                document["bench"], case["case"], f"{case['value']:g} {case['unit']}", case["against"],
                "" if case["ratio"] is None else f"{case['ratio']:g}", case["goal"], "yes" if case["met"] else "NO",
            )  # fmt: skip
    out.print(table)
    if file is not None:
        file.write_text(json.dumps(results[0] if name is not None else results, indent=1) + "\n")
    raise click.exceptions.Exit(0 if all(case["met"] for document in results for case in document["cases"]) else 1)


def _cases(name: str) -> list[Case]:
    cases: list[Case] = import_module(f"benchmarks.{name}").bench()
    return cases
