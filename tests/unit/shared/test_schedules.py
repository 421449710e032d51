"""The schedules: what they ask for can be had, and they are the fallback of what the design says."""

import json
import re
from datetime import UTC, date, datetime

import pytest

from services.coordinator.api.routes import PulseBody, RunBody
from shared.basketball.slate import Mode
from shared.registries.pipeline import plan
from shared.registries.schedules import PULSE_PATH, SCHEDULED, SCHEDULES, TIME_ZONE, Schedule, due

OF_RUNS = [schedule for schedule in SCHEDULES.values() if schedule.path != PULSE_PATH]


@pytest.mark.parametrize("schedule", OF_RUNS, ids=lambda schedule: schedule.name)
def test_what_a_schedule_asks_for_can_be_had(schedule: Schedule) -> None:
    """The coordinator understands the body, the targets are steps, and the trigger is named."""
    body = RunBody.model_validate(json.loads(schedule.body))
    assert plan(body.targets)
    assert (body.mode, body.schedule, body.game_date) == (schedule.mode, schedule.name, None)


def test_the_pulse_asks_for_no_run_of_its_own() -> None:
    """Every minute; what is due then is decided when it asks."""
    pulse = SCHEDULES["pulse"]
    body = PulseBody.model_validate(json.loads(pulse.body))
    assert (body.model_dump(), pulse.cron, pulse.targets) == ({"schedule": "pulse"}, "* * * * *", ())
    assert [name for name, schedule in SCHEDULES.items() if schedule not in OF_RUNS] == ["pulse"]


@pytest.mark.parametrize("schedule", OF_RUNS, ids=lambda schedule: schedule.name)
def test_a_schedule_is_daily_at_a_fixed_eastern_time(schedule: Schedule) -> None:
    """Minute and hour of every day, or minute of every hour, on New York's clock."""
    assert re.fullmatch(r"[0-5]?\d ([01]?\d|2[0-3]|\*) \* \* \*", schedule.cron)
    assert TIME_ZONE == "America/New_York"


def test_what_asks_for_what_and_when() -> None:
    """The scheduler's jobs are made from this: cron on New York's clock, path, mode and targets."""
    assert {name: (s.cron, s.path, s.mode.value, s.targets) for name, s in SCHEDULES.items()} == {
        "overnight": ("0 5 * * *", "/v1/runs", "overnight", ("export",)),
        "features-fallback": ("0 6 * * *", "/v1/runs", "overnight", ("ml_feature_store",)),
        "predictions-fallback": ("0 7 * * *", "/v1/runs", "overnight", ("export",)),
        "reconcile": ("30 * * * *", "/v1/reconcile", "overnight", ("export",)),
        "tomorrow": ("0 20 * * *", "/v1/runs", "tomorrow", ("export",)),
        "same-day": ("0 11 * * *", "/v1/runs", "same_day", ("export",)),
        "same-day-fallback": ("0 17 * * *", "/v1/runs", "same_day", ("export",)),
        "pulse": ("* * * * *", "/v1/pulse", "same_day", ()),
    }


def test_a_schedules_body_names_mode_source_and_targets() -> None:
    """And no date: the coordinator reads it as its own."""
    assert json.loads(SCHEDULES["features-fallback"].body) == {
        "mode": "overnight", "schedule": "features-fallback", "targets": ["ml_feature_store"]
    }  # fmt: skip


def test_the_reconciler_is_asked_for_every_mode() -> None:
    """Its body names none; the night's is the first of those it looks after."""
    assert json.loads(SCHEDULES["reconcile"].body) == {"schedule": "reconcile", "targets": ["export"]}
    assert SCHEDULED == (Mode.OVERNIGHT, Mode.TOMORROW, Mode.SAME_DAY)


@pytest.mark.parametrize(
    ("mode", "day", "instant"),
    [
        # Winter is UTC-5, summer UTC-4; on 10 March 2024 clocks went forward at 02:00, on 3 November back.
        (Mode.OVERNIGHT, date(2024, 3, 4), datetime(2024, 3, 4, 10, tzinfo=UTC)),
        (Mode.OVERNIGHT, date(2024, 3, 10), datetime(2024, 3, 10, 9, tzinfo=UTC)),
        (Mode.OVERNIGHT, date(2024, 11, 2), datetime(2024, 11, 2, 9, tzinfo=UTC)),
        (Mode.OVERNIGHT, date(2024, 11, 3), datetime(2024, 11, 3, 10, tzinfo=UTC)),
        (Mode.SAME_DAY, date(2024, 3, 4), datetime(2024, 3, 4, 16, tzinfo=UTC)),
        (Mode.TOMORROW, date(2024, 3, 10), datetime(2024, 3, 10, 1, tzinfo=UTC)),
        (Mode.TOMORROW, date(2024, 3, 11), datetime(2024, 3, 11, 0, tzinfo=UTC)),
        (Mode.MANUAL, date(2024, 3, 4), datetime(2024, 3, 4, 5, tzinfo=UTC)),
        (Mode.BACKFILL, date(2024, 7, 4), datetime(2024, 7, 4, 4, tzinfo=UTC)),
    ],
)
def test_a_run_is_due_at_its_modes_first_schedule(mode: Mode, day: date, instant: datetime) -> None:
    """05:00, 11:00, 20:00 of the day before; midnight where nothing is scheduled. All Eastern."""
    assert due(mode, day) == instant


def test_every_mode_is_started_but_those_that_somebody_asks_for() -> None:
    """Manual runs and backfills."""
    assert {schedule.mode for schedule in SCHEDULES.values()} == set(Mode) - {Mode.MANUAL, Mode.BACKFILL}
