"""`tipoff quarantine`: what was refused, what it came in, and another try."""

from datetime import date

import click

from cli import common, run, show
from cli.common import Day, out
from cli.paged import Paged, counted
from cli.progress import NightProgress
from client.answers import DryRun, QuarantinedShown, Run
from client.api import Client
from client.runs import follow, summary
from shared.basketball.slate import Mode
from shared.errors import Permanent
from shared.registries.sources import SOURCES


@click.group()
def quarantine() -> None:
    """Records and payloads that were refused, with the reason."""


@quarantine.command("list")
@click.option("--date", "day", type=Day(), help="The slate; default: the latest run's.")
@common.mode_option(None)
@click.option("--step", default="", help="Of this scrape step.")
@click.option("--source", type=click.Choice([*SOURCES]), default=None, help="Of this source.")
@common.coordinator_options
def list_(day: date | None, mode: str | None, step: str, source: str | None, *, as_json: bool) -> None:
    """What a slate's scraping refused, and why."""
    query = {"game_date": "" if day is None else str(day), "mode": mode, "step": step, "source": source}
    rows = common.ask(lambda client: client.quarantine(**{name: text for name, text in query.items() if text}))
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        out.print("nothing in quarantine")
        return
    shown = Paged(f"{rows[0]['game_date']} {rows[0]['mode']}: {counted(len(rows), 'refusal')}")
    for row in rows:
        shown.add(row["id"])
        shown.add(f"  {row['source']} {row['unit']}, {row['record']}: {row['reason']}")
    shown.show()


@quarantine.command("show")
@click.argument("id_", metavar="ID")
@common.coordinator_options
def show_(id_: str, *, as_json: bool) -> None:
    """One refusal, where its payload is archived, and an excerpt of that."""
    found: QuarantinedShown = common.ask(lambda client: client.quarantined(id_))
    if as_json:
        common.print_json(found)
        return
    fetch = found["fetch"]
    lines = {
        "slate": f"{found['game_date']} {found['mode']}, {found['step']}",
        "unit": f"{found['unit']} of {found['source']}",
        "record": found["record"],
        "reason": found["reason"],
        "archive": found["archive_key"] or "not known",
        "fetched": "" if fetch is None else f"{fetch['fetched_at']} {fetch['path']}: HTTP {fetch['status']}",
        "body": "" if fetch is None else f"{fetch['body']}, {fetch['size']} bytes",
    }
    for name, text in lines.items():
        if text:
            out.print(f"{name:8} {text}", markup=False, soft_wrap=True)
    if found["excerpt"]:
        click.echo(found["excerpt"])


@quarantine.command()
@click.argument("id_", metavar="ID")
@click.option("--anew", is_flag=True, help="Ask the upstream again, instead of reading the archive.")
@click.option("--dry-run", is_flag=True, help="Only say which steps would be done.")
@common.coordinator_options
def retry(id_: str, *, anew: bool, dry_run: bool, as_json: bool) -> None:
    """Do the step again that refused it, and what stands on that: from the archive, as after a parser was mended."""
    answer = common.settle(_retried(id_, anew=anew, dry_run=dry_run))
    if "dry_run" in answer:
        run.show_dry(answer, as_json=as_json)  # type: ignore[arg-type]  # only a dry run has that
        return
    night = summary(answer)
    if as_json:
        common.print_json(answer)
    else:
        out.print(f"run {night['run_id']}: {night['status']}, {night['quarantined']} in quarantine")
        show.reasons([night])
    show.failure([night])
    raise click.exceptions.Exit(common.EXIT_CODES[night["status"]])


async def _retried(id_: str, *, anew: bool, dry_run: bool) -> Run | DryRun:
    day, mode = _slate_of(id_)
    async with run.coordinator_of(day, mode, dry_run=dry_run) as (client, _, every):
        if dry_run:
            return await _would(client, id_, anew=anew)
        started = await client.retry_quarantined(id_, anew=anew)
        with NightProgress("retry of") as progress:
            return await follow(client, started, progress, every=every)


async def _would(client: Client, id_: str, *, anew: bool) -> DryRun:
    answer: DryRun = await client.post(f"quarantine/{id_}/retry", {"anew": anew, "dry_run": True})
    return answer


def _slate_of(id_: str) -> tuple[date, Mode]:
    """The slate that an id begins with."""
    try:
        day, mode, _, _ = id_.split(".")
        return date.fromisoformat(day), Mode(mode)
    except ValueError:
        raise Permanent(f"{id_!r} is no id of the quarantine", remedy="`tipoff quarantine list` shows them") from None
