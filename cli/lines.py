"""`tipoff lines`: the lines of a slate's games themselves: who wins, by how much, and the total."""

from datetime import date
from typing import Any

import click

from cli import common, show
from cli.common import Day, out


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@common.coordinator_options
def lines(day: date | None, *, as_json: bool) -> None:
    """Moneylines, spreads and totals of a slate's games, the latest of each bookmaker, with their time."""
    query = {} if day is None else {"game_date": day.isoformat()}
    rows: list[dict[str, Any]] = common.ask(lambda client: client.get("game-lines", **query))
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        out.print("no lines of games" + (f" on {day}" if day is not None else "") + ": `tipoff run` collects them")
        return
    table = common.table("game", "market", "bookmaker", "side", "point", "price", "since", gap=2)
    for row in rows:
        point = (
            "" if row["point"] is None else f"{row['point']:+g}" if row["market"] == "spreads" else f"{row['point']:g}"
        )
        since = common.instant(row["available_at"]).strftime("%Y-%m-%d %H:%M")
        game = f"{row['away_team']}@{row['home_team']}"
        table.add_row(game, row["market"], row["bookmaker"], row["side"], point, show.price(row["price"]), since)
    out.print(table)
