"""The simulated world that commands of this machine speak of: the running stack's, or one started for a command."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from client.api import Client, connect
from devstack import daemon
from devstack.clocked import SCRAPING, Clocked
from devstack.daemon import RunningStack
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.league import open_history
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace, current
from shared.basketball.slate import Mode, eastern_instant
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent


@asynccontextmanager
async def started(
    workspace: Workspace,
    history: History,
    instant: datetime,
    scraping: Mapping[str, float] = MappingProxyType({}),
) -> AsyncIterator[tuple[Stack, Client]]:
    """A stack of this command's own in a workspace that it holds, without faults, its clock at `instant`."""
    none = FaultProfile.named("none")
    async with (
        running(workspace, history, VirtualClock(instant), none, scraping=scraping) as stack,
        connect(stack.endpoint) as client,
    ):
        yield stack, client


@asynccontextmanager
async def readable(workspace: Workspace, history: History | None = None) -> AsyncIterator[Client]:
    """What a workspace that this command holds has, its clock where it stood."""
    history = history if history is not None else open_history(workspace.read_session().get("history"))
    instant = workspace.clock() or eastern_instant(history.last_date)
    async with started(workspace, history, instant) as (_, client):
        yield client


@dataclass(frozen=True, slots=True)
class World:
    """A workspace, its history, and the stack that runs in it, if one does."""

    workspace: Workspace
    history: History
    given: str | None
    """The folder of the history; None for the generated league."""
    stack: RunningStack | None

    @classmethod
    def open(cls, home: Path, given: str | None = None) -> "World":
        """The running stack's, else the current workspace's, or with a history the one kept for that history.

        Raises:
            Permanent: a stack runs on another history than the one given.
        """
        stack = daemon.running_stack(home)
        workspace = current(home) if stack is None else Workspace(home, stack.workspace)
        workspace = workspace if workspace is not None else Workspace(home, "local")
        known = workspace.read_session().get("history")
        if given is None:
            return cls(workspace, open_history(known), known, stack)
        history = open_history(given)
        if stack is None:
            return cls(Workspace(home, f"history-{history.fingerprint[:12]}"), history, given, None)
        if given != known and history.fingerprint != open_history(known).fingerprint:
            raise Permanent(
                f"the local stack runs on {known or 'the generated league'}, not on {given}",
                remedy="`tipoff dev down` first, or set TIPOFF_HOME to another folder",
            )
        return cls(workspace, history, given, stack)

    @property
    def latest(self) -> date:
        """The last slate whose overnight cutoff the clock has reached; of a new world the last there is."""
        stood = self.workspace.clock()
        dates = self.history.dates
        reached = [day for day in dates if stood is None or last_cutoff(self.history, day, Mode.OVERNIGHT) <= stood]
        return max(reached, default=self.history.last_date)

    @asynccontextmanager
    async def at(self, day: date, mode: Mode, *, dry_run: bool) -> AsyncIterator[Client]:
        """Its coordinator with the clock at a slate's last cutoff, where it then stays, unless it stood beyond it.

        A dry run changes nothing.
        """
        stood, instant = self.workspace.clock(), last_cutoff(self.history, day, mode)
        async with self._tried(dry_run=dry_run) as world, world.serving(instant) as (stack, client):
            if not dry_run:
                world.remember(instant)
                await stack.set_clock(instant)
            try:
                yield client
            finally:
                if not dry_run and stood is not None and stood > instant:
                    await stack.set_clock(stood)  # what was published since would be of the future
                    world.remember(stood)

    @asynccontextmanager
    async def through(
        self, dates: Sequence[date], mode: Mode, *, dry_run: bool
    ) -> AsyncIterator[tuple[Client, Clocked]]:
        """Its coordinator, and the turns of many slates: the clock ends at the last of them, or stays beyond it."""
        stood = self.workspace.clock()
        start = stood if stood is not None else last_cutoff(self.history, min(self.history.dates), Mode.BACKFILL)
        async with self._tried(dry_run=dry_run) as world, world.serving(start, SCRAPING) as (stack, client):
            turns = Clocked(stack, lambda day: last_cutoff(self.history, day, mode))
            yield client, turns
            if not dry_run:
                world.remember(max(start, *map(turns.instant, dates)))

    @asynccontextmanager
    async def _tried(self, *, dry_run: bool) -> AsyncIterator["World"]:
        """This world; for a dry run where there is none yet, one that is gone afterwards."""
        if not dry_run or self.workspace.path.is_dir():
            yield self
            return
        with TemporaryDirectory() as nowhere:
            yield replace(self, workspace=replace(self.workspace, home=Path(nowhere)))

    @asynccontextmanager
    async def serving(
        self, instant: datetime, scraping: Mapping[str, float] = MappingProxyType({})
    ) -> AsyncIterator[tuple[Stack | RunningStack, Client]]:
        """The running stack as it is, else one of this command's own, its clock at `instant`."""
        if self.stack is not None:
            async with connect(self.stack.endpoint) as client:
                yield self.stack, client
            return
        self.workspace.make()
        with self.workspace.lock():
            async with started(self.workspace, self.history, instant, scraping) as served:
                yield served

    def remember(self, instant: datetime) -> None:
        """Record where the clock of this command's own stack stands; a running stack does so itself."""
        if self.stack is None:
            new: dict[str, Any] = {"finished": True, "history": self.given, "nights": []}
            session = new | self.workspace.read_session()
            self.workspace.write_session(session | {"clock": instant.isoformat()})
