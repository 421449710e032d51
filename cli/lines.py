"""`tipoff lines`: the lines of a slate's games themselves: who wins, by how much, and the total."""

from datetime import date
from typing import Any

import click

from cli import common, show
from cli.common import Day, out
from cli.games import Game, of_game
from cli.paged import Paged, counted
from cli.paged import game as game_of
from cli.slates import slate_for
from client.api import Client
from shared.basketball.slate import EASTERN

_LEFT = ("game", "market", "bookmaker", "side", "since (ET)")


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@click.option("--game", type=Game(), help="Only this game: BOS@NYK, one of its teams, or its id.")
@common.coordinator_options
def lines(day: date | None, game: str | None, *, as_json: bool) -> None:
    """Moneylines, spreads and totals of a slate's games, the latest of each bookmaker, with their time (Eastern)."""

    async def asked(client: Client) -> tuple[str, list[dict[str, Any]]]:
        if day is not None:
            return str(day), await client.get("game-lines", game_date=str(day))
        of = await slate_for(client, None, None, program=as_json)
        return ("", []) if of is None else (of.day, await client.get("game-lines", game_date=of.day))

    of, rows = common.ask(asked)
    if game is not None:
        rows = of_game(rows, game, f"on {of}")
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        out.print(f"{of}: no lines of games: `tipoff run` collects them")
        return
    shown = Paged(f"{of}: {counted(len(rows), 'line')} of {counted(len({row['game_id'] for row in rows}), 'game')}")
    table = common.table("game", "market", "bookmaker", "side", "point", "price", "since (ET)", gap=2, left=_LEFT)
    for row in rows:
        point = (
            "" if row["point"] is None else f"{row['point']:+g}" if row["market"] == "spreads" else f"{row['point']:g}"
        )
        since = f"{common.instant(row['available_at']).astimezone(EASTERN):%m-%d %H:%M}"
        table.add_row(
            game_of(row), row["market"], row["bookmaker"], row["side"], point, show.price(row["price"]), since
        )
    shown.add(table)
    shown.show()
