"""`tipoff predictions`: what is published of a slate; against any line; and what moved a player's prediction."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from cli.slates import Slate, named, slate, slate_for
from cli.suggest import Choice, Team, check_player
from client.answers import File
from client.api import Client
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST, SYSTEMS

_NO_PRICE = 100_000
"""American odds from which on no book offers any, and no column is wide enough."""
_NAME = 22
"""Characters of a player's name and his tag, in 80 columns."""
_SHORT_NAME = 17
"""The same where there are more columns."""
_TOP = 10
"""Rows of a market, where nobody asked for a player, a team or a game."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a slate's predictions: a route of the API, and its filters."""

    path: str
    filters: Mapping[str, str]

    async def rows(self, client: Client, of: Slate) -> list[dict[str, Any]]:
        """The rows; raises as `check`."""
        found: list[dict[str, Any]] = await client.get(self.path, **of.query, **self.filters)
        if not found:
            await self.check(client, of)
        return found

    async def check(self, client: Client, of: Slate) -> None:
        """Say why there are none: raises `Permanent` for a player, team or game that is not of the slate."""
        given = {name: self.filters[name] for name in ("team", "game", "player") if name in self.filters}
        if not given:
            return
        rows: list[dict[str, Any]] = await client.get("predictions", **of.query, system=BEST)
        where = f"on {of.day}"
        for name in ("team", "game"):
            if name in given:
                of_game(rows, given[name], where)
        if "player" in given and rows:
            names = {row["player_id"]: row["player_name"] for row in rows}
            check_player(given["player"], {id_: "" if name is None else name for id_, name in names.items()}, where)


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@common.mode_option(None)
@click.option("--market", type=Choice(tuple(MARKETS)), help="Only this market.")
@click.option("--system", type=Choice(tuple(SYSTEMS)), help="Only this prediction system.")
@click.option("--player", help="Only players whose name has this in it, whatever its accents, or this NBA id.")
@click.option("--team", type=Team(), help="Only this team's players: BOS, celtics, boston.")
@click.option("--game", type=Game(), help="Only this game: BOS@NYK, one of its teams, or its id.")
@click.option("--best", is_flag=True, help="The recommendations of all markets, largest edge first.")
@click.option("--top", type=click.IntRange(0, 20_000), help="So many rows, of each market; 0: all.")
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
    if line is not None and best:
        raise click.UsageError("--best is about the lines that were posted: leave out --line")
    kind = rows_out.asked(format_, output, as_json=as_json)
    if kind is not None and top is not None and not best:
        raise click.UsageError("--top is for tables and --best: leave it out, a program gets every row")
    if system is None and (best or line is not None or kind is None):
        system = BEST
    who = explain if explain is not None else player
    given = {"market": market, "system": system, "player": who, "team": team, "game": game, "line": line}
    filters = {name: str(value) for name, value in given.items() if value is not None}
    if best:
        limit = {"limit": str(top)} if kind is not None and top else {}
        filters |= {"picks": "true", "order": "edge", **limit}
    wanted = Wanted("predictions" if line is None else "predictions/over", filters)
    if kind is not None:
        rows_out.write(common.ask(lambda client: _file(client, wanted, day, mode, kind)), kind, output)
        return

    async def asked(client: Client) -> tuple[Slate, list[dict[str, Any]]]:
        of = await slate(client, day, mode)
        return of, await wanted.rows(client, of)

    of, rows = common.ask(asked)
    shown = Paged(f"{of}: {_counted(rows, best=best)}")
    if line is not None:
        shown.add(over_table(rows))
    elif best:
        _add_best(shown, rows, _TOP if top is None else top)
    else:
        few = any(each is not None for each in (who, team, game))
        _add(shown, rows, top if top is not None else 0 if few else _TOP, explain=explain is not None)
    shown.show()


async def _file(client: Client, wanted: Wanted, day: date | None, mode: str | None, kind: str) -> File:
    """Predictions for a program: of no slate there are none."""
    of = await slate_for(client, day, mode, program=True)
    if kind not in rows_out.MEDIA:
        return rows_out.as_file([] if of is None else await wanted.rows(client, of))
    asked = named(day, mode) if of is None else of.query
    file = await client.file(wanted.path, rows_out.MEDIA[kind], **asked, **wanted.filters)
    if of is not None and not file.rows:
        await wanted.check(client, of)
    return file


