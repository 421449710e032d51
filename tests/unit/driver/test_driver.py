from datetime import UTC, date, datetime
from typing import Any

import pytest

from devstack import driver
from devstack.driver import follow, last_cutoff, summary, worst
from shared.basketball.slate import Mode
from shared.errors import Transient
from shared.registries.systems import headline
from tests.unit.devstack.tiny import tiny

DAY, IDLE = date(2024, 11, 1), date(2024, 11, 5)


def step(**changes: object) -> dict[str, Any]:
    """A step as the API shows it."""
    return {"status": "done", "reason": "", "seconds": 0.0, "counts": {}, "evidence": None, **changes}


def run(status: str = "complete", **steps: dict[str, Any]) -> dict[str, Any]:
    """A run as the API shows it."""
    key = "2024-11-01.overnight"
    return {
        "id": key, "run_id": f"{key}.1", "game_date": "2024-11-01", "mode": "overnight", "status": status,
        "steps": steps,
    }  # fmt: skip


class Coordinator:
    """A client whose coordinator shows a run that ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.asked: list[str] = []

    async def get(self, path: str) -> dict[str, Any]:
        """The run as it stands."""
        self.asked.append(path)
        return run("running" if len(self.asked) < self.looks else "complete")


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


async def test_follow_observes_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is shown as often as it was looked at, its end included."""
    monkeypatch.setattr(driver, "_POLL", 0.0)
    client, seen = Coordinator(3), list[str]()
    ended = await follow(client, run("running"), lambda shown: seen.append(shown["status"]))  # type: ignore[arg-type]  # a fake
    assert ended["status"] == "complete"
    assert seen == ["running", "running", "running", "complete"]
    assert set(client.asked) == {"runs/2024-11-01.overnight"}


async def test_follow_gives_up_and_names_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that does not end is given up on with the steps at work and the remedy."""
    monkeypatch.setattr(driver, "NIGHT_TIMEOUT", -1.0)
    hanging = run("running", schedule=step(), box_scores=step(status="running"))
    with pytest.raises(Transient, match=r"2024-11-01\.overnight\.1 did not end .* at work: box_scores: run the same"):
        await follow(Coordinator(1), hanging, lambda _: None)  # type: ignore[arg-type]  # a fake


def test_summary_adds_up_phases_and_counters() -> None:
    """Seconds add up per phase; requests, retries and faults over steps; reasons and evidence are kept by step."""
    night = summary(
        run(
            "degraded",
            schedule=step(seconds=0.5, counts={"requests": 2, "faults_empty": 1, "retries": 1}),
            injuries=step(status="degraded", reason="espn: HTTP 503", seconds=1.0, counts={"requests": 8}),
            player_game_summary=step(
                seconds=0.25, evidence={"expected": 5, "verified": 4, "quarantined": 1, "detail": ""}
            ),
        )
    )
    assert (night["status"], night["requests"], night["retries"], night["faults"]) == ("degraded", 10, 1, {"empty": 1})
    assert night["seconds"]["scrape"] == 1.5
    assert night["seconds"]["analytics"] == 0.25
    assert night["reasons"] == {"injuries": "espn: HTTP 503"}
    counted = {"expected": 5, "verified": 4, "quarantined": 1}
    assert night["tables"] == {"analytics.player_game_summary": counted}


@pytest.mark.parametrize(
    ("nights", "gravest"),
    [([], "complete"), (["complete", "degraded"], "degraded"), (["failed", "complete", "degraded"], "failed")],
)
def test_replay_is_as_bad_as_its_worst_night(nights: list[str], gravest: str) -> None:
    """One failed night fails the replay; one degraded night degrades it."""
    assert worst([{"status": status} for status in nights]) == gravest


def test_pooled_accuracy_weighs_nights_by_what_their_figures_rest_on() -> None:
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
