"""`tipoff` alone: tonight in one screen. State, the best edges, what needs a hand, and what to do next."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from cli import changes, common, show
from cli.paged import Paged, counted, narrow
from cli.slates import NoSlate, Slate, slate
from client.answers import Alert, Run
from client.api import Client
from devstack import here
from live import here as live
from shared.basketball.slate import EASTERN
from shared.errors import Permanent

EDGES = 5
_FEW = 3
"""Of what needs a hand, and of what changed."""
_FIRST_STEPS = """\
Tipoff predicts NBA player props before tip-off. Nothing has been run here yet.

  tipoff demo                a generated league's night, end to end, in a minute
  tipoff init; tipoff up     tonight's real slate, on schedule, on this machine
  tipoff --help              every command

TIPOFF_HOME names the folder it works in; here it is {home}"""


def overview() -> None:
    """Print it."""
    base = common.place()
    if common.elsewhere() is None and not live.speaks_for(base) and common.workspace(base) is None:
        common.out.print(_FIRST_STEPS.format(home=base), markup=False)
        return
    try:
        of, tonight, run, alerts, letters = common.ask(_asked)
    except NoSlate:
        common.out.print(f"{_where(base)}\nno runs yet: `tipoff run` starts one", markup=False)
        return
    shown = Paged(f"{of}: {_published(tonight)}")
    shown.add(f"{_where(base)}; {_run(run)}")
    shown.add("")
    if tonight["edges"]:
        shown.add(f"best of {len(tonight['edges'])} edges")
        shown.add(edges_table(tonight["edges"][:EDGES]))
    else:
        shown.add("no edge tonight")
    shown.add("")
    for line in needs_a_hand(tonight, run, alerts, letters):
        shown.add(line)
    for change in tonight["changes"][:_FEW]:
        shown.add(f"changed: {changes.line(change)}")
    shown.add("Next: `tipoff predictions --best`, `tipoff status`, `tipoff --help`")
    shown.show()


async def _asked(client: Client) -> tuple[Slate, dict[str, Any], Run | None, list[Alert], int]:
    of = await slate(client)
    tonight: dict[str, Any] = await client.get("tonight", **of.query)
    try:
        run: Run | None = await client.run(f"{of.day}.{of.mode}")
    except Permanent:  # it was predicted in parts
        run = None
    return of, tonight, run, await client.alerts(), len(await client.get("dead-letters"))


def _published(tonight: dict[str, Any]) -> str:
    if tonight["published_at"] is None:
        due = common.instant(tonight["due_at"]).astimezone(EASTERN)
        return f"nothing is published yet; due {due:%H:%M} ET"
    at = common.instant(tonight["published_at"]).astimezone(EASTERN)
    late = "" if tonight["in_time"] is not False else ", late"
    players = sum(len(game["players"]) for game in tonight["games"])
    return f"published {at:%H:%M} ET{late}; {counted(len(tonight['games']), 'game')}, {counted(players, 'player')}"


def _where(base: Path) -> str:
    """Who answers."""
    endpoint = common.elsewhere()
    if endpoint is not None:
        return f"coordinator {endpoint.url}"
    if common.is_stopped(base):
        return "not running: `tipoff up --detach` starts it"
    up = live.found(base) if live.speaks_for(base) else None
    if up is not None:
        return f"up (process {up.pid}), {up.url}"
    stack = here.running_stack(base)
    if stack is not None:
        return f"local stack up (process {stack.pid}), {stack.url}"
    return "nothing runs here"


def _run(run: Run | None) -> str:
    if run is None:
        return "no run of the whole slate"
    done = sum(step["status"] in ("done", "degraded") for step in run["steps"].values())
    more = ", `tipoff watch` follows it" if run["status"] == "running" else ""
    return f"run {run['status']}, {done} of {len(run['steps'])} steps done{more}"


def edges_table(edges: Sequence[dict[str, Any]]) -> Table:
    """Edges, with how such picks did so far."""
    left = ("player", "game", "market", "pick", "book")
    names = ("market", "pick", "price", "book", "P", "edge", "so far")
    table = common.table("player", "game", *names, left=left, gap=1)
    narrow(table, "player", 17)
    narrow(table, "book", 9)
    for edge in edges:
        record = edge["record"]
        table.add_row(
            edge["player_name"],
            f"{edge['team']}/{edge['opponent']}",
            edge["market"],
            f"{edge['side']} {edge['line']:g}",
            show.price(edge["price"]),
            edge["book"] if edge["book"] is not None else "",
            show.percent(edge["p"]),
            show.percent(edge["edge"], 0, "+"),
            f"{record['won']}/{record['picks']}" if record["picks"] else "none",
        )
    return table


def needs_a_hand(tonight: dict[str, Any], run: Run | None, alerts: Sequence[Alert], letters: int) -> list[str]:
    """What a person should look at, the gravest first; or that nothing needs it."""
    lines = [f"{alert['severity']}: {alert['name']} {alert['scope']}: {alert['detail']}" for alert in alerts]
    if run is not None:
        bad = {name: step for name, step in run["steps"].items() if step["status"] == "failed"}
        again = f"`tipoff run --date {run['game_date']} --mode {run['mode']} --redo"
        lines += [f"{name} failed: {step['reason']}; {again} {name}`" for name, step in bad.items()]
    lines += [f"missing: {each['what']}: {each['why']}" for each in tonight["missing"]]
    if letters:
        lines.append(f"dead letters: {letters}, `tipoff dlq` lists them")
    if not lines:
        return ["nothing needs a hand"]
    more = [f"and {len(lines) - _FEW} more: `tipoff status`, `tipoff alerts`"] if len(lines) > _FEW else []
    return ["needs a hand:", *(f"  {line}" for line in lines[:_FEW]), *more]
