"""Every statement on the cost ledger: for what it was run, added up, and written seldom."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from shared.contract import BatchReported, Message, RunEnded, StepReported, StepRequested
from shared.errors import Transient
from shared.ports import Cost, Delivery, Job, Ports, Row, Warehouse
from shared.runtime.metering import INTERVAL, TABLE, Metered, Reason, charged_to, dollars, metered, reason_of
from shared.runtime.service import Consumer, application, charged
from shared.runtime.settings import CommonSettings, load
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState
from tests.unit.shared.places import embedded_ports
from tests.unit.shared.test_service import Bus, running

RUN = "2024-03-04.overnight.1"
REPORT = StepReported(run_id=RUN, step="lines", attempt=1, outcome="done")
MIB = 2**20
GAMES = "SELECT game_id FROM raw.games"


class FakeWarehouse:
    """A warehouse whose every statement bills 10 MiB; appends fail, or take for ever, if told so."""

    def __init__(self) -> None:
        self.appended: list[tuple[str, list[Row]]] = []
        self.labels: list[dict[str, str]] = []
        self.fails = False
        self.hangs = False

    async def query(self, _: str, __: object = None, job: Job | None = None) -> list[Row]:
        """No rows."""
        assert job is not None
        self.labels.append(dict(job.labels))
        job.cost += Cost(5, 10 * MIB, 7, 3, 1)
        return []

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Remember, or fail after it was paid for."""
        await self.query("", job=job)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise Transient("no warehouse")
        self.appended.append((table, list(rows)))
        return len(rows)

    async def close(self) -> None:
        """Nothing to release."""


@pytest.fixture
def fake() -> FakeWarehouse:
    """The warehouse behind the meter."""
    return FakeWarehouse()


@pytest.fixture
def clock() -> FakeClock:
    """What says when it is time to write."""
    return FakeClock()


@pytest.fixture
def warehouse(fake: FakeWarehouse, clock: FakeClock) -> Metered:
    """The warehouse of the service `probe`, 8 US dollars a tebibyte."""
    return Metered(cast("Warehouse", fake), "probe", clock, 8.0)


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Ports]:
    """The embedded adapters, metered."""
    async with embedded_ports(tmp_path) as ports:
        yield metered("probe", ports, 6.25)


async def test_statements_for_one_reason_are_one_row(warehouse: Metered, fake: FakeWarehouse, clock: FakeClock) -> None:
    """Bytes, slot time, rows, statements and money add up; each reason has a row of its own."""
    with charged_to(reason_of(REPORT)):
        await warehouse.query("")
        await asyncio.create_task(warehouse.query(""))
    await warehouse.query("")
    await warehouse.write()
    [(table, [step, other])] = fake.appended
    assert table == TABLE
    assert step == {
        "writer": step["writer"], "number": 1, "service": "probe", "purpose": "step_reported", "run_id": RUN,
        "step": "lines", "game_date": date(2024, 3, 4), "mode": "overnight", "jobs": 2, "bytes_processed": 10,
        "bytes_billed": 20 * MIB, "slot_ms": 14, "row_count": 6, "usd": 20 / 2**20 * 8.0, "recorded_at": clock.now(),
    }  # fmt: skip
    assert (other["number"], other["purpose"], other["run_id"], other["jobs"]) == (2, "other", None, 1)
    assert other["game_date"] == date(2024, 3, 4)


async def test_a_job_that_is_given_keeps_its_account(warehouse: Metered, fake: FakeWarehouse) -> None:
    """Analytics records its steps itself: nothing is counted twice."""
    job = Job({"step": "grade"})
    await warehouse.query("", job=job)
    await warehouse.write()
    assert (job.cost.jobs, fake.appended) == (1, [])


async def test_what_the_ledger_itself_takes_is_recorded_with_the_next_row(
    warehouse: Metered, fake: FakeWarehouse
) -> None:
    """Neither that nor a health check alone is a reason to write, or writing would never end."""
    await warehouse.query("")
    await warehouse.write()
    with charged_to(Reason("health")):
        await warehouse.query("")
    await warehouse.write()
    assert len(fake.appended) == 1
    await warehouse.query("")
    await warehouse.write()
    assert [row["purpose"] for row in fake.appended[1][1]] == ["ledger", "health", "other"]


async def test_the_ledger_is_written_when_the_oldest_account_is_old(
    warehouse: Metered, fake: FakeWarehouse, clock: FakeClock
) -> None:
    """Not before, and by one of those who come at once."""
    clock.elapsed = 5000.0
    await warehouse.query("")
    clock.elapsed += INTERVAL - 1
    await warehouse.query("")
    await warehouse.write_if_due()
    assert fake.appended == []
    clock.elapsed += 1
    await asyncio.gather(warehouse.write_if_due(), warehouse.write_if_due())
    [(_, [row])] = fake.appended
    assert row["jobs"] == 2


async def test_f22_a_ledger_that_cannot_be_written_fails_nobody(warehouse: Metered, fake: FakeWarehouse) -> None:
    """Its rows are kept, and written under the same keys: an answer that was lost records nothing twice."""
    await warehouse.query("")
    fake.fails = True
    with capture_logs() as logs:
        await warehouse.write()
    assert [(line["event"], line["rows"], line["reason"]) for line in logs] == [
        ("costs_not_recorded", 1, "no warehouse")
    ]
    fake.fails = False
    await warehouse.write()
    [(_, rows)] = fake.appended
    assert [(row["number"], row["purpose"]) for row in rows] == [(1, "other"), (2, "ledger")]


