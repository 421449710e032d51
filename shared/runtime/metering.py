"""Every statement on the cost ledger: a warehouse that opens an account for whatever is asked of it without one.

What is known of the reason - the message handled, the request answered - is bound to the context and names the account.
Accounts add up in memory and are written together, a row each, once the oldest is `INTERVAL` old and at the end of the
service: never a row for each statement (failure 22). A crash loses what was not written yet: telemetry, not money.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from shared.basketball.slate import eastern_date
from shared.contract import Message
from shared.errors import TipoffError
from shared.ports import Clock, Cost, Job, Params, Ports, Row, Warehouse
from shared.runtime.logs import get_logger

TABLE: Final = "ops.query_costs"
INTERVAL: Final = 900.0
"""Seconds that accounts add up before they are written."""
AT_THE_END: Final = 5.0
"""Seconds that the last writing may take: Cloud Run kills ten seconds after SIGTERM."""
_MAX_WAITING: Final = 1000
"""Rows that are kept while the ledger cannot be written; the oldest are let go."""
_OWN: Final = frozenset({"ledger", "health"})
"""Purposes that alone are no reason to write: writing is charged too, and would cause the next."""
_TEBIBYTE: Final = 2**40
_RUN_ID: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.(\w+)\.\d+")


def dollars(cost: Cost, usd_per_tib: float) -> float:
    """US dollars at an on-demand price for each tebibyte billed."""
    return cost.bytes_billed / _TEBIBYTE * usd_per_tib


@dataclass(frozen=True, slots=True)
class Reason:
    """What statements are run for."""

    purpose: str = "other"
    """The kind of the message that is handled, or: api, reconcile, watch, health, ledger, other."""
    run_id: str | None = None
    step: str | None = None
    game_date: date | None = None
    mode: str | None = None

    def labels(self, service: str) -> dict[str, str]:
        """For the bill: lower case, no dots (BigQuery's rule)."""
        known = {"step": self.step, "mode": self.mode, "run": self.run_id and self.run_id.replace(".", "_")}
        named = {name: value.lower() for name, value in known.items() if value}
        return {"service": service, "purpose": self.purpose, **named}


_REASON: ContextVar[Reason] = ContextVar("reason", default=Reason())  # noqa: B039 - frozen


@contextmanager
def charged_to(reason: Reason) -> Iterator[None]:
    """Whatever is asked of the warehouse within, and in tasks begun there, is for this reason."""
    before = _REASON.set(reason)
    try:
        yield
    finally:
        _REASON.reset(before)


def reason_of(message: Message) -> Reason:
    """Of handling a message: its run, slate and step, as far as it names them."""
    run_id = getattr(message, "run_id", None)
    found = _RUN_ID.fullmatch(run_id if run_id is not None else "")
    slate, mode = (None, None) if found is None else (date.fromisoformat(found[1]), found[2])
    return Reason(message.KIND, run_id, getattr(message, "step", None), slate, mode)


class Metered:
    """The warehouse of one service, metered. A job that is given keeps its own account: its opener records it."""

    def __init__(self, inner: Warehouse, service: str, clock: Clock, usd_per_tib: float) -> None:
        self._inner = inner
        self._service = service
        self._clock = clock
        self._usd_per_tib = usd_per_tib
        self._accounts: dict[Reason, Cost] = {}
        self._opened_at = 0.0
        self._waiting: list[Row] = []
        self._writer, self._written = uuid4().hex, 0
        self._writing = asyncio.Lock()

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.query(sql, params, account)

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.columns(sql, params, account)

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.append(table, rows, account)

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.replace(table, rows, scope=scope, params=params, job=account)

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.transform(table, select, scope=scope, params=params, job=account)

    async def now(self, job: Job | None = None) -> datetime | None:
        """As the port says."""
        with self._account(job) as account:
            return await self._inner.now(account)

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """As the port says."""
        return await self._inner.missing(tables)

    async def close(self) -> None:
        """As the port says."""
        await self._inner.close()

    async def write_if_due(self) -> None:
        """Write the accounts if the oldest is `INTERVAL` old, in a few seconds; whoever comes meanwhile goes on."""
        if self._accounts and self._clock.monotonic() - self._opened_at >= INTERVAL and not self._writing.locked():
            await self.write_the_last()

    async def write(self) -> None:
        """Write what has added up. What cannot be written is kept for the next time, under the same keys."""
        async with self._writing:
            if {reason.purpose for reason in self._accounts} <= _OWN and not self._waiting:
                return
            rows, self._accounts = self._rows(), {}
            self._waiting = [*self._waiting, *rows][-_MAX_WAITING:]
            try:
                with charged_to(Reason("ledger")):
                    await self.append(TABLE, self._waiting)
            except TipoffError as error:
                get_logger(self._service).warning("costs_not_recorded", rows=len(self._waiting), reason=str(error))
            else:
                self._waiting = []

    async def write_the_last(self) -> None:
        """Write at the end of the service, within `AT_THE_END` seconds."""
        try:
            async with asyncio.timeout(AT_THE_END):
                await self.write()
        except TimeoutError:
            get_logger(self._service).warning("costs_not_recorded", rows=len(self._waiting), reason="no time left")

    @contextmanager
    def _account(self, job: Job | None) -> Iterator[Job]:
        """The job's own account, or one for the reason at hand."""
        if job is not None:
            yield job
            return
        reason = _REASON.get()
        opened = Job(reason.labels(self._service))
        try:
            yield opened
        finally:
            if opened.cost != Cost():
                if not self._accounts:
                    self._opened_at = self._clock.monotonic()
                self._accounts[reason] = self._accounts.get(reason, Cost()) + opened.cost

    def _rows(self) -> list[Row]:
        now = self._clock.now()
        rows: list[Row] = []
        for reason, cost in self._accounts.items():
            self._written += 1
            rows.append(
                {
                    "writer": self._writer,
                    "number": self._written,
                    "service": self._service,
                    "purpose": reason.purpose,
                    "game_date": reason.game_date if reason.game_date is not None else eastern_date(now),
                    "mode": reason.mode,
                    "run_id": reason.run_id,
                    "step": reason.step,
                    "jobs": cost.jobs,
                    "bytes_processed": cost.bytes_processed,
                    "bytes_billed": cost.bytes_billed,
                    "slot_ms": cost.slot_ms,
                    "usd": dollars(cost, self._usd_per_tib),
                    "row_count": cost.rows,
                    "recorded_at": now,
                }
            )
        return rows


def metered(service: str, ports: Ports, usd_per_tib: float) -> Ports:
    """The ports, with the service's statements metered."""
    return replace(ports, warehouse=Metered(ports.warehouse, service, ports.clock, usd_per_tib))
