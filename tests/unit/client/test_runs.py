"""`client.runs`: a run followed to its end, and what is kept of it."""

from typing import Any

import pytest

from client import runs
from client.answers import Run
from client.runs import follow, summary, worst
from shared.errors import Transient


def step(**changes: object) -> dict[str, Any]:
    """A step as the API shows it."""
    return {"status": "done", "attempt": 1, "reason": "", "seconds": 0.0, "counts": {}, "evidence": None, **changes}


def run(status: str = "complete", **steps: Any) -> Run:  # noqa: ANN401 - of `step`
    """A run as the API shows it."""
    key = "2024-11-01.overnight"
    return {
        "id": key, "run_id": f"{key}.1", "game_date": "2024-11-01", "mode": "overnight", "status": status,
        "generation": 1, "source": "test", "created_at": "2024-11-01T11:00:00+00:00", "steps": steps,
    }  # fmt: skip


class Coordinator:
    """A client whose coordinator shows a run that ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.asked: list[str] = []

    async def run(self, run_id: str) -> Run:
        """The run as it stands."""
        self.asked.append(run_id)
        return run("running" if len(self.asked) < self.looks else "complete")


async def test_follow_observes_every_look() -> None:
    """A run is shown as often as it was looked at, its end included."""
    client, seen = Coordinator(3), list[str]()
    ended = await follow(client, run("running"), lambda shown: seen.append(shown["status"]), every=0.0)  # type: ignore[arg-type]  # a fake
    assert ended["status"] == "complete"
    assert seen == ["running", "running", "running", "complete"]
    assert set(client.asked) == {"2024-11-01.overnight"}


async def test_follow_gives_up_and_names_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that does not end is given up on with the steps at work and the remedy."""
    monkeypatch.setattr(runs, "NIGHT_TIMEOUT", -1.0)
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
