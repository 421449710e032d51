"""The command: `python -m tests.mutants --seed N`, or `make mutants SEED=N`."""

import json
import multiprocessing
import random
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.mutants import forks
from tests.mutants.areas import AREAS, ROOT, Area
from tests.mutants.mutant import Mutant
from tests.mutants.run import DEAD, Verdict, try_all
from tests.mutants.seen import Broken, seen

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def equivalents() -> dict[str, str]:
    """Mutants that no test can kill, by id, and why not."""
    found = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    return {entry["id"]: entry["reason"] for entry in found}


def sample(area: Area, seed: str, size: int, patterns: Sequence[str]) -> list[Mutant]:
    """Mutants of an area drawn at random: a line and a rule first, then one of what the rule makes there."""
    groups: dict[tuple[str, int, str], list[Mutant]] = {}
    for mutant in area.all(patterns):
        groups.setdefault((mutant.path, mutant.line, mutant.kind), []).append(mutant)
    dice = random.Random(f"{seed}/{area.name}")  # noqa: S311 - a seed to repeat
    drawn = dice.sample(sorted(groups), min(size, len(groups)))
    return [dice.choice(groups[key]) for key in drawn]


@click.command(help=__doc__)
@click.option("--seed", default="1", show_default=True, help="Whoever gives the same seed gets the same mutants.")
@click.option("--count", default=300, show_default=True, help="Mutants in all, spread evenly over the areas.")
@click.option("--area", "areas", multiple=True, type=click.Choice(list(AREAS)), help="Only this area (repeatable).")
@click.option("--path", "paths", multiple=True, help="Only files whose path contains this (repeatable).")
@click.option("--tests", "tests", multiple=True, help="Only these tests, instead of the area's (repeatable).")
@click.option("--jobs", default=multiprocessing.cpu_count(), show_default=True, help="Mutants tried at once.")
@click.option("--work", default=str(ROOT / ".mutants"), type=click.Path(path_type=Path), help="Folder for copies.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write every verdict to this file.")
@click.option("--list", "only_list", is_flag=True, help="Say which mutants would be tried, with their ids.")
def main(
    *,
    seed: str,
    count: int,
    areas: Sequence[str],
    paths: Sequence[str],
    tests: Sequence[str],
    jobs: int,
    work: Path,
    as_json: Path | None,
    only_list: bool,
) -> None:
    """Mutate, test, report. Exit 1: an area misses its goal or a test fails without a mutant; 2: no test runs."""
    chosen = [AREAS[name] for name in areas or AREAS]
    chosen = [replace(area, tests=tuple(tests)) for area in chosen] if tests else chosen
    known, console = equivalents(), Console(highlight=False)
    samples = {area.name: sample(area, seed, count // len(chosen), paths) for area in chosen}
    if only_list:
        for mutant in (each for drawn in samples.values() for each in drawn):
            console.print(f"{mutant.id}  {mutant}", markup=False, soft_wrap=True)
        return
    work.mkdir(parents=True, exist_ok=True)
    forks.preload()
    verdicts: dict[str, list[Verdict]] = {}
    whole = True
    for area in chosen:
        mutants = [mutant for mutant in samples[area.name] if mutant.id not in known]
        try:
            measured = seen(area, work)
        except Broken as error:
            console.print(str(error), markup=False, soft_wrap=True)
            sys.exit(2)
        for test in sorted(measured.failed):
            console.print(f"left out, since it fails without a mutant: {test}", markup=False, soft_wrap=True)
        whole = whole and not measured.failed
        columns = (TextColumn(area.name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        verdicts[area.name] = []
        with Progress(*columns, console=console, disable=not sys.stdout.isatty()) as progress:
            task = progress.add_task(area.name, total=len(mutants))
            for verdict in try_all(mutants, measured, work, jobs):
                verdicts[area.name].append(verdict)
                progress.advance(task)
                if verdict.fate not in DEAD:
                    found = f"{verdict.fate}  {verdict.mutant.id}\n    {verdict.mutant}"
                    console.print(found, markup=False, soft_wrap=True)
    met = report(console, chosen, samples, verdicts, known)
    if as_json is not None:
        as_json.write_text(json.dumps(_rows(verdicts), indent=1))
    sys.exit(0 if met and whole else 1)


def report(
    console: Console,
    areas: Sequence[Area],
    samples: dict[str, list[Mutant]],
    verdicts: dict[str, list[Verdict]],
    known: dict[str, str],
) -> bool:
    """Print a line per area; whether every goal is met."""
    table = Table("area", "tried", "killed", "hung", "broke", "survived", "unseen", "equivalent", "rate", "goal")
    met = True
    for area in areas:
        fates = [verdict.fate for verdict in verdicts[area.name]]
        rate = sum(fate in DEAD for fate in fates) / len(fates) if fates else 1.0
        met = met and rate >= area.goal
        counts = [str(fates.count(fate)) for fate in ("killed", "hung", "broke", "survived", "unseen")]
        equivalent = sum(mutant.id in known for mutant in samples[area.name])
        table.add_row(area.name, str(len(fates)), *counts, str(equivalent), f"{rate:.1%}", f"{area.goal:.0%}")
    console.print(table)
    return met


def _rows(verdicts: dict[str, list[Verdict]]) -> list[dict[str, object]]:
    return [
        {
            "area": area, "id": v.mutant.id, "path": v.mutant.path, "line": v.mutant.line, "kind": v.mutant.kind,
            "before": v.mutant.before, "after": v.mutant.after, "fate": v.fate, "seconds": round(v.seconds, 2),
        }
        for area, found in verdicts.items()
        for v in found
    ]  # fmt: skip


if __name__ == "__main__":
    main()
