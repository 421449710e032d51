"""`tipoff predictions`: what is published of a slate; against any line; and what moved a player's prediction."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import click
from rich.table import Table

from cli import common, show
from cli.common import Day, out
from shared.registries.markets import MARKETS
from shared.registries.systems import headline


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@common.mode_option(None)
@click.option("--market", type=click.Choice(tuple(MARKETS)), help="Only this market.")
@click.option("--system", help="Only this prediction system.")
@click.option("--player", help="Only players whose name has this in it, or the one with this NBA id.")
@click.option("--line", type=float, help="With --player: what the stored distributions say of this line.")
@click.option("--explain", help="Like --player, with what moved each prediction.")
@common.coordinator_options
def predictions(  # noqa: PLR0913 - one argument per option
    *, day: date | None, mode: str | None, market: str | None, system: str | None, player: str | None,
    line: float | None, explain: str | None, as_json: bool,
) -> None:  # fmt: skip
    """The published predictions of a slate: distribution, line, edge and recommendation."""
    if line is not None and player is None:
        raise click.UsageError("--line needs --player: whose distribution shall answer?")
    named = {"game_date": None if day is None else day.isoformat(), "mode": mode, "market": market}
    if line is not None:
        named |= {"player": player, "line": str(line)}
    path = "predictions" if line is None else "predictions/over"
    query = {name: value for name, value in named.items() if value is not None}
    found = common.ask(lambda client: client.get(path, **query))
    rows = [row for row in found if _asked(row, system, explain if explain is not None else player)]
    if as_json:
        common.print_json(rows)
    elif not rows:
        out.print("no predictions" + (f" for {day}: `tipoff run --date {day}` makes them" if day is not None else ""))
    elif line is not None:
        out.print(over_table(rows))
    else:
        _print(rows, explain=explain is not None)


def _asked(row: dict[str, Any], system: str | None, player: str | None) -> bool:
    name = "" if row["player_name"] is None else row["player_name"].casefold()
    of_player = player is None or player == str(row["player_id"]) or player.casefold() in name
    return of_player and (system is None or row["system"] == system)


def _print(rows: Sequence[dict[str, Any]], *, explain: bool) -> None:
    for name in MARKETS:
        of_market = [row for row in rows if row["market"] == name]
        if len({row["system"] for row in of_market}) > 1:  # nobody asked for one: each player once, by the best
            of_market = headline(of_market)
        if of_market:
            out.print(show.predictions_table(of_market, name))
            if explain:
                for row in of_market:
                    out.print(explanation(row))
            out.print()


def over_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Stored distributions against a line that was asked for."""
    who = ("player", "market", "system")
    table = common.table(*who, "line", "mean", "P(over)", "P(push)", "P(under)", "fair", "fair under", left=who)
    for row in rows:
        table.add_row(
            row["player_name"],
            row["market"],
            show.system_name(row),
            f"{row['asked_line']:g}",
            f"{row['mean']:.1f}",
            *(f"{100 * row[name]:.1f} %" for name in ("p_over", "p_push", "p_under")),
            show.price(row["fair_over"]),
            show.price(row["fair_under"]),
        )
    return table


def explanation(row: dict[str, Any]) -> str:
    """What moved a prediction, in the statistic's unit, most first; or that its system does not tell."""
    who = f"{row['player_name']}, {show.system_name(row)}"
    if row["drivers"] is None:
        return f"  {who}: mean {row['mean']:.1f}; this system does not tell what moved it"
    parts = [_driver(*driver) for driver in json.loads(row["drivers"])]
    return f"  {who}: mean {row['mean']:.1f}; " + ", ".join(parts)


def _driver(name: str, value: object) -> str:
    """A feature's contribution, or, of comparable games, what happened in one."""
    return f"{name} {value:+.2f}" if isinstance(value, int | float) else f"{name}: {value}"
