"""BigQuery jobs for asyncio: run in threads, bounded in time, cancelled when nobody waits for them any more."""

import asyncio
import io
import math
import threading
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from google.api_core.retry import Retry
from google.cloud.bigquery import (
    Client,
    LoadJob,
    LoadJobConfig,
    QueryJob,
    QueryJobConfig,
    SchemaField,
    SourceFormat,
    WriteDisposition,
)
from google.cloud.bigquery.table import RowIterator

from shared.cloud.bigquery_errors import CLIENT_ERRORS, failure, is_transient
from shared.cloud.bigquery_sql import Parameter
from shared.errors import Transient
from shared.ports import Cost, Row
from shared.ports import Job as Account
from shared.runtime.deadline import left
from shared.tables.rows import refuse_instants

T = TypeVar("T")
_FIRST_POLL = 0.05
_SLOWEST_POLL = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much; times in seconds."""

    job_timeout: float = 120.0
    """A job's own time, from its start; BigQuery ends it, and so do we."""
    attempt_timeout: float = 30.0
    """One HTTP request."""
    retry_timeout: float = 60.0
    """All attempts of one request together. (The client's own default goes on for ten minutes.)"""
    maximum_bytes_billed: int = 50 * 2**30
    """A query that would scan more is refused before it costs anything."""
    concurrency: int = 8
    """Jobs at once: as many threads. Further ones wait their turn, which does not count against their time."""
    labels: Mapping[str, str] = field(default_factory=lambda: {"app": "tipoff"})
    """On every job, for the bill."""


def _narrowed(limits: Limits, account: Account | None) -> Limits:
    """The adapter's limits, with those that the job sets itself; labels add up. No job outlives its delivery."""
    if account is None:
        return replace(limits, job_timeout=min(limits.job_timeout, left()))
    return replace(
        limits,
        labels={**limits.labels, **account.labels},
        job_timeout=min(limits.job_timeout if account.timeout is None else account.timeout, left()),
        maximum_bytes_billed=limits.maximum_bytes_billed if account.maximum_bytes is None else account.maximum_bytes,
    )


def _cost(job: QueryJob) -> Cost:
    """What BigQuery's statistics say. An emulator leaves out what it does not count: nobody is billed by it."""
    processed, billed, slot_ms = job.total_bytes_processed, job.total_bytes_billed, job.slot_millis
    return Cost(
        bytes_processed=processed if processed is not None else 0,
        bytes_billed=billed if billed is not None else 0,
        slot_ms=slot_ms if slot_ms is not None else 0,
        jobs=1,
    )


