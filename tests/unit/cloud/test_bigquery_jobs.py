"""Jobs are bounded in time, cancelled when abandoned, and retried only where that can help."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from requests import exceptions as http

from shared.cloud.bigquery_jobs import Limits
from shared.cloud.warehouse import BigQueryWarehouse
from shared.errors import Permanent, Transient
from shared.ports import Cost, Job
from shared.runtime.deadline import due_within
from tests.unit.cloud.bigquery_fake import DONE, ONE, RUNNING, Answer, Wire, client, error

PATIENT = Limits(job_timeout=30.0, attempt_timeout=5.0, retry_timeout=5.0)
HASTY = Limits(job_timeout=0.2, attempt_timeout=5.0, retry_timeout=0.3)


@asynccontextmanager
async def warehouse(answer: Callable[[str], Answer], limits: Limits) -> AsyncIterator[tuple[BigQueryWarehouse, Wire]]:
    wire = Wire(answer)
    warehouse = BigQueryWarehouse("p", client=client(wire), limits=limits)
    yield warehouse, wire
    await warehouse.close()


def done(what: str) -> Answer:
    return 200, ONE if "queries" in what else DONE


def never_done(what: str) -> Answer:
    return 200, {"job": RUNNING} if "cancel" in what else RUNNING


async def test_a_query_answers_its_rows() -> None:
    """Two requests when the job is done at once; each with a time limit."""
    async with warehouse(done, PATIENT) as (bigquery, wire):
        assert await bigquery.query("SELECT 1 AS one") == [{"one": 1}]
    assert wire.asked == ["POST jobs", "GET queries/j"]
    assert all(timeout is not None for timeout in wire.timeouts)


async def test_a_job_says_what_it_may_cost_and_whose_it_is() -> None:
    """Time limit, bytes and labels are BigQuery's to enforce, not only ours."""
    async with warehouse(done, PATIENT) as (bigquery, wire):
        await bigquery.query("SELECT @day AS one", {"day": 1})
    configuration = wire.bodies[0]["configuration"]
    assert configuration["jobTimeoutMs"] == "30000"
    assert configuration["labels"] == {"app": "tipoff"}
    assert configuration["query"]["maximumBytesBilled"] == str(50 * 2**30)
    assert configuration["query"]["queryParameters"][0]["name"] == "day"


async def test_a_jobs_own_limits_and_labels_are_sent() -> None:
    """They narrow the adapter's; its labels stay."""
    job = Job(labels={"step": "grade", "mode": "overnight"}, timeout=7.0, maximum_bytes=2**20)
    async with warehouse(done, PATIENT) as (bigquery, wire):
        await bigquery.query("SELECT 1 AS one", job=job)
    configuration = wire.bodies[0]["configuration"]
    assert configuration["jobTimeoutMs"] == "7000"
    assert configuration["labels"] == {"app": "tipoff", "step": "grade", "mode": "overnight"}
    assert configuration["query"]["maximumBytesBilled"] == str(2**20)


@pytest.mark.parametrize("account", [None, Job(timeout=7.0)], ids=["no account", "an account"])
async def test_a_job_does_not_outlive_the_delivery_it_is_for(account: Job | None) -> None:
    """What is left of the delivery bounds the statement, the job's own limit and the adapter's notwithstanding."""
    async with warehouse(done, PATIENT) as (bigquery, wire):
        with due_within(5.0):
            await bigquery.query("SELECT 1 AS one", job=account)
    assert 4000 < int(wire.bodies[0]["configuration"]["jobTimeoutMs"]) <= 5000


async def test_a_job_costs_what_bigquery_says() -> None:
    """Bytes and slot time are those of the job's statistics."""
    query = {"statementType": "SELECT", "totalBytesProcessed": "123", "totalBytesBilled": "10485760"}
    counted = {**DONE, "statistics": {"query": {**query, "totalSlotMs": "42"}, "totalSlotMs": "42"}}
    job = Job()
    async with warehouse(lambda what: (200, ONE if "queries" in what else counted), PATIENT) as (bigquery, _):
        await bigquery.query("SELECT 1 AS one", job=job)
    assert job.cost == Cost(bytes_processed=123, bytes_billed=10485760, slot_ms=42, rows=1, jobs=1)


