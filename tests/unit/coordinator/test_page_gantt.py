"""Where the bars of a run lie."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.page.gantt import BARS, LABELS, gantt
from shared.registries.pipeline import STEPS

NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)


def step(
    start: float | None, end: float | None = None, *, status: str = "done", seconds: float = 1.0
) -> dict[str, Any]:
    """A step as the API shows it; seconds from the run's begin."""
    at = [None if each is None else (NOON + timedelta(seconds=each)).isoformat() for each in (start, end)]
    return {"status": status, "started_at": at[0], "ended_at": at[1], "seconds": seconds}


def run(**steps: dict[str, Any]) -> dict[str, Any]:
    """A run of these."""
    return {"created_at": NOON.isoformat(), "steps": steps}


def test_bars_lie_where_the_clock_says() -> None:
    """Half of the time is half of the width."""
    chart = gantt(run(schedule=step(0, 10), box_scores=step(10, 20)), NOON + timedelta(hours=1))
    assert chart.by_clock
    assert [(bar.left, bar.width) for bar in chart.bars] == [(LABELS, BARS / 2), (LABELS + BARS / 2, BARS / 2)]
    assert [bar.text for bar in chart.bars] == ["10 s", "10 s"]


def test_what_is_under_way_goes_up_to_now() -> None:
    """However long that is."""
    chart = gantt(run(schedule=step(0, 10), box_scores=step(10, status="running")), NOON + timedelta(seconds=40))
    assert chart.bars[1].text == "30 s"


def test_a_step_that_is_redone_on_another_day_under_a_clock_that_stands_still() -> None:
    """What was kept, and lies a day back, says nothing of the clock."""
    kept, redone = step(-90_000, -89_990, seconds=10.0), step(0, 0, seconds=2.0)
    chart = gantt(run(schedule=kept, box_scores=redone), NOON)
    assert not chart.by_clock
    assert [bar.text for bar in chart.bars] == ["10 s", "2.0 s"]


def test_under_a_clock_that_stood_still_work_is_drawn() -> None:
    """Each step as early as what it stands on allows."""
    chart = gantt(run(schedule=step(0, 0, seconds=3.0), box_scores=step(0, 0, seconds=1.0)), NOON)
    assert not chart.by_clock
    assert [bar.text for bar in chart.bars] == ["3.0 s", "1.0 s"]
    assert chart.bars[1].left == LABELS + BARS * 3 / 4


def test_what_has_not_begun_has_no_bar_and_no_links() -> None:
    """Only its name and its status."""
    chart = gantt(run(schedule=step(0, 5), box_scores=step(None, status="pending")), NOON)
    assert (chart.bars[1].drawn, chart.bars[1].text, chart.links) == (False, "pending", [])


def test_the_links_of_the_chosen_step_are_brought_out_and_lie_on_top() -> None:
    """Those to what it needs and to what needs it."""
    steps = {name: step(0, 5) for name in ("schedule", "box_scores", "rosters", "injuries")}
    chart = gantt(run(**steps), NOON, "box_scores")
    assert [link.chosen for link in chart.links] == [False, False, True, True]


starts = st.one_of(st.none(), st.floats(0, 1e6))
timed = st.builds(lambda start, took: step(start, None if start is None else start + took), starts, st.floats(0, 1e6))


@given(st.dictionaries(st.sampled_from(tuple(STEPS)), timed, min_size=1))
def test_every_bar_lies_within_the_chart(steps: dict[str, dict[str, Any]]) -> None:
    """Whatever the times: between the names and the end, one row each; ticks too, and a handful of them."""
    ordered = {name: steps[name] for name in STEPS if name in steps}
    chart = gantt(run(**ordered), NOON)
    assert [bar.step for bar in chart.bars] == list(ordered)
    for bar in chart.bars:
        assert LABELS <= bar.left <= bar.left + bar.width <= LABELS + BARS + 3.1
        assert bar.top + bar.height <= chart.height
    assert 1 <= len(chart.ticks) <= 16
    assert all(LABELS <= tick.at <= LABELS + BARS + 0.1 for tick in chart.ticks)