async def test_the_end_waits_for_the_ledger_only_so_long(
    warehouse: Metered, fake: FakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lost then is said."""
    monkeypatch.setattr("shared.runtime.metering.AT_THE_END", 0.0)
    await warehouse.query("")
    fake.hangs = True
    with capture_logs() as logs:
        await warehouse.write_the_last()
    assert [(line["event"], line["rows"], line["reason"]) for line in logs] == [
        ("costs_not_recorded", 1, "no time left")
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (REPORT, Reason("step_reported", RUN, "lines", date(2024, 3, 4), "overnight")),
        (
            StepRequested(run_id=RUN, game_date=date(2024, 3, 4), mode="overnight", step="train", attempt=1),
            Reason("step_requested", RUN, "train", date(2024, 3, 4), "overnight"),
        ),
        (
            BatchReported(run_id=RUN, attempt=1, batch=0, rows=1),
            Reason("batch_reported", RUN, None, date(2024, 3, 4), "overnight"),
        ),
        (RunEnded(run_id="r", attempts=1), Reason("run_ended", "r")),
    ],
)
def test_a_message_says_what_it_is_handled_for(message: Message, reason: Reason) -> None:
    """Run, step and slate, as far as it names them."""
    assert reason_of(message) == reason


async def test_labels_are_what_bigquery_takes(warehouse: Metered, fake: FakeWarehouse) -> None:
    """Lower-case letters, digits, dashes and underscores, at most 63."""
    with charged_to(reason_of(REPORT)):
        await warehouse.query("")
    [labels] = fake.labels
    assert labels == {
        "service": "probe", "purpose": "step_reported", "step": "lines", "mode": "overnight",
        "run": "2024-03-04_overnight_1",
    }  # fmt: skip
    assert all(re.fullmatch(r"[a-z0-9_-]{1,63}", value) for value in labels.values())


def test_money_is_what_is_billed_at_the_price_of_a_tebibyte() -> None:
    """On demand."""
    assert dollars(Cost(bytes_processed=1, bytes_billed=2**39), 6.25) == 3.125


async def test_every_call_of_the_port_is_metered(embedded: Ports) -> None:
    """Reads, loads and transforms: none is free of an account."""
    row = {
        "game_date": date(2024, 3, 4), "name": "x", "number": 1, "changes": "[]", "applied_at": embedded.clock.now()
    }  # fmt: skip
    migration = {name: value for name, value in row.items() if name != "game_date"}
    calls: dict[str, Any] = {
        "query": lambda: embedded.warehouse.query(GAMES),
        "columns": lambda: embedded.warehouse.columns(GAMES),
        "append": lambda: embedded.warehouse.append("ops.migrations", [migration]),
        "replace": lambda: embedded.warehouse.replace("ops.migrations", [migration], scope="number = 1"),
        "transform": lambda: embedded.warehouse.transform(
            "ops.migrations", "SELECT * FROM ops.migrations WHERE number = 1", scope="number = 1"
        ),
    }
    for name, call in calls.items():
        with charged_to(Reason(name)):
            await call()
    assert isinstance(embedded.warehouse, Metered)
    await embedded.warehouse.write()
    found = await embedded.warehouse.query(f"SELECT purpose, jobs, row_count FROM {TABLE} ORDER BY number")  # noqa: S608 - a name of the registry
    assert [(row["purpose"], row["jobs"]) for row in found] == [(name, 1) for name in calls]
    assert [row["row_count"] for row in found] == [0, 0, 1, 1, 1]


async def test_a_service_charges_what_it_handles_and_writes_at_its_end(warehouse: Metered, fake: FakeWarehouse) -> None:
    """Of a message its step; the last accounts when it stops."""
    bus = Bus()

    async def handler(_: Message) -> None:
        await warehouse.query("")

    nothing = cast("Any", None)
    ports = Ports(FakeClock(), bus, warehouse, MemoryState(), nothing, nothing)
    async with running(application("probe", load(CommonSettings), ports, [Consumer("worker-tasks", handler)])):
        await bus.consumers["worker-tasks"][0](Delivery("1", REPORT.encode(), REPORT.attributes(), 1))
        assert fake.appended == []
    [(_, [row])] = fake.appended
    assert (row["purpose"], row["step"], row["service"]) == ("step_reported", "lines", "probe")


async def test_a_busy_service_writes_between_messages(
    warehouse: Metered, fake: FakeWarehouse, clock: FakeClock
) -> None:
    """Once the oldest account is old."""
    bus = Bus()

    async def handler(_: Message) -> None:
        await warehouse.query("")
        clock.elapsed += INTERVAL

    nothing = cast("Any", None)
    ports = replace(Ports(clock, bus, warehouse, MemoryState(), nothing, nothing))
    async with running(application("probe", load(CommonSettings), ports, [Consumer("worker-tasks", handler)])):
        await bus.consumers["worker-tasks"][0](Delivery("1", REPORT.encode(), REPORT.attributes(), 1))
        assert len(fake.appended) == 1


@pytest.mark.parametrize(("path", "purpose"), [("/v1/costs", "api"), ("/readyz", "health"), ("/readyz/", "health")])
async def test_a_request_is_charged_as_one(warehouse: Metered, fake: FakeWarehouse, path: str, purpose: str) -> None:
    """Readiness apart: it asks whether anybody is there."""

    async def handler(_: web.Request) -> web.Response:
        await warehouse.query("")
        return web.Response()

    await charged(make_mocked_request("GET", path), handler)
    assert [labels["purpose"] for labels in fake.labels] == [purpose]
