"""Drives a local stack through nights: sets the virtual clock, asks for runs, follows them, and keeps the report.

What is done is recorded in the workspace's session after every night, so that the same command goes on where a crash,
or a kill, left off: the clock is restored, finished runs are recognised and unfinished ones resumed.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from client.api import Client, connect
from client.runs import Observer, follow, summary, worst
from devstack.history import History
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from shared.basketball.slate import SAME_DAY_LEAD, Mode, cutoff, days, eastern_instant
from shared.embedded.clock import VirtualClock
from shared.registries.systems import headline

_NOON = time(12)

Runner = Callable[[Workspace, History, VirtualClock, FaultProfile], AbstractAsyncContextManager[Stack]]
"""`stack.running`, or `processes.running`."""
Before = Callable[[Stack, Client], Awaitable[list[dict[str, Any]]]]
"""What is done before the first night; the summaries of its runs."""
After = Callable[[Stack, Client], Awaitable[None]]
"""What is done when the last night is graded."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay."""

    first: date
    last: date
    mode: Mode
    faults: str
    history: str | None = None
    """The history's folder; None for the generated league."""


def last_cutoff(history: History, day: date, mode: Mode) -> datetime:
    """Where the clock stands for a slate: its last cutoff; on a day without games the overnight one or noon."""
    tips = [game.tip for game in history.on(day)] or [eastern_instant(day, _NOON) + SAME_DAY_LEAD]
    return max(cutoff(mode, day, tip) for tip in tips)


@contextmanager
def held(home: Path, kind: str, history: History, plan: Plan, more: Sequence[str] = ()) -> Iterator[Workspace]:
    """The workspace of this very command, held: kept if it is unfinished, else made afresh."""
    identity = json.dumps([history.fingerprint, str(plan.first), str(plan.last), plan.mode, plan.faults, *more])
    workspace = Workspace(home, f"{kind}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}")
    with workspace.lock():  # to the end: of two equal commands neither may wipe what the other has begun
        if workspace.read_session().get("finished", True):
            workspace.wipe()
        workspace.make()
        yield workspace


async def replay(  # noqa: PLR0913 - what to replay, on what, and what to do before and after
    workspace: Workspace,
    history: History,
    plan: Plan,
    observe: Observer,
    *,
    kind: str = "replay",
    runner: Runner = running,
    before: Before | None = None,
    after: After | None = None,
) -> dict[str, Any]:
    """Replay the nights of `plan` and grade the last; returns the report. An unfinished session is resumed.

    `before` is done first, unless a night has been replayed already; `after` comes last.
    """
    session = workspace.read_session()
    if session.get("finished", True):
        session = {"kind": kind, "history": plan.history, "mode": plan.mode, "faults": plan.faults, "nights": []}
    session["finished"] = False
    start = workspace.clock() or last_cutoff(history, plan.first, plan.mode)
    clock = VirtualClock(start)
    done = {night["game_date"] for night in session["nights"]}
    async with (
        runner(workspace, history, clock, FaultProfile.named(plan.faults)) as stack,
        connect(stack.endpoint) as client,
    ):
        if before is not None and not done:
            session["before"] = await before(stack, client)
            workspace.write_session(session)
        for day in days(plan.first, plan.last):
            if day.isoformat() not in done:
                night = await _night(
                    stack, client, workspace, session, (day, last_cutoff(history, day, plan.mode)), observe
                )
                session["nights"].append(night)
                workspace.write_session(session)
        morning = plan.last + timedelta(days=1)
        at = (morning, last_cutoff(history, morning, Mode.OVERNIGHT))
        session["grading"] = await _night(stack, client, workspace, session, at, observe, targets=("grade",))
        report = await _report(client, stack, plan, session)
        if after is not None:
            await after(stack, client)
    session["finished"] = True
    workspace.write_session(session)
    return report