def _counted(rows: Sequence[dict[str, Any]], *, best: bool) -> str:
    what = "recommendation" if best else "prediction"
    who = {row["player_id"] for row in rows}
    return f"{counted(len(rows), what)} of {counted(len(who), 'player')}" if rows else f"no {what}s"


def _add_best(shown: Paged, rows: Sequence[dict[str, Any]], top: int) -> None:
    first = rows[:top] if top else rows
    shown.add(best_table(first))
    shown.rest(len(rows), top)
    for meaning in legend(first):
        shown.add(meaning)


def _add(shown: Paged, rows: Sequence[dict[str, Any]], top: int, *, explain: bool) -> None:
    listed: list[dict[str, Any]] = []
    for name in MARKETS:
        of_market = [row for row in rows if row["market"] == name]
        if not of_market:
            continue
        first = of_market if not top else sorted(of_market, key=_by_edge)[:top]
        shown.add(market_table(first, name))
        shown.rest(len(of_market), top)
        if explain:
            for row in first:
                shown.add(explanation(row))
        shown.add("")
        listed += first
    for meaning in legend(listed):
        shown.add(meaning)


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
    narrow(table, "player", _NAME)
    for row in rows:
        table.add_row(
            name_of(row, _NAME), game_of(row), f"{row['mean']:.1f}", f"{max(row['q10'], 0.0):.0f}-{row['q90']:.0f}",
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
    narrow(table, "player", _SHORT_NAME)
    narrow(table, "book", 9)
    narrow(table, "pick", 10)
    for row in rows:
        side = row["recommendation"]
        push = row["p_push"] if row["p_push"] is not None else 0.0
        table.add_row(
            name_of(row, _SHORT_NAME), game_of(row), row["market"], f"{side} {row['line']:g}",
            show.price(row[f"{side}_price"]), row["book"],
            show.percent(row["p_over"] if side == "over" else 1.0 - row["p_over"] - push),
            show.percent(abs(row["edge"]), 0, "+"), actual(row),
        )  # fmt: skip
    return table


def actual(row: dict[str, Any]) -> str:
    """What he did, once that is known; dnp: he did not play."""
    return "dnp" if row["voided"] else "" if row["actual"] is None else f"{row['actual']:.0f}"


def name_of(row: dict[str, Any], width: int) -> str:
    """The player, cut to fit, and whole what the injury report says of him; his id where nobody has named him."""
    name = row["player_name"] if row["player_name"] is not None else str(row["player_id"])
    tag = f" {_tag(row)}" if row["injury_status"] else ""
    room = width - len(tag)
    return f"{name if len(name) <= room else f'{name[: room - 1]}…'}{tag}"


def _tag(row: dict[str, Any]) -> str:
    return f"({row['injury_status'][:1].upper()})"


def legend(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A line that says what the letters of the injury report mean, where any of these has one."""
    tags = sorted({f"{_tag(row)} {row['injury_status'].lower()}" for row in rows if row["injury_status"]})
    if tags:
        yield f"{', '.join(tags)}: the injury report"


def pick(row: dict[str, Any]) -> str:
    """Like "over +105" or "pass"; nothing without a line. `--best` has the book."""
    recommended = row["recommendation"]
    if recommended in ("over", "under"):
        return f"{recommended} {show.price(row[f'{recommended}_price'])}"
    return "pass" if recommended == "pass" else ""


def over_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Stored distributions against a line that was asked for."""
    who = ("player", "market", "system")
    names = ("line", "mean", "over\n%", "push\n%", "under\n%", "fair\nover", "fair\nunder")
    table = common.table(*who, *names, left=who, gap=1)
    narrow(table, "player", _SHORT_NAME)
    narrow(table, "system", 12)
    narrow(table, "market", 8)
    for row in rows:
        table.add_row(
            row["player_name"],
            row["market"],
            show.system_name(row),
            f"{row['asked_line']:g}",
            f"{row['mean']:.1f}",
            *(f"{100 * row[name]:.1f}" for name in ("p_over", "p_push", "p_under")),
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
    parts = ", ".join(_driver(*driver) for driver in json.loads(row["drivers"]))
    member = SYSTEMS[row["system"]].explained_by
    whose = f"of {member}, on which it stands: " if member else ""
    return f"  {who}: mean {row['mean']:.1f}; {whose}{parts}"


def _driver(name: str, value: object) -> str:
    """A feature's contribution, or, of comparable games, what happened in one."""
    return f"{name} {value:+.2f}" if isinstance(value, int | float) else f"{name}: {value}"
