"""What the demo learns from, and what it calls the same."""

from datetime import date
from typing import Any

import pytest

from devstack import demo
from devstack.driver import Plan
from devstack.history import History
from devstack.league import open_history
from services.worker.settings import WorkerSettings
from shared.basketball.slate import Mode


@pytest.fixture(scope="module")
def league() -> History:
    """The generated league."""
    return open_history(None)


def test_the_night_is_one_of_the_league_s(league: History) -> None:
    """Without a history it has games, and enough slates before it; of a history it is the last slate."""
    night = demo.night(league, None)
    assert len(league.on(night)) == 5
    earlier = demo.slates(league, _plan(night))
    assert (len(earlier), earlier) == (demo.SLATES + 1, sorted(earlier))
    assert earlier[-1] < night
    assert demo.night(league, "some/folder") == league.last_date


def test_too_few_slates_are_not_served_in_vain(league: History) -> None:
    """Where training would refuse, nothing is made for it."""
    assert demo.slates(league, _plan(league.dates[demo.SLATES])) == []
    assert len(demo.slates(league, _plan(league.dates[demo.SLATES + 1]))) == demo.SLATES + 1


def test_training_allows_the_demo_s_slates() -> None:
    """The setting can be as low as the demo needs it."""
    assert WorkerSettings(training_slates=demo.SLATES).training_slates == demo.SLATES


def test_a_prediction_that_differs_is_counted_once() -> None:
    """Another value, and one that only one of the two has; what a run is called makes no difference."""
    rows = [_row(1), _row(2), _row(3)]
    assert demo.different(rows, [row | {"run_id": "another"} for row in rows]) == 0
    assert demo.different(rows, [_row(1), _row(2) | {"p_over": 0.6}]) == 2
    assert demo.different(rows, [*rows, _row(4)]) == 1


def _plan(day: date) -> Plan:
    return Plan(day, day, Mode.OVERNIGHT, "none")


def _row(player: int) -> dict[str, Any]:
    key = {"game_id": "0022400001", "player_id": player, "market": "points", "system": "boosted", "run_id": "one"}
    said = {"mean": 20.0, "centre": 14.0, "scale": 4.0, "power": 0.9, "line": 19.5, "p_over": 0.5, "p_market": 0.49}
    return key | said | {"edge": 0.01, "recommendation": "pass", "actual": None, "voided": None}
