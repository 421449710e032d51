"""The service around the SQL."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.analytics.app import build
from services.analytics.handlers import on_task
from services.analytics.processors import PROCESSORS
from services.analytics.running import account
from services.analytics.settings import AnalyticsSettings
from shared.basketball.slate import Mode
from shared.contract import Message, StepReported, StepRequested
from shared.errors import Permanent, TipoffError, Transient
from shared.ports import Ports
from shared.registries.pipeline import STEPS
from shared.registries.topics import TOPICS, tasks_of
from shared.runtime.service import HEALTH
from shared.runtime.settings import load as load_settings
from tests.unit.shared.places import drain, embedded_ports
from tests.unit.shared.rows import SLATE, YESTERDAY, box, load

SETTINGS = load_settings(AnalyticsSettings, job_retry_s=0.0)


class Counting:
    """Counts the calls of a warehouse."""

    def __init__(self, warehouse: Any) -> None:  # noqa: ANN401 - any adapter
        self._warehouse = warehouse
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the methods of the port
        self.calls.append(name)
        return getattr(self._warehouse, name)


class Broken(Counting):
    """Fails the first transforms, after they were paid for; and appends, if told so."""

    def __init__(
        self,
        warehouse: Any,  # noqa: ANN401 - any adapter
        failures: int,
        kind: type[TipoffError] = Transient,
        *,
        appends: bool = True,
    ) -> None:
        super().__init__(warehouse)
        self._failures = failures
        self._kind = kind
        self._appends = appends
        self.transforms = 0

    async def transform(self, *arguments: Any, **more: Any) -> int:  # noqa: ANN401 - as the port
        self.transforms += 1
        written: int = await self._warehouse.transform(*arguments, **more)
        if self.transforms <= self._failures:
            raise self._kind("not now")
        return written

    async def append(self, *arguments: Any) -> int:  # noqa: ANN401 - as the port
        if not self._appends:
            raise Transient("not today")
        added: int = await self._warehouse.append(*arguments)
        return added


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


def request(step: str) -> StepRequested:
    """A request of the overnight run."""
    return StepRequested(run_id="2024-03-04.overnight.1", game_date=SLATE, mode=Mode.OVERNIGHT, step=step, attempt=2)


def test_f02_the_service_processes_exactly_its_steps() -> None:
    """Every step that the table gives to analytics has a processor, and no other has."""
    assert PROCESSORS.keys() == {step.name for step in STEPS.values() if step.service == "analytics"}
    assert all(processor.table == STEPS[name].table for name, processor in PROCESSORS.items())


async def test_a_step_is_reported_when_its_rows_are_there(ports: Ports) -> None:
    """The report carries the attempt it answers and the rows written."""
    await load(ports.warehouse, raw__player_box_scores=[box("0022300800", n, YESTERDAY) for n in (1, 2)])
    await on_task(request("player_game_summary"), ports, SETTINGS)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, StepReported)
    assert (report.step, report.attempt, report.outcome) == ("player_game_summary", 2, "done")
    assert report.counts["rows"] == 2


@pytest.mark.parametrize(
    "message", [request("box_scores"), StepReported(run_id="r", step="grade", attempt=1, outcome="done")]
)
async def test_what_belongs_to_others_is_refused(ports: Ports, message: Message) -> None:
    """A message on the wrong topic goes to the dead letter, with its key."""
    with pytest.raises(Permanent, match=f"analytics cannot handle '{message.key}'"):
        await on_task(message, ports, SETTINGS)


async def test_f22_a_step_is_one_row_of_the_step_costs(ports: Ports) -> None:
    """All its statements together, in one append, with what they cost; the report carries the same."""
    await load(ports.warehouse, raw__player_box_scores=[box("0022300800", n, YESTERDAY) for n in (1, 2)])
    counting = Counting(ports.warehouse)
    await on_task(request("player_game_summary"), replace(ports, warehouse=counting), SETTINGS)
    assert counting.calls.count("append") == 1
    [row] = await ports.warehouse.query("SELECT * FROM ops.step_costs")
    assert (row["game_date"], row["mode"], row["step"], row["attempt"]) == (
        SLATE,
        "overnight",
        "player_game_summary",
        2,
    )
    assert row["jobs"] == counting.calls.count("query") + counting.calls.count("transform")
    assert row["bytes_billed"] >= row["bytes_processed"] > 0
    assert row["usd"] == pytest.approx(row["bytes_billed"] / 2**40 * SETTINGS.usd_per_tib)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, StepReported)
    assert report.counts["bytes_billed"] == row["bytes_billed"]
    assert report.counts["microdollars"] == round(1e6 * row["usd"])


def test_f22_a_day_of_nights_stays_far_below_bigquerys_load_jobs() -> None:
    """Every analytics step of every mode, at each of its deliveries, is one append: 1,500 a day and table is the limit.

    Even if all of them are given up on: a step that fails at its last delivery is not asked for again.
    """
    steps = sum(step.service == "analytics" for step in STEPS.values())
    assert steps * len(Mode) * TOPICS[tasks_of("analytics")].max_delivery_attempts < 1_500


async def test_a_step_that_fails_has_its_cost_recorded_too(ports: Ports) -> None:
    """What it took before it failed was spent."""
    broken = Broken(ports.warehouse, failures=99)
    with pytest.raises(Transient, match="not now"):
        await on_task(request("player_game_summary"), replace(ports, warehouse=broken), SETTINGS)
    [row] = await ports.warehouse.query("SELECT jobs, row_count FROM ops.step_costs")
    assert row["jobs"] >= SETTINGS.job_attempts
    assert await drain(ports, "coordinator-events") == []


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_a_transient_failure_is_tried_again_in_place(ports: Ports, failures: int) -> None:
    """As often as the settings say, without bothering the bus."""
    broken = Broken(ports.warehouse, failures=failures)
    await on_task(request("player_game_summary"), replace(ports, warehouse=broken), SETTINGS)
    assert broken.transforms == failures + 1
    assert len(await drain(ports, "coordinator-events")) == 1


async def test_f28_a_permanent_failure_is_not_tried_again(ports: Ports) -> None:
    """It would fail the same way for ever."""
    broken = Broken(ports.warehouse, failures=1, kind=Permanent)
    with pytest.raises(Permanent, match="not now"):
        await on_task(request("player_game_summary"), replace(ports, warehouse=broken), SETTINGS)
    assert broken.transforms == 1


async def test_costs_that_cannot_be_written_fail_no_night(ports: Ports) -> None:
    """The rows are there and reported; that the cost is not recorded is logged."""
    broken = Broken(ports.warehouse, failures=0, appends=False)
    await on_task(request("player_game_summary"), replace(ports, warehouse=broken), SETTINGS)
    assert len(await drain(ports, "coordinator-events")) == 1
    assert await ports.warehouse.query("SELECT * FROM ops.step_costs") == []


async def test_a_step_over_its_bytes_is_refused(ports: Ports) -> None:
    """Before its rows are published, as permanent: it would bill the same again."""
    await load(ports.warehouse, raw__player_box_scores=[box("0022300800", 1, YESTERDAY)])
    frugal = load_settings(AnalyticsSettings, job_maximum_bytes=1)
    with pytest.raises(Permanent, match="over the job's limit of 1"):
        await on_task(request("player_game_summary"), ports, frugal)
    assert await ports.warehouse.query("SELECT * FROM analytics.player_game_summary") == []


def test_labels_are_what_bigquery_takes() -> None:
    """Lower-case letters, digits, dashes and underscores, at most 63."""
    job = account(request("player_game_summary"), SETTINGS)
    assert job.labels == {"step": "player_game_summary", "mode": "overnight", "run": "2024-03-04_overnight_1"}
    assert all(re.fullmatch(r"[a-z0-9_-]{1,63}", value) for value in job.labels.values())


async def test_analytics_is_wired(ports: Ports) -> None:
    """The application names itself and is ready where its tables are."""
    app = build(load_settings(AnalyticsSettings, revision="r1"), ports)
    assert (app[HEALTH].service, app[HEALTH].revision) == ("analytics", "r1")
    ready, body = await app[HEALTH].report(deep=True)
    assert ready, body
    assert list(app[HEALTH].pings) == ["warehouse", "clock", "topics"]
