"""Fires the one table of schedules on this machine, as Cloud Scheduler does in the cloud.

Each schedule has a task of its own: its firings come one after another, those of different ones beside each other. What
has fired is kept in the state store, so that a restart neither repeats nor loses one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cronsim import CronSim

from shared.basketball.slate import EASTERN
from shared.errors import Permanent, TipoffError, Transient
from shared.ports import Clock, StateStore
from shared.registries.schedules import Schedule
from shared.runtime.logs import get_logger
from shared.runtime.retry import OnRetry, RetryPolicy, retry

FIRED: Final = "schedules_fired"
"""Collection of the state store: schedule -> the last firing that is settled."""
JUMP: Final = timedelta(hours=2)
"""A clock that stands further before what has been is wrong now, or was wrong then."""
_PATIENCE: Final = RetryPolicy(attempts=10_000, attempt_timeout=70.0, base_delay=1.0, max_delay=60.0)
"""The schedule's own `late` ends it."""
_log = get_logger("scheduler")

Post = Callable[[str, dict[str, Any], str], Awaitable[Any]]
"""(path below /v1/, body, idempotency key) -> the coordinator's answer."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A schedule at one of its instants."""

    schedule: Schedule
    at: datetime
    """Aware UTC."""

    @property
    def key(self) -> str:
        """The same whenever it is asked again."""
        return f"{self.schedule.name}.{self.at:%Y-%m-%dT%H:%M}Z"

    @property
    def end(self) -> datetime:
        """The instant from which it is too late for it."""
        return self.at + self.schedule.late


def firings(schedule: Schedule, after: datetime) -> Iterator[Firing]:
    """All after an instant, in their order.

    At the spring change, what falls into the hour that is left out fires at its end; in autumn a fixed time fires once
    and an hourly schedule in both of the two like hours: the rule of Debian's cron.
    """
    for instant in CronSim(schedule.cron, after.astimezone(EASTERN)):
        yield Firing(schedule, instant.astimezone(UTC))


def following(schedule: Schedule, after: datetime) -> Firing:
    """The first after an instant."""
    return next(firings(schedule, after))


def due(schedule: Schedule, since: datetime, now: datetime) -> Firing | None:
    """The newest in (since, now] for which it is not too late; none if there is none."""
    newest = None
    for firing in firings(schedule, max(since, now - schedule.late)):
        if firing.at > now:
            break
        newest = firing
    return newest


class Scheduler:
    """Lives as long as the process."""

    def __init__(
        self, schedules: Iterable[Schedule], post: Post, state: StateStore, clock: Clock, *, life: str = ""
    ) -> None:
        """`life` tells this process from the one before, which may have died over a request: its key stays at work."""
        self._life = life
        self._schedules = tuple(schedules)
        self._post = post
        self._state = state
        self._clock = clock

    async def run(self) -> None:
        """Fire until cancelled.

        Raises:
            Permanent: the clock went back by more than `JUMP`; the state store is broken.
        """
        tasks = [asyncio.create_task(self._keep(each), name=f"schedule-{each.name}") for each in self._schedules]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _keep(self, schedule: Schedule) -> None:
        await self._clock.until(self._clock.now())  # whoever sets a clock must know that this is at work
        since = await self.settled(schedule)
        if since is None:  # a first start makes good what the day has missed, too
            since = self._clock.now() - schedule.late
        while True:
            now = self._clock.now()
            require_time(since, now)
            firing = due(schedule, since, now)
            if firing is None:
                await self._clock.until(following(schedule, max(since, now)).at)
                continue
            pause = await self._fire(firing)
            since = firing.at
            await self._settle(schedule, since)
            if pause is not None and pause > since:  # a firing at the very instant that was named is not skipped
                since = max(since, pause - timedelta(microseconds=1))
                await self._clock.until(following(schedule, since).at)

    async def settled(self, schedule: Schedule) -> datetime | None:
        """Its last firing that is settled: made, refused, or given up."""
        document = await self._state.get(FIRED, schedule.name)
        return None if document is None else datetime.fromisoformat(document.data["at"])

    async def _settle(self, schedule: Schedule, at: datetime) -> None:
        """What cannot be noted now is noted when it can: a full disk ends nothing."""

        async def note(_: int) -> None:
            await remember(self._state, schedule.name, at)

        await retry(note, _PATIENCE, sleep=self._clock.sleep, on_retry=_warner(schedule))

    async def _fire(self, firing: Firing) -> datetime | None:
        """Ask until there is an answer or it is too late; returns the instant before which it wants no other firing."""
        schedule, key = firing.schedule, f"{firing.key}{self._life}"

        async def ask(_: int) -> Any:  # noqa: ANN401 - JSON
            if self._clock.now() >= firing.end:
                raise Permanent("too late for it", remedy="the next firing, or `tipoff run`")
            return await self._post(schedule.path.removeprefix("/v1/"), json.loads(schedule.body), key)

        try:
            answer = await retry(ask, _PATIENCE, sleep=self._clock.sleep, on_retry=_warner(schedule))
        except TipoffError as error:
            _log.error("schedule_failed", schedule=schedule.name, at=firing.at.isoformat(), reason=str(error))
            return None
        _log.info("schedule_fired", schedule=schedule.name, at=firing.at.isoformat())
        return _instant(answer.get("next_at")) if isinstance(answer, dict) else None


def _warner(schedule: Schedule) -> OnRetry:
    def warn(failure: Transient, attempt: int, seconds: float) -> None:
        _log.warning("schedule_retried", schedule=schedule.name, reason=str(failure), attempt=attempt, wait=seconds)

    return warn


async def remember(state: StateStore, name: str, at: datetime) -> None:
    """Note a schedule's last settled firing."""
    data = {"at": at.isoformat()}
    document = await state.get(FIRED, name)
    if document is None:
        await state.create(FIRED, name, data)
    else:
        await state.compare_and_set(FIRED, name, data, version=document.version)


async def forget(state: StateStore) -> None:
    """Forget what has fired: the clock was wrong then."""
    for document in await state.list(FIRED):
        await state.delete(FIRED, document.id)


async def require_clock(state: StateStore, now: datetime) -> None:
    """Raises `Permanent` if the clock shows a time long before that of a settled firing."""
    for document in await state.list(FIRED):
        require_time(datetime.fromisoformat(document.data["at"]), now)


def require_time(last: datetime, now: datetime) -> None:
    """Raises `Permanent` if it is long before `last`, which has been."""
    if last - now > JUMP:
        raise Permanent(
            f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC, but schedules have fired at {last:%Y-%m-%d %H:%M}",
            remedy="set the clock; if it was wrong before and is right now, `tipoff up --trust-clock`",
        )


def _instant(text: object) -> datetime | None:
    """An aware instant of an answer, if it is one."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
