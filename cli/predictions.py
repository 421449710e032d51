"""`tipoff predictions`: what is published of a slate; against any line; and what moved a player's prediction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli import common, rows_out, show
from cli.common import Day
from cli.games import Game, of_game
from cli.paged import Paged, counted, narrow
from cli.paged import game as game_of
from cli.slates import Slate, slate_for
from cli.suggest import Choice, Team, players
from client.api import Client
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS, headline

_NO_PRICE = 100_000
"""American odds from which on no book offers any, and no column is wide enough."""
_TOP = 10
"""Rows of a market, where nobody asked for a player, a team or a game."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a slate's predictions."""

    market: str | None = None
    system: str | None = None
    player: str | None = None
    team: str | None = None
    game: str | None = None

    @property
    def few(self) -> bool:
        """Whether it is about a part of the slate."""
        return any(each is not None for each in (self.player, self.team, self.game))

    def of(self, rows: Sequence[dict[str, Any]], where: str) -> list[dict[str, Any]]:
        """Those of `rows`, or `Permanent` for a player, team or game that is not among them."""
        found = [row for row in rows if self.system is None or row["system"] == self.system]
        if self.team is not None:
            of_game(rows, self.team, where)  # a team that does not play is refused
            found = [row for row in found if row["team_abbr"] == self.team]
        if self.game is not None:
            found = of_game(found, self.game, where)
        if self.player is not None and rows:
            names = {row["player_id"]: row["player_name"] for row in rows if row["player_name"] is not None}
            known = names | {row["player_id"]: "" for row in rows if row["player_name"] is None}
            ids_ = players(self.player, known, where)
            found = [row for row in found if row["player_id"] in ids_]
        return found


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@common.mode_option(None)
@click.option("--market", type=Choice(tuple(MARKETS)), help="Only this market.")
@click.option("--system", type=Choice(tuple(SYSTEMS)), help="Only this prediction system.")
@click.option("--player", help="Only players whose name has this in it, whatever its accents, or this NBA id.")
@click.option("--team", type=Team(), help="Only this team's players: BOS, celtics, boston.")
@click.option("--game", type=Game(), help="Only this game: BOS@NYK, one of its teams, or its id.")
@click.option("--best", is_flag=True, help="The recommendations of all markets, largest edge first.")
@click.option("--top", type=click.IntRange(min=0), help="So many rows, of each market; 0: all.")
@click.option("--line", type=float, help="With --player: what the stored distributions say of this line.")
@click.option("--explain", help="Like --player, with what moved each prediction.")
@rows_out.options
@common.coordinator_options
def predictions(  # noqa: PLR0913 - one argument per option
    *, day: date | None, mode: str | None, market: str | None, system: str | None, player: str | None,
    team: str | None, game: str | None, best: bool, top: int | None, line: float | None, explain: str | None,
    format_: str | None, output: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """The published predictions of a slate: distribution, line, edge and recommendation."""
    if line is not None and player is None:
        raise click.UsageError("--line needs --player: whose distribution shall answer?")
    wanted = Wanted(market, system, explain if explain is not None else player, team, game)

    program = as_json or format_ is not None or output is not None

    async def asked(client: Client) -> tuple[Slate | None, list[dict[str, Any]]]:
        of = await slate_for(client, day, mode, program=program)
        if of is None:
            return None, []
        query = of.query if market is None else of.query | {"market": market}
        found = wanted.of(await client.get("predictions", **query), f"on {of.day}")
        if line is not None:
            ids = sorted({row["player_id"] for row in found})
            over = [await client.get("predictions/over", **query, player=str(id_), line=str(line)) for id_ in ids]
            found = [row for rows in over for row in of_system(rows, system)]
        return of, found

    of, rows = common.ask(asked)
    rows = best_of(rows) if best else rows
    if rows_out.written(rows if top is None or not best else _first(rows, top), format_, output, as_json=as_json):
        return
    shown = Paged(f"{of}: {_counted(rows, best=best)}")
    if line is not None:
        shown.add(over_table(rows))
    elif best:
        limit = _TOP if top is None else top
        shown.add(best_table(_first(rows, limit)))
        shown.rest(len(rows), limit)
    else:
        _add(shown, rows, top if top is not None else 0 if wanted.few else _TOP, explain=explain is not None)
    shown.show()


def of_system(rows: Sequence[dict[str, Any]], system: str | None) -> list[dict[str, Any]]:
    """Those of a system, by default of each market's best."""
    if system is not None:
        return [row for row in rows if row["system"] == system]
    return [row for name in MARKETS for row in headline([row for row in rows if row["market"] == name])]


def _first(rows: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    return rows[:top] if top else rows


def _counted(rows: Sequence[dict[str, Any]], *, best: bool) -> str:
    what = "recommendations" if best else "predictions"
    who = {(row["player_id"]) for row in rows}
    return f"{len(rows):,} {what} of {counted(len(who), 'player')}" if rows else f"no {what}"


def best_of(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is recommended, by the best system of each market, the largest edge first."""
    picks = [row for row in of_system(rows, None) if row["recommendation"] in ("over", "under")]
    return sorted(picks, key=lambda row: (-abs(row["edge"]), row["player_name"] or "", row["market"]))


def _add(shown: Paged, rows: Sequence[dict[str, Any]], top: int, *, explain: bool) -> None:
    for name in MARKETS:
        of_market = [row for row in rows if row["market"] == name]
        if len({row["system"] for row in of_market}) > 1:  # nobody asked for one: each player once, by the best
            of_market = headline(of_market)
        if not of_market:
            continue
        first = of_market if not top else sorted(of_market, key=_by_edge)[:top]
        shown.add(market_table(first, name))
        shown.rest(len(of_market), top)
        if explain:
            for row in first:
                shown.add(explanation(row))
        shown.add("")


def _by_edge(row: dict[str, Any]) -> tuple[bool, float, float]:
    """Recommendations first, then by edge, then by mean."""
    edge = row["edge"]
    picked = row["recommendation"] in ("over", "under")
    return not picked, -abs(edge) if edge is not None else 1.0, -row["mean"]


def market_table(rows: Sequence[dict[str, Any]], market: str) -> Table:
    """One system's predictions of a market."""
    systems = ", ".join(sorted({show.system_name(row) for row in rows}))
    names = ("mean", "80 %", "line", "P(over)", "edge", "pick", "actual")
    left = ("player", "game", "pick")
    table = common.table("player", "game", *names, left=left, gap=1, title=f"{market}, by {systems}")
    narrow(table, "player", 19)
    for row in rows:
        table.add_row(
            name_of(row), game_of(row), f"{row['mean']:.1f}", f"{max(row['q10'], 0.0):.0f}-{row['q90']:.0f}",
            "" if row["line"] is None else f"{row['line']:g}", show.percent(row["p_over"]),
            show.percent(row["edge"], 0, "+"), pick(row),
            actual(row),
        )  # fmt: skip
    return table


def best_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Recommendations of several markets."""
    left = ("player", "game", "market", "pick", "book")
    names = ("market", "pick", "price", "book", "P", "edge", "actual")
    table = common.table("player", "game", *names, left=left, gap=1)
    narrow(table, "player", 17)
    narrow(table, "book", 9)
    narrow(table, "pick", 10)
    for row in rows:
        side = row["recommendation"]
        push = row["p_push"] if row["p_push"] is not None else 0.0
        table.add_row(
            name_of(row), game_of(row), row["market"], f"{side} {row['line']:g}",
            show.price(row[f"{side}_price"]), row["book"],
            show.percent(row["p_over"] if side == "over" else 1.0 - row["p_over"] - push),
            show.percent(abs(row["edge"]), 0, "+"), actual(row),
        )  # fmt: skip
    return table


def actual(row: dict[str, Any]) -> str:
    """What he did, once that is known; dnp: he did not play."""
    return "dnp" if row["voided"] else "" if row["actual"] is None else f"{row['actual']:.0f}"


def name_of(row: dict[str, Any]) -> str:
    """The player, and what the injury report says of him; his id where nobody has named him."""
    name = row["player_name"] if row["player_name"] is not None else str(row["player_id"])
    return f"{name} ({row['injury_status'][:1].upper()})" if row["injury_status"] else str(name)


def pick(row: dict[str, Any]) -> str:
    """Like "over +105" or "pass"; nothing without a line. `--best` has the book."""
    recommended = row["recommendation"]
    if recommended in ("over", "under"):
        return f"{recommended} {show.price(row[f'{recommended}_price'])}"
    return "pass" if recommended == "pass" else ""


def over_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Stored distributions against a line that was asked for."""
    who = ("player", "market", "system")
    names = ("line", "mean", "over", "push", "under", "fair", "under")
    table = common.table(*who, *names, left=who, gap=1)
    narrow(table, "player", 14)
    narrow(table, "system", 12)
    narrow(table, "market", 8)
    for row in rows:
        table.add_row(
            row["player_name"],
            row["market"],
            show.system_name(row),
            f"{row['asked_line']:g}",
            f"{row['mean']:.1f}",
            *(f"{100 * row[name]:.1f} %" for name in ("p_over", "p_push", "p_under")),
            *map(_fair, (row["fair_over"], row["fair_under"])),
        )
    return table


def _fair(price: float | None) -> str:
    return show.price(price if price is not None and abs(price) < _NO_PRICE else None)


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
