"""The service around the SQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.analytics.app import build
from services.analytics.handlers import on_task
from services.analytics.processors import PROCESSORS
from services.analytics.settings import AnalyticsSettings
from shared.contract import Message, StepReported, StepRequested
from shared.errors import Permanent
from shared.pipeline import STEPS
from shared.ports import Ports
from shared.service import HEALTH
from shared.settings import load as load_settings
from shared.slate import Mode
from tests.unit.shared.places import drain, embedded_ports
from tests.unit.shared.rows import SLATE, YESTERDAY, box, load


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
    await on_task(request("player_game_summary"), ports, regrade_days=7)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, StepReported)
    assert (report.step, report.attempt, report.outcome, report.counts) == (
        "player_game_summary",
        2,
        "done",
        {"rows": 2},
    )


@pytest.mark.parametrize(
    "message", [request("box_scores"), StepReported(run_id="r", step="grade", attempt=1, outcome="done")]
)
async def test_what_belongs_to_others_is_refused(ports: Ports, message: Message) -> None:
    """A message on the wrong topic goes to the dead letter, with its key."""
    with pytest.raises(Permanent, match=f"analytics cannot handle '{message.key}'"):
        await on_task(message, ports, regrade_days=7)


async def test_analytics_is_wired(ports: Ports) -> None:
    """The application names itself and pings the warehouse."""
    app = build(load_settings(AnalyticsSettings, revision="r1"), ports)
    assert (app[HEALTH].service, app[HEALTH].revision) == ("analytics", "r1")
    assert await app[HEALTH].pings["warehouse"]() == [{"one": 1}]
