"""`tipoff verify`: the sealed record, recomputed, against what is in the warehouse."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli import common
from cli.common import Day, out
from cli.paged import counted
from client.api import Client
from shared.errors import Permanent

_AT_ONCE = 3
"""Days of slates that are asked for at once: a few seconds of work."""
_ADDED = ("predictions", "grades", "before_tip", "unsealed", "unsettled")


@click.command()
@click.option("--from", "first", type=Day(), help="First slate; default: the first there is.")
@click.option("--to", "last", type=Day(), help="Last slate; default: the last there is.")
@click.option(
    "--export",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write entries and rows to this file, which anybody can verify without Tipoff, and check nothing.",
)
@common.coordinator_options
def verify(first: date | None, last: date | None, file: Path | None, *, as_json: bool) -> None:
    """Recompute the sealed record: chain, rows, cutoffs, and every grade from raw rows.

    Names the first slate that does not hold, and why. Exit code 1 if one does not.
    """
    if first is not None and last is not None and last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    window = {name: str(day) for name, day in (("first", first), ("last", last)) if day is not None}
    if file is not None:
        entries = common.settle(_export(window, file))
        out.print(f"{entries} entries in {file}: docs/record.md says how anybody verifies it", soft_wrap=True)
        return
    report = common.settle(_verified(window))
    if window and not report["slates"] and not report["problems"]:
        span = " ".join(f"{name} {day}" for name, day in (("from", first), ("to", last)) if day is not None)
        raise Permanent(f"there is nothing to verify {span}", remedy="`tipoff runs` lists the slates that were run")
    if as_json:
        common.print_json(report)
    elif not report["problems"]:
        out.print(_words(report), highlight=False)
    if report["problems"] and not as_json:
        raise _failure(report["problems"])
    raise click.exceptions.Exit(1 if report["problems"] else 0)


async def _verified(window: dict[str, str]) -> dict[str, Any]:
    async with common.api() as client:
        chain = await client.get("record/chain", **window)
        slates = [date.fromisoformat(day) for day in chain.pop("slates")]
        sums: dict[str, int] = dict.fromkeys(_ADDED, 0)
        problems = chain.pop("problems")
        with _progress() as progress:
            bar = progress.add_task("verifying", total=len(slates), note="")
            for days in _parts(slates):
                progress.update(bar, note=str(days[0]))
                found = await client.get("record/check", first=str(days[0]), last=str(days[-1]))
                sums = {name: count + found[name] for name, count in sums.items()}
                problems += found["problems"]
                progress.advance(bar, len(days))
    problems.sort(key=lambda problem: (problem["game_date"] or "", problem["seq"] is None, problem["seq"]))
    return {**chain, "slates": len(slates), **sums, "holds": not problems, "problems": problems}


async def _export(window: dict[str, str], file: Path) -> int:
    """Blocks of lines: an entry with the number of lines that follow, its rows, and what its grades were made of."""
    async with common.api() as client:
        entries = await client.get("record/entries", **window)
        with common.writing(file), file.open("w", encoding="utf-8", newline="\n") as stream, _progress() as progress:
            for entry in progress.track(entries, description="exporting"):
                stream.writelines(f"{line}\n" for line in await _block(client, entry["seq"]))
    return len(entries)


async def _block(client: Client, seq: int) -> list[str]:
    sealed = await client.get(f"record/entries/{seq}")
    parts = {part: sealed[part] for part in ("rows", "source")}
    counts = {part: None if lines is None else len(lines) for part, lines in parts.items()}
    head = json.dumps({"entry": sealed["entry"], **counts}, ensure_ascii=False)
    return [head, *(line for lines in parts.values() if lines is not None for line in lines)]


def _parts(slates: Sequence[date]) -> Iterator[list[date]]:
    """Slates that lie close together."""
    part: list[date] = []
    for slate in slates:
        if part and slate - part[0] >= timedelta(days=_AT_ONCE):
            yield part
            part = []
        part.append(slate)
    if part:
        yield part


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn()
    return Progress(*columns, console=common.err, disable=not common.err.is_terminal)


def _words(report: dict[str, Any]) -> str:
    head, first = report["head"], report["first"]
    if head is None:
        return "nothing is sealed yet: the record begins with the next publication"
    compared = f"{report['predictions']:,} predictions and {report['grades']:,} grades are as they were sealed"
    hold = "holds" if report["slates"] == 1 else "hold"
    since = f"{first['sealed_at'][:16].replace('T', ' ')} UTC"
    lines = [
        f"{counted(report['slates'], 'slate')} {hold}: {compared}, and the grades follow from raw rows",
        f"{report['entries']} entries since {since}; head {head['seq']} {head['sha256']}",
        f"{report['before_tip']:,} predictions were sealed before tip-off",
    ]
    if report["unsealed"]:
        lines.append(f"{report['unsealed']:,} predictions are from before the record, and nothing holds them")
    if report["unsettled"]:
        again = f"{counted(report['unsettled'], 'slate')} published again since, or with rows added for another mode"
        lines.append(f"{again}: not graded once more")
    return "\n".join(lines)


def _failure(problems: Sequence[dict[str, Any]]) -> Permanent:
    first = problems[0]
    about = " ".join(filter(None, (first["game_date"], first["mode"])))
    entry = "" if first["seq"] is None else f" (entry {first['seq']})"
    more = "" if len(problems) == 1 else f", and {len(problems) - 1} more"
    return Permanent(f"{about} does not hold: {first['reason']}{entry}{more}", remedy=first["remedy"])
