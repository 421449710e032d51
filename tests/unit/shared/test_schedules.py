"""The schedules: what they ask for can be had, and they are the fallback of what the design says."""

import json
import re

import pytest

from services.coordinator.api import RunBody
from shared.pipeline import plan
from shared.schedules import SCHEDULES, TIME_ZONE, Schedule
from shared.slate import Mode


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=lambda schedule: schedule.name)
def test_what_a_schedule_asks_for_can_be_had(schedule: Schedule) -> None:
    """The coordinator understands the body, the targets are steps, and the trigger is named."""
    body = RunBody.model_validate(json.loads(schedule.body))
    assert plan(body.targets)
    assert (body.mode, body.source, body.game_date) == (schedule.mode, f"schedule:{schedule.name}", None)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=lambda schedule: schedule.name)
def test_a_schedule_is_daily_at_a_fixed_eastern_time(schedule: Schedule) -> None:
    """Minute and hour of every day, or minute of every hour, on New York's clock."""
    assert re.fullmatch(r"[0-5]?\d ([01]?\d|2[0-3]|\*) \* \* \*", schedule.cron)
    assert TIME_ZONE == "America/New_York"


def test_the_fallbacks_are_where_the_design_has_them() -> None:
    """Phase 4 at 06:00 ET, predictions at 07:00 ET; every mode is started but those that somebody asks for."""
    at = {schedule.cron: schedule.targets for schedule in SCHEDULES.values() if schedule.mode is Mode.OVERNIGHT}
    assert at["0 6 * * *"] == ("ml_feature_store",)
    assert at["0 7 * * *"] == ("export",)
    assert {schedule.mode for schedule in SCHEDULES.values()} == set(Mode) - {Mode.MANUAL, Mode.BACKFILL}
    assert all(name == schedule.name for name, schedule in SCHEDULES.items())
