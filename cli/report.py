"""`tipoff report`: a morning in a few lines, or as one page for a browser or a mail."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from cli import common
from cli.common import Day
from shared.basketball.slate import Mode


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: today's, else the latest run's.")
@common.mode_option(None)
@click.option(
    "--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the page: one self-contained file."
)
@common.coordinator_options
def report(day: date | None, mode: str | None, page: Path | None, *, as_json: bool) -> None:
    """Last night's grades, tonight's best edges, what is missing or needs a hand: a few lines for a channel."""
    asked = {"game_date": None if day is None else day.isoformat(), "mode": None if mode is None else Mode(mode).value}
    query = {name: value for name, value in asked.items() if value is not None}
    found: dict[str, Any] = common.ask(lambda client: client.get("report", **query))
    if page is not None:
        with common.writing(page):
            page.write_text(found["html"], "utf-8")
    if as_json:
        common.print_json(found)
    elif page is None:
        click.echo(found["text"], nl=False)
    else:
        click.echo(f"wrote {page}")
