"""`tipoff demo`: one night in a world of its own, and what it shows, in one screen."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any

import click

from cli import common, show
from cli.common import out
from cli.progress import SeasonProgress
from cli.worlds import folder
from devstack import daemon
from devstack import demo as demonstration
from devstack.demo import Demo
from devstack.driver import Plan, held
from devstack.league import open_history
from live import daemon as live
from shared.basketball.slate import Mode
from shared.registries.systems import headline

WIDTH = 80
EDGES = 5
"""How many of the best are shown, one a player: his markets move together."""
_EXPLAINS = "boosted"
"""The system whose reasons are in units of the market."""
Row = dict[str, Any]


@click.command()
@common.history_option
@common.mode_option(Mode.OVERNIGHT.value)
@common.json_option
@click.option("--dry-run", is_flag=True, help="Only say which slate would be run.")
def demo(path: Path | None, mode: str, *, as_json: bool, dry_run: bool) -> None:
    """One night, end to end, on this machine: learn, scrape, analyse, predict, publish; next morning, grade.

    And the same night once more with a third of all requests failing.
    """
    base = common.home()
    daemon.refuse_beside(base, "demo")
    history = open_history(folder(path))
    day = demonstration.night(history, folder(path))
    plan = Plan(day, day, Mode(mode), "none", folder(path))
    if dry_run:
        common.print_json([{"game_date": plan.first, "games": len(history.on(plan.first))}])
        return
    with held(base, "demo", history, plan) as workspace:
        runs = len(demonstration.slates(history, plan)) + 2
        with SeasonProgress("demo", runs) as progress:
            shown = common.settle(demonstration.run(workspace, history, plan, progress))
    nights = [*shown.report["nights"], shown.report["grading"]]
    if as_json:
        common.print_json({"report": shown.report, "predictions": shown.predictions, "storm": shown.storm})
    else:
        for line in screen(shown, len(history.on(plan.first)), products=live.speaks_for(base)):
            out.print(line, soft_wrap=True, markup=False)
        show.reasons(nights)
    show.failure(nights)
    code = common.EXIT_CODES[shown.report["status"]]
    raise click.exceptions.Exit(code if shown.storm["different"] == 0 else common.EXIT_CODES["failed"])


def screen(demo: Demo, games: int, *, products: bool) -> Iterator[str]:
    """About twenty lines of at most eighty columns; `products`: the home is the product's."""
    [night] = demo.report["nights"]
    rows = demo.predictions
    systems, players = (len({row[name] for row in rows}) for name in ("system", "player_id"))
    yield f"The night of {date.fromisoformat(night['game_date']):%a} {night['game_date']}, {demo.report['mode']}"
    yield f"  {games} games, {players} players, {len(rows):,} predictions by {systems} systems: {night['status']}"
    best = best_edges(headline(rows))
    yield ""
    yield f"Best edges ({headline(rows)[0]['system']})" if best else "No edge tonight: every line was passed"
    yield from map(_edge, best)
    if best:
        yield ""
        yield from _why(best[0], rows)
    yield ""
    yield from _morning(night, headline(rows))
    yield ""
    yield from _storm(demo.storm)
    yield ""
    if products:
        yield "This home is the product's, and commands speak of that:"
        yield "TIPOFF_HOME=another folder for demos"
    else:
        yield "The page: `tipoff dev up` serves it, `tipoff page` gives a link into it"
        yield "Next: `tipoff predictions`, `tipoff accuracy`, `tipoff status`"


def best_edges(rows: Sequence[Row]) -> list[Row]:
    """The recommended predictions with the largest edges, one a player, the best first."""
    picks = sorted((row for row in rows if _picked(row)), key=lambda row: -abs(row["edge"]))
    best: dict[int, Row] = {}
    for row in picks:
        best.setdefault(row["player_id"], row)
    return [*best.values()][:EDGES]


def _picked(row: Row) -> bool:
    return row["recommendation"] in ("over", "under")


def _bet(row: Row) -> str:
    return f"{row['recommendation']} {row['line']:g} {row['market']}"


def _edge(row: Row) -> str:
    """Player, bet, its price and book, the chance and the edge."""
    over = row["recommendation"] == "over"
    chance = row["p_over"] if over else 1 - row["p_over"] - row["p_push"]
    price = f"{show.price(row[row['recommendation'] + '_price'])} {row['book']}"
    return (
        f"  {row['player_name'][:21]:21} {row['team_abbr'] or '':3} {_bet(row):19} {price[:18]:18}"
        f" {show.percent(chance):>4} {show.percent(abs(row['edge']), 0, '+'):>5}"
    )


def _why(row: Row, rows: Sequence[Row]) -> Iterator[str]:
    """What is forecast of a pick, what the market says, and what moved the forecast."""
    yield f"Why {row['player_name'][:40]} {_bet(row)}?"
    yield (
        f"  forecast {row['mean']:.1f}, 80 % between {max(row['q10'], 0.0):.0f} and {row['q90']:.0f}; "
        f"P(over) {show.percent(row['p_over'])}, the market says {show.percent(row['p_market'])}"
    )
    same = (each for each in rows if (each["player_id"], each["market"]) == (row["player_id"], row["market"]))
    explained = next((each for each in same if each["system"] == _EXPLAINS and each["drivers"] is not None), None)
    if explained is None:
        yield "  this system does not tell what moved it"
        return
    (name, base), *moved = json.loads(explained["drivers"])
    drivers = (f", {what} {by:+.1f}" for what, by in moved)
    lines = accumulate(drivers, initial=f"  {_EXPLAINS}: {name} {base:.1f}")
    yield [*takewhile(lambda line: len(line) <= WIDTH, lines)][-1].replace("_", " ")


def _morning(night: dict[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """What came of it."""
    settled = [row for row in rows if _picked(row) and row["actual"] is not None and row["actual"] != row["line"]]
    won = sum((row["actual"] > row["line"]) == (row["recommendation"] == "over") for row in settled)
    points = night["accuracy"]["points"]
    yield f"The next morning: {night['graded']:,} graded, {night['voided']:,} void (did not play)"
    yield (
        f"  {won} of {len(settled)} picks won; points off by {show.number(points['mae'])} on average, "
        f"season mean by {show.number(points['season_to_date_mae'])}"
    )
    yield "  One night says little: `tipoff replay` runs many, `accuracy` has intervals"


def _storm(storm: dict[str, Any]) -> Iterator[str]:
    """What the same night was like with faults."""
    yield (
        f"The storm: the same night once more, {storm['failed']} of {storm['requests']} requests failed "
        f"({show.percent(storm['failed'] / storm['requests'])})"
    )
    same = storm["predictions"] - storm["different"]
    if storm["different"] == 0:
        yield f"  All {same:,} predictions are the same"
    else:
        yield f"  {storm['different']} predictions DIFFER: that is a bug, please report it"
