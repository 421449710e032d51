"""What a service stands on, looked at before it gets traffic: each check names what is not as it must be."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from shared.errors import Missing, Permanent, TipoffError
from shared.ports import Clock, Ports
from shared.registries.access import published, read, written
from shared.registries.secrets import SECRETS
from shared.runtime.boundary import failure_of
from shared.runtime.cached import Cached
from shared.runtime.clock import WallClock
from shared.tables import TABLES

Ping = Callable[[], Awaitable[object]]
LIMIT_SECONDS = 8.0
"""For each check: a cold start imports its libraries, and statements may be at work before it."""
MAX_AGE = 10.0
"""Seconds that answers count."""
MAX_SKEW = 60.0
"""Seconds that this machine's clock may be off: a token lives for an hour, a line is as of its minute."""


class Readiness:
    """The checks of a service. One round serves all who wait for it, and all who ask within ten seconds."""

    def __init__(self, pings: Mapping[str, Ping], clock: Clock) -> None:
        self._pings = pings
        self._round = Cached("readiness", self._ask, clock)

    async def checks(self) -> Mapping[str, str]:
        """What each check found: "ok", or why not."""
        return await self._round.current()

    async def close(self) -> None:
        """End a round that nobody waits for any more."""
        await self._round.close()

    async def _ask(self) -> tuple[Mapping[str, str], float]:
        # One after the other: an adapter that is imported at its first use would use up its neighbours' time.
        return {name: await _answer(ping) for name, ping in self._pings.items()}, MAX_AGE


async def _answer(ping: Ping) -> str:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            failure = await failure_of(_asked(ping))
    except TimeoutError:
        return f"no answer within {LIMIT_SECONDS:g} s"
    return "ok" if failure is None else str(failure)


async def _asked(ping: Ping) -> None:
    await ping()  # a port that cannot be made fails before there is anything to wait for


class Checks:
    """The checks that several services have, each of what the registries say that this one touches."""

    def __init__(self, service: str, ports: Ports, *, keys_needed: bool = True) -> None:
        """`keys_needed`: the sources' keys have to be there; on a machine of one's own what they open is left out."""
        self._service = service
        self._ports = ports
        self._keys_needed = keys_needed

    @property
    def datasets(self) -> Collection[str]:
        """Datasets whose tables it reads or writes."""
        return read(self._service) | written(self._service)

    async def warehouse(self) -> None:
        """Its tables and their columns are there as declared; only metadata is asked for."""
        tables = [name for name in TABLES if name.partition(".")[0] in self.datasets]
        _none(await self._ports.warehouse.missing(tables), "run `tipoff schema apply`")

    async def clock(self) -> None:
        """A statement runs, and this machine's clock agrees with the warehouse's, unless it is one that is set."""
        theirs = await self._ports.warehouse.now()
        if theirs is None or type(self._ports.clock) is not WallClock:  # a virtual one stands where it was set
            return
        ahead = (self._ports.clock.now() - theirs).total_seconds()
        if abs(ahead) > MAX_SKEW:
            side = "ahead of" if ahead > 0 else "behind"
            raise Permanent(f"this machine's clock is {abs(ahead):.0f} s {side} the warehouse's", remedy="set it")

    async def topics(self) -> None:
        """The topics that it publishes to are there, and it may."""
        _none(await self._ports.bus.missing(published(self._service)), "run deploy/setup.sh")

    async def secrets(self) -> None:
        """Its secrets can be read."""
        failed = []
        for secret in SECRETS.values():
            if secret.service == self._service and not secret.optional:
                try:
                    await self._ports.secrets.get(secret.name)
                except Missing as error:
                    if self._keys_needed or secret.generated:
                        failed.append(str(error))
                except TipoffError as error:
                    failed.append(str(error))
        _none(failed)

    async def archive(self) -> None:
        """The archive takes a file."""
        await self._ports.archive.put(f"readiness/{self._service}", b"")


def _none(missing: Collection[str], remedy: str = "") -> None:
    """Raises `Permanent`, naming all of them, if there are any."""
    if missing:
        raise Permanent("; ".join(missing), remedy=remedy)