async def test_a_query_that_never_ends_is_cancelled_at_its_time_limit() -> None:
    """Transient, named, and nothing runs on unseen."""
    async with warehouse(never_done, HASTY) as (bigquery, wire):
        with pytest.raises(Transient, match=r"time limit of 0\.2 s passed: SELECT 1"):
            await bigquery.query("SELECT 1 AS one")
    assert wire.asked[-1] == "POST jobs/j/cancel"


async def test_a_query_nobody_waits_for_is_cancelled() -> None:
    """Cancelling the caller cancels the job, long before its time limit."""
    started = time.monotonic()
    polled = asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer(what: str) -> Answer:
        loop.call_soon_threadsafe(polled.set)
        return never_done(what)

    async with warehouse(answer, PATIENT) as (bigquery, wire):
        query = asyncio.create_task(bigquery.query("SELECT 1 AS one"))
        async with asyncio.timeout(10):
            await polled.wait()
        query.cancel()
        with pytest.raises(asyncio.CancelledError):
            await query
    assert wire.asked[-1] == "POST jobs/j/cancel"
    assert time.monotonic() - started < 10


async def test_a_job_that_cannot_be_cancelled_ends_at_bigquerys_own_limit() -> None:
    """A cancel that fails hides nothing: the time limit is what is reported."""

    def answer(what: str) -> Answer:
        return error(503, "backendError", "no") if "cancel" in what else never_done(what)

    async with warehouse(answer, HASTY) as (bigquery, _):
        with pytest.raises(Transient, match="time limit"):
            await bigquery.query("SELECT 1 AS one")


async def test_f28_a_400_is_asked_once_and_permanent() -> None:
    """Trying again would not help."""
    async with warehouse(lambda _: error(400, "invalidQuery", "Syntax error"), PATIENT) as (bigquery, wire):
        with pytest.raises(Permanent, match=r"Syntax error \(invalidQuery\): SELECT 1"):
            await bigquery.query("SELECT 1 AS one")
    assert wire.asked == ["POST jobs"]


async def test_a_503_is_tried_again() -> None:
    """And the caller does not notice."""
    answers = iter([error(503, "backendError", "later"), (200, DONE), (200, ONE)])
    async with warehouse(lambda _: next(answers), PATIENT) as (bigquery, wire):
        assert await bigquery.query("SELECT 1 AS one") == [{"one": 1}]
    assert wire.asked == ["POST jobs", "POST jobs", "GET queries/j"]


async def test_a_503_that_stays_is_transient_within_the_time_for_retries() -> None:
    """The client's own default would go on for ten minutes."""
    started = time.monotonic()
    async with warehouse(lambda _: error(503, "backendError", "later"), HASTY) as (bigquery, _):
        with pytest.raises(Transient, match=r"later \(backendError\): SELECT 1"):
            await bigquery.query("SELECT 1 AS one")
    assert time.monotonic() - started < 5


async def test_a_job_that_failed_says_why() -> None:
    """An error in the job's status is told from an error of the request."""
    failed = {
        **DONE,
        "status": {"state": "DONE", "errorResult": {"reason": "invalidQuery", "message": "division by zero"}},
    }
    async with warehouse(lambda _: (200, failed), PATIENT) as (bigquery, wire):
        with pytest.raises(Permanent, match=r"division by zero \(invalidQuery\): SELECT 1 / 0"):
            await bigquery.query("SELECT 1 / 0 AS one")
    assert "POST jobs/j/cancel" not in wire.asked


async def test_silence_is_transient() -> None:
    """A server that accepts and does not answer."""

    def answer(_: str) -> Answer:
        raise http.ReadTimeout("late")

    async with warehouse(answer, HASTY) as (bigquery, _):
        with pytest.raises(Transient, match=r"BigQuery does not answer.*: SELECT 1"):
            await bigquery.query("SELECT 1 AS one")


def test_services_load_google_only_when_they_use_it() -> None:
    """The ports, the profiles and the registry know nothing of it."""
    modules = "shared.runtime.profiles, shared.ports, shared.tables.rows"
    program = f"import sys, {modules}; sys.exit('google.cloud' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
