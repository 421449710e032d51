"""A late scratch at normal speed: a slate is brought to its day's run, a player is ruled out, a pulse sees it."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any, Final

from client.api import Client, connect
from client.runs import follow
from devstack.facts import Scratch
from devstack.history import History
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from services.coordinator.runs.engine import RUNS
from services.coordinator.runs.run import LOOK, Run
from shared.basketball.slate import Mode
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent, Transient
from shared.ports import Params, Ports
from shared.runtime.clock import WallClock

LEAD: Final = timedelta(minutes=25)
"""So long before the tip-off of his game he is ruled out."""
_BEFORE: Final = (timedelta(hours=1), timedelta(minutes=30))
"""Pulses before that: looks at lines are due, and inactive lists are out."""
_SECOND: Final = timedelta(seconds=1)
_DAY_RUN: Final = timedelta(hours=2)
_LOOK: Final = 0.1
"""Seconds between looks: the coordinator takes twenty requests a second. Nothing is measured by them."""
_LONGEST: Final = 120.0


class RunningClock(VirtualClock):
    """It goes on at normal speed from the instant that it was last set to."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._set_at = monotonic()

    def now(self) -> datetime:
        """The instant, aware UTC."""
        return self._now + timedelta(seconds=monotonic() - self._set_at)

    def set(self, instant: datetime, *, force: bool = False) -> None:
        """Move to an instant."""
        super().set(instant, force=force)
        self._set_at = monotonic()

    async def until(self, instant: datetime) -> None:
        """Wait in real time: nobody waits for hours here."""
        await WallClock.until(self, instant)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it."""

    scratch: Scratch
    fetched_at: datetime
    """When the injuries were asked for."""
    published_at: datetime
    """When the superseding rows were there."""
    rows: list[dict[str, Any]]
    """What was published after the scratch."""
    look: Run
    """The look that saw it."""
    passes: list[Run]
    """What it began."""
    changes: list[dict[str, Any]]
    """What the slate's changes are said to be since, the newest first."""

    @property
    def seconds(self) -> float:
        """From the request for the injuries to the rows."""
        return (self.published_at - self.fetched_at).total_seconds()


def scratched(history: History, day: date) -> tuple[History, Scratch]:
    """The history in which he who plays most in the day's first game is ruled out late."""
    game = history.on(day)[0]
    player = max(history.players(game.game_id), key=lambda row: (row["minutes"], row["player_id"]))
    scratch = Scratch(game.game_id, player["player_id"], game.tip - LEAD)
    return history.scratching(scratch), scratch


async def late_scratch(workspace: Workspace, history: History, scratch: Scratch) -> Seen:
    """Bring the slate to its day's run and through its afternoon, and let a pulse see the scratch."""
    game = history.games[scratch.game_id]
    clock = RunningClock(game.tip - _DAY_RUN)
    none = FaultProfile.named("none")
    async with running(workspace, history, clock, none) as stack, connect(stack.endpoint) as client:
        await follow(client, await client.start_run(game.game_date, Mode.SAME_DAY.value), lambda _: None)
        for before in _BEFORE:
            await stack.set_clock(game.tip - before)
            await _pulse(client)
        known = {run.run_id for run in await _runs(stack)}
        await stack.set_clock(scratch.known_at + _SECOND)
        await _pulse(client)
        return await _seen(stack, scratch, known, await client.get("changes"))


async def _pulse(client: Client) -> None:
    """Pulse, and wait until nothing is under way."""
    await client.post("pulse", {})
    deadline = monotonic() + _LONGEST
    while not (await client.get("idle"))["idle"]:
        if monotonic() > deadline:
            raise Transient(f"something is under way for {_LONGEST:.0f} s", remedy="see the log")
        await asyncio.sleep(_LOOK)


def _ports(stack: Stack) -> Ports:
    if stack.ports is None:
        raise Permanent("the stack is another process's")
    return stack.ports


async def _runs(stack: Stack) -> list[Run]:
    return [Run.model_validate(each.data) for each in await _ports(stack).state.list(RUNS)]


async def _seen(stack: Stack, scratch: Scratch, known: set[str], changes: list[dict[str, Any]]) -> Seen:
    warehouse = _ports(stack).warehouse
    new = [run for run in await _runs(stack) if run.run_id not in known]
    [look] = [run for run in new if run.part == LOOK]
    passes = [run for run in new if run.part != LOOK]
    params: Params = {"at": scratch.known_at, "player_id": scratch.player_id}
    [asked] = await warehouse.query(
        "SELECT MIN(fetched_at) AS at FROM raw.injuries WHERE player_id = @player_id AND available_at = @at", params
    )
    rows = await warehouse.query(
        "SELECT * FROM predictions.player_prop_predictions WHERE predicted_at >= @at", {"at": scratch.known_at}
    )
    ends = [run.steps["publish"].ended_at for run in passes]
    published_at = max((end for end in ends if end is not None), default=scratch.known_at)
    return Seen(scratch, asked["at"], published_at, rows, look, passes, changes)
