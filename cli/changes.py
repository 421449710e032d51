"""`tipoff changes`: what changed on a slate since it was first predicted, and what that moved."""

from datetime import date
from typing import Any

import click

from cli import common
from cli.common import Day, out
from shared.basketball.slate import EASTERN, Mode
from shared.registries.markets import MARKETS

_POINTS = "points"


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: today's.")
@common.mode_option(Mode.SAME_DAY.value)
@click.option("--market", type=click.Choice([*MARKETS]), default=_POINTS, show_default=True)
@common.coordinator_options
def changes(day: date | None, mode: str, market: str, *, as_json: bool) -> None:
    """What changed on a slate, newest first, and whose forecasts that moved most. Times are Eastern."""
    query = {"mode": mode} if day is None else {"mode": mode, "game_date": day.isoformat()}
    found: list[dict[str, Any]] = common.ask(lambda client: client.get("changes", **query))
    if as_json:
        common.print_json(found)
        return
    for change in found:
        out.print(line(change, market), soft_wrap=True, markup=False, highlight=False)
    if not found:
        out.print("nothing has changed" + (f" on {day}" if day is not None else " today"))


def line(change: dict[str, Any], market: str = _POINTS) -> str:
    """One change: when it was published, why, and what it moved: "17:45 A out since 17:42: B +3.1, C -0.4 points"."""
    at = common.instant(change["at"]).astimezone(EASTERN)
    moves = [(move["player_name"], round(move["change"], 1)) for move in change["moves"].get(market, [])]
    moved = ", ".join(f"{player} {by:+.1f}" for player, by in moves if by)
    word = market.replace("_", " ")
    return f"{at:%H:%M} {change['reason']}: {f'{moved} {word}' if moved else f'no forecast of {word} moved'}"
