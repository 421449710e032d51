"""`tipoff changes`: what changed on a slate since it was first predicted, and what that moved."""

from datetime import date
from typing import Any

import click

from cli import common
from cli.common import Day
from cli.paged import Paged, counted
from cli.slates import Slate, slate_for
from cli.suggest import Choice
from client.api import Client
from shared.basketball.slate import EASTERN
from shared.registries.markets import MARKETS

_POINTS = "points"


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@common.mode_option(None)
@click.option("--market", type=Choice(tuple(MARKETS)), default=_POINTS, show_default=True)
@common.coordinator_options
def changes(day: date | None, mode: str | None, market: str, *, as_json: bool) -> None:
    """What changed on a slate, newest first, and whose forecasts that moved most. Times are Eastern."""

    async def asked(client: Client) -> tuple[Slate | None, list[dict[str, Any]]]:
        of = await slate_for(client, day, mode, program=as_json)
        return of, [] if of is None else await client.get("changes", **of.query)

    of, found = common.ask(asked)
    if as_json:
        common.print_json(found)
        return
    many = f"{counted(len(found), 'change')} since it was first predicted"
    shown = Paged(f"{of}: {many if found else 'nothing has changed'}")
    for change in found:
        shown.add(line(change, market))
    shown.show()


def line(change: dict[str, Any], market: str = _POINTS) -> str:
    """One change: when it was published, why, and what it moved: "17:45 A out since 17:42: B +3.1, C -0.4 points"."""
    at = common.instant(change["at"]).astimezone(EASTERN)
    moves = [(move["player_name"], round(move["change"], 1)) for move in change["moves"].get(market, [])]
    moved = ", ".join(f"{player} {by:+.1f}" for player, by in moves if by)
    word = market.replace("_", " ")
    return f"{at:%H:%M} {change['reason']}: {f'{moved} {word}' if moved else f'no forecast of {word} moved'}"