class Jobs:
    """Jobs of one client.

    Every method raises `Transient` or `Permanent` as `bigquery_errors` says, naming `subject`. Cancelling the caller
    cancels the job.
    """

    def __init__(self, client: Client, limits: Limits) -> None:
        self._client = client
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.concurrency, thread_name_prefix="bigquery")
        self._retry = Retry(predicate=is_transient, initial=0.25, maximum=8.0, timeout=limits.retry_timeout)

    async def query(
        self,
        sql: str,
        parameters: Sequence[Parameter],
        subject: str,
        read: Callable[[RowIterator], T],
        account: Account | None = None,
    ) -> tuple[T, int]:
        """Run one statement, on the job's account where there is one: what `read` makes of its rows, page by page.

        And how many rows it inserted, updated or deleted; 0 if it is no DML.
        """
        limits = _narrowed(self._limits, account)

        def work(abandoned: threading.Event) -> tuple[T, int, Cost]:
            config = QueryJobConfig(
                query_parameters=list(parameters),
                labels=dict(limits.labels),
                maximum_bytes_billed=limits.maximum_bytes_billed,
                job_timeout_ms=round(1000 * limits.job_timeout),
            )
            # The client makes the job's id: a request repeated after a lost answer then finds the job of the first.
            job = self._client.query(
                sql,
                job_config=config,
                job_id_prefix="tipoff-",
                retry=self._retry,
                job_retry=None,
                timeout=self._limits.attempt_timeout,
            )
            self._wait(job, abandoned, subject, limits.job_timeout)
            rows = job.result(retry=self._retry, job_retry=None, timeout=self._limits.attempt_timeout)
            affected = job.num_dml_affected_rows
            return read(rows), affected if affected is not None else 0, _cost(job)

        found, affected, cost = await self._run(work, subject)
        if account is not None:
            account.cost += cost
        return found, affected

    async def load(
        self, table: str, schema: Sequence[SchemaField], lines: bytes, subject: str, account: Account | None = None
    ) -> None:
        """Fill a fresh table from newline-delimited JSON: a job that nobody is billed for."""
        limits = _narrowed(self._limits, account)

        def work(abandoned: threading.Event) -> None:
            config = LoadJobConfig(
                schema=list(schema),
                source_format=SourceFormat.NEWLINE_DELIMITED_JSON,
                write_disposition=WriteDisposition.WRITE_EMPTY,
                labels=dict(limits.labels),
                job_timeout_ms=round(1000 * limits.job_timeout),
            )
            job = self._client.load_table_from_file(
                io.BytesIO(lines),
                table,
                size=len(lines),
                num_retries=3,
                job_id_prefix="tipoff-",
                job_config=config,
                timeout=self._limits.attempt_timeout,
            )
            self._wait(job, abandoned, subject, limits.job_timeout)
            job.result(retry=self._retry, timeout=self._limits.attempt_timeout)

        await self._run(work, subject)
        if account is not None:
            account.cost += Cost(jobs=1)

    async def call(self, work: Callable[[Client, dict[str, Any]], T], subject: str) -> T:
        """Any other request: `work` gets the client and the `retry` and `timeout` to pass on."""
        bounds = {"retry": self._retry, "timeout": self._limits.attempt_timeout}
        return await self._run(lambda _: work(self._client, bounds), subject)

    async def close(self) -> None:
        """Wait for what runs (it is bounded), then release threads and connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()  # type: ignore[no-untyped-call]  # google publishes no type for it

    async def _run(self, work: Callable[[threading.Event], T], subject: str) -> T:
        abandoned = threading.Event()
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, abandoned)
        try:
            return await future
        except asyncio.CancelledError:
            abandoned.set()
            raise
        except CLIENT_ERRORS as error:
            raise failure(error, subject) from error

    def _wait(self, job: QueryJob | LoadJob, abandoned: threading.Event, subject: str, limit: float) -> None:
        """Until the job is done, well or not; a job that is left unfinished is cancelled."""
        deadline = time.monotonic() + limit
        pause = _FIRST_POLL
        try:
            while not job.done(retry=self._retry, timeout=self._limits.attempt_timeout):
                left = deadline - time.monotonic()
                if left <= 0 or abandoned.wait(min(pause, left)):
                    raise Transient(f"warehouse: time limit of {limit:g} s passed: {subject}")
                pause = min(2 * pause, _SLOWEST_POLL)
        finally:
            if job.state != "DONE":
                self._cancel(job)

    def _cancel(self, job: QueryJob | LoadJob) -> None:
        try:
            job.cancel(retry=None, timeout=self._limits.attempt_timeout)
        except CLIENT_ERRORS:
            return  # nothing is lost: BigQuery ends the job at its own time limit


_NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "BOOLEAN", "BOOL"}


def by_row(rows: RowIterator) -> list[Row]:
    """The rows of an answer, each by the names of its columns."""
    return [dict(row.items()) for row in rows]


def by_column(rows: RowIterator) -> dict[str, Sequence[Any]]:
    """The rows of an answer by column: numbers in arrays of doubles, eight bytes each, NaN where null.

    Raises:
        Permanent: a column holds instants.
    """
    kinds = {column.name: column.field_type for column in rows.schema}
    refuse_instants(kinds, "TIMESTAMP")
    columns: dict[str, Any] = {name: array("d") if kind in _NUMBERS else [] for name, kind in kinds.items()}
    for row in rows:
        for name, value in row.items():
            column = columns[name]
            column.append(math.nan if value is None and isinstance(column, array) else value)
    return columns
