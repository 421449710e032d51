"""The demo: a little history for the models to learn from, one night, and the same night in a storm.

The storm's night begins with a copy of the very workspace in which the night begins, and goes on beside it.
"""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from client.api import Client, connect
from client.backfill import backfill
from client.runs import Observer
from devstack import driver, warmup
from devstack.clocked import SCRAPING, Clocked
from devstack.driver import Plan, last_cutoff
from devstack.history import History
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from shared.embedded.clock import VirtualClock

SLATES = 8
"""Slates that the models learn from: the fewest that training's setting allows, so that a demo is short."""
_NIGHT = date(2024, 11, 21)
"""The generated league's: five games, a month into the season; enough is known of everybody, and little is to load."""
STORM = "storm"
Row = dict[str, Any]

_stack = partial(running, scraping=SCRAPING, learning={"training_slates": SLATES})
_SAID = ("mean", "centre", "scale", "power", "line", "p_over", "p_market", "edge", "recommendation", "actual", "voided")
"""What has to be the same of a prediction, whatever the upstreams did."""
_RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo has to show."""

    report: dict[str, Any]
    """Of the night: see `driver.replay`."""
    predictions: list[Row]
    """As the API has them the morning after: graded."""
    storm: dict[str, Any]
    """requests, failed, faults by kind; predictions, and how many of them differ from the night's."""


def night(history: History, folder: str | None) -> date:
    """The slate that a demo shows: the last one of a history that was given."""
    return _NIGHT if folder is None else history.last_date


def slates(history: History, plan: Plan) -> list[date]:
    """The dates before the night that are served first; none where there are too few to learn from.

    On the last of them the models are trained, so that the night and the storm's night predict with the same ones.
    """
    earlier = [day for day in history.dates if day < plan.first][-(SLATES + 1) :]
    return earlier if len(earlier) > SLATES else []


async def run(workspace: Workspace, history: History, plan: Plan, observe: Observer) -> Demo:
    """Run what is not done yet; resumes. The workspace is held, and ends as the night left it."""
    twin = Workspace(workspace.path, STORM)
    if not twin.path.is_dir():
        await _learn(workspace, history, plan, observe)
        await asyncio.to_thread(_copy, workspace, twin)
    async with asyncio.TaskGroup() as both:
        calm = both.create_task(_night(workspace, history, plan, observe))
        stormy = both.create_task(_night(twin, history, replace(plan, faults=STORM), lambda _: None))
    report, predictions = calm.result()
    storm, others = stormy.result()
    await asyncio.to_thread(shutil.rmtree, twin.path)
    totals = storm["upstream"]["totals"]
    return Demo(
        report,
        predictions,
        {
            "requests": totals["requests"],
            "failed": sum(totals["faults"].values()),
            "faults": totals["faults"],
            "predictions": len(others),
            "different": different(predictions, others),
            "status": storm["status"],
        },
    )


def different(some: list[Row], others: list[Row]) -> int:
    """How many predictions are said otherwise, or only by one of the two."""
    one, other = ({_key(row): [row[name] for name in _SAID] for row in rows} for rows in (some, others))
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def _key(row: Row) -> tuple[Any, ...]:
    return row["game_id"], row["player_id"], row["market"], row["system"]


async def _learn(workspace: Workspace, history: History, plan: Plan, observe: Observer) -> None:
    """Serve the earlier slates and train on them; a demo of a history that is too short has no learned systems."""
    earlier = slates(history, plan)
    session: dict[str, Any] = {
        "kind": "demo", "history": plan.history, "mode": plan.mode, "faults": plan.faults,
        "finished": False, "nights": [],
    }  # fmt: skip
    workspace.write_session(session)
    runs: list[dict[str, Any]] = []
    if earlier:
        clock = VirtualClock(last_cutoff(history, earlier[0], plan.mode))
        async with (
            _stack(workspace, history, clock, FaultProfile.named("none")) as stack,
            connect(stack.endpoint) as client,
        ):
            runs = await warmup.warm_up(history, plan, earlier[:-1], observe, stack, client)
            turns = Clocked(stack, lambda day: last_cutoff(history, day, plan.mode))
            runs += await backfill(client, earlier[-1:], plan.mode, ("train",), observe=observe, turns=turns)
    workspace.write_session(session | {"before": runs})


def _copy(workspace: Workspace, twin: Workspace) -> None:
    half = workspace.path / f"{STORM}.half"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(workspace.path, half, ignore=shutil.ignore_patterns(half.name, "lock"))
    os.replace(half, twin.path)  # noqa: PTH105 - a folder, moved within its own


async def _night(
    workspace: Workspace, history: History, plan: Plan, observe: Observer
) -> tuple[dict[str, Any], list[Row]]:
    """The report and the predictions of a night; one that ended before a kill is only read."""
    ended = workspace.path / _RESULT
    if ended.is_file():
        report, predictions = json.loads(ended.read_text())
        return report, predictions
    rows: list[Row] = []

    async def read(_: Stack, client: Client) -> None:
        rows.extend(await client.get("predictions", game_date=plan.last.isoformat(), mode=plan.mode.value))

    report = await driver.replay(workspace, history, plan, observe, kind="demo", runner=_stack, after=read)
    if workspace.name == STORM:
        ended.write_text(json.dumps([report, rows], default=str))
    return report, rows
