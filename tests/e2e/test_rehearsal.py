"""Rehearsed weeks of the live product: killed, its sources in trouble, and watched by a mailbox and a webhook."""

from datetime import date
from pathlib import Path

import pytest

from devstack.rehearsal import Part
from tests.e2e import rehearsed
from tests.e2e.leagues import small
from tests.e2e.nights import VOLATILE
from tests.e2e.rehearsed import at
from tests.mailbox import house

pytestmark = [pytest.mark.network, pytest.mark.proof]

SEASON, IDLE = date(2024, 10, 18), date(2024, 11, 12)
FIRST, LAST = date(2024, 11, 1), date(2024, 11, 14)
"""Two weeks, with the night in them that has an hour more."""
BLOCKED, SPENT, BAD = date(2024, 11, 4), date(2024, 11, 6), date(2024, 11, 8)
TROUBLES = {
    at(BLOCKED, 10): "blocked:api.the-odds-api.com",
    at(BLOCKED, 15): "none",
    at(SPENT, 4): "credits:0",
    at(SPENT, 15): "none",
    at(BAD, 4): "poisoned:site.api.espn.com",
    at(BAD, 13): "stale:site.api.espn.com",
    at(BAD, 26): "none",
}
"""Lines blocked from the morning on, credits used up from the night to the afternoon, a list of injuries that cannot be
read and then is a day old: another stands for it."""
RAISED = {
    f"run_degraded {BLOCKED}.same_day": 1,
    f"run_degraded {SPENT}.overnight": 1,
    f"run_degraded {SPENT}.same_day": 1,
    "credits_low lines": 1,
}
"""Alert and scope -> how often it was raised."""


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks of two games a day."""
    folder = tmp_path_factory.mktemp("small")
    small(folder, SEASON, 28, idle=frozenset({IDLE}))
    return folder


async def test_two_weeks_killed_ten_times(league: Path, tmp_path: Path) -> None:
    """What is served in the end, its grades and its alerts are those of the same weeks without a kill."""
    part = Part(FIRST, LAST, troubles=TROUBLES)
    async with house() as heard:
        calm = await rehearsed.rehearse(tmp_path / "calm", league, part, heard)
    rehearsed.check_said(calm)
    async with house() as heard:
        killed_part = Part(FIRST, LAST, troubles=TROUBLES, kills=10, seed=1)
        killed = await rehearsed.rehearse(tmp_path / "killed", league, killed_part, heard)
    rehearsed.check_said(killed, at_most_again=10)
    assert killed.report["starts"] == calm.report["starts"] + 10 == 11
    for nights in (calm, killed):
        rehearsed.check_in_time(nights)
        rehearsed.check_final(nights)
        rehearsed.check_kept(nights)
        rehearsed.check_over(nights)
        assert nights.raised == RAISED
        totals = nights.report["upstream"]["totals"]
        assert (totals["rate_limit_violations"], totals["retry_after_violations"]) == (0, 0)
    for mode in calm.predictions:
        assert killed.served(mode) == calm.served(mode)
    grades = [
        sorted(
            sorted((k, str(v)) for k, v in row.items() if k not in VOLATILE | {"graded_at"}) for row in nights.grades
        )
        for nights in (calm, killed)
    ]
    assert grades[0] == grades[1]


async def test_days_without_stats_nba_com(league: Path, tmp_path: Path) -> None:
    """Blocked from the first request on: the nights are complete, and nobody is paged."""
    part = Part(FIRST, date(2024, 11, 2), faults="blocked:stats.nba.com")
    async with house() as heard:
        nights = await rehearsed.rehearse(tmp_path / "home", league, part, heard)
    rehearsed.check_in_time(nights)
    rehearsed.check_final(nights)
    rehearsed.check_kept(nights)
    assert nights.report["upstream"]["hosts"]["stats.nba.com"]["faults"]
    assert nights.raised.keys() <= {"source_stale nba_stats"}  # a ticket, after two days
