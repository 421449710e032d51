from datetime import UTC, date, datetime
from typing import Any

from devstack import driver
from devstack.driver import last_cutoff
from shared.basketball.slate import Mode
from shared.registries.systems import headline
from tests.unit.devstack.tiny import tiny

DAY, IDLE = date(2024, 11, 1), date(2024, 11, 5)


def test_overnight_clock_stands_at_seven_eastern() -> None:
    """The overnight cutoff is 07:00 Eastern, games or none."""
    history = tiny()
    for day in (DAY, IDLE):
        hour = 11 if day == DAY else 12  # daylight saving ended on 3 November
        assert last_cutoff(history, day, Mode.OVERNIGHT) == datetime(2024, 11, day.day, hour, tzinfo=UTC)


def test_same_day_clock_stands_before_the_last_tip() -> None:
    """The same-day cutoff is twenty minutes before the slate's last tip-off, and noon where there is none."""
    history = tiny()
    assert last_cutoff(history, DAY, Mode.SAME_DAY) == datetime(2024, 11, 1, 23, 40, tzinfo=UTC)
    assert last_cutoff(history, IDLE, Mode.SAME_DAY) == datetime(2024, 11, 5, 17, 0, tzinfo=UTC)


def test_pooled_accuracy_weighs_nights_by_what_their_figures_rest_on() -> None:  # pragma: allowlist secret - a name
    """A night with three times the grades counts three times; the baseline counts only where there is one."""

    def night(graded: int, mae: float | None, *, with_baseline: int) -> dict[str, Any]:
        baseline = mae if with_baseline else None
        return {
            "system": "boosted", "market": "points", "graded": graded, "mae": mae, "coverage_80": mae,
            "with_baseline": with_baseline, "mae_with_baseline": baseline, "baseline_mae": baseline,
        }  # fmt: skip

    nights = [night(30, 4.0, with_baseline=0), night(10, 8.0, with_baseline=10), night(0, None, with_baseline=0)]
    assert driver._pooled(nights)["points"] == {
        "system": "boosted", "n": 40, "mae": 5.0, "coverage_80": 5.0, "mae_where_baseline": 8.0,
        "season_to_date_mae": 8.0,
    }  # fmt: skip
    assert driver._pooled(nights[:1])["points"]["season_to_date_mae"] is None
    assert driver._pooled(nights[2:]) == {}


def test_systems_are_never_pooled() -> None:
    """What a report shows is one system's: the best that was graded."""
    rows = [{"system": name} for name in ("moving_average", "ensemble", "market_residual", "ensemble")]
    assert headline(rows) == [{"system": "ensemble"}] * 2
    assert headline(rows[:1]) == rows[:1]
    assert headline([]) == []