async def _night(
    stack: Stack,
    client: Client,
    workspace: Workspace,
    session: dict[str, Any],
    at: tuple[date, datetime],
    observe: Observer,
    *,
    targets: Sequence[str] = ("export",),
) -> dict[str, Any]:
    """One night: the clock to its instant, a run, its end, and what it took."""
    day, instant = at
    await stack.set_clock(instant)
    session["clock"] = instant.isoformat()
    workspace.write_session(session)
    started = monotonic()
    run = await client.start_run(day, session["mode"], retrospective=True, targets=list(targets))
    run = await follow(client, run, observe)
    return summary(run) | {"wall_seconds": round(monotonic() - started, 3)}


async def _report(client: Client, stack: Stack, plan: Plan, session: dict[str, Any]) -> dict[str, Any]:
    """The nights with what became of their predictions, and totals."""
    window = {"first": plan.first.isoformat(), "last": plan.last.isoformat(), "mode": plan.mode.value}
    slates = {slate["game_date"]: slate for slate in await client.get("slates", **window)}
    grades = await client.get("grades", **window)
    nights = []
    for night in session["nights"]:
        slate = slates.get(night["game_date"], {})
        rows = [row for row in grades if row["game_date"] == night["game_date"]]
        nights.append(
            night
            | {
                "games": {"expected": slate.get("games_expected", 0), "collected": slate.get("games_collected", 0)},
                "predictions": slate.get("predictions", 0),
                "graded": slate.get("graded", 0),
                "voided": slate.get("voided", 0),
                "accuracy": {row["market"]: _accuracy(row) for row in headline(rows)},
            }
        )
    return {
        "mode": plan.mode.value,
        "faults_profile": plan.faults,
        "from": plan.first.isoformat(),
        "to": plan.last.isoformat(),
        "nights": nights,
        "grading": session["grading"],
        "warm_up": _warmed(session.get("before", [])),
        "totals": {
            "games_expected": sum(night["games"]["expected"] for night in nights),
            "games_collected": sum(night["games"]["collected"] for night in nights),
            **{name: sum(night[name] for night in nights) for name in ("predictions", "graded", "voided")},
            **{name: sum(n[name] for n in [*nights, session["grading"]]) for name in ("requests", "retries")},
            "accuracy": _pooled(headline(grades)),
            "by_system": {
                name: _pooled([row for row in grades if row["system"] == name])
                for name in sorted({row["system"] for row in grades})
            },
        },
        "upstream": stack.upstream.stats(),
        "status": worst([*nights, session["grading"]]),
    }


def _warmed(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The slates whose features were made before the first night, for the models to learn from."""
    return {
        "slates": len(runs),
        "failed": [run["game_date"] for run in runs if run["status"] == "failed"],
        "seconds": round(sum(run["wall_seconds"] for run in runs), 1),
    }


def _accuracy(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "system": row["system"],
        "n": row["graded"],
        "mae": row["mae"],
        "mae_where_baseline": row["mae_with_baseline"],
        "season_to_date_mae": row["baseline_mae"],
        "bias": row["bias"],
        "coverage_80": row["coverage_80"],
        "brier": row["brier"],
        "with_line": row["with_line"],
    }


def _pooled(grades: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One system's accuracy by market over all nights, each night weighted by the predictions its figure rests on."""
    measures = (
        ("mae", "mae", "graded"),
        ("mae_where_baseline", "mae_with_baseline", "with_baseline"),
        ("season_to_date_mae", "baseline_mae", "with_baseline"),
        ("coverage_80", "coverage_80", "graded"),
    )
    pooled: dict[str, dict[str, Any]] = {}
    for market in sorted({row["market"] for row in grades}):
        rows = [row for row in grades if row["market"] == market]
        pooled[market] = {"system": rows[0]["system"], "n": sum(row["graded"] for row in rows)}
        for name, column, weight in measures:
            n = sum(row[weight] for row in rows)
            total = sum(row[column] * row[weight] for row in rows if row[weight])
            pooled[market][name] = round(total / n, 4) if n else None
    return {market: figures for market, figures in pooled.items() if figures["n"]}
