"""A run's plain data: names, defaults, and what its statuses mean."""

from datetime import UTC, date, datetime

import pytest

from services.coordinator.runs.events import BatchesPlanned, BatchStaged, RunRequested, StepVerified
from services.coordinator.runs.run import (
    Batches,
    Decision,
    Evidence,
    Outgoing,
    Run,
    RunStatus,
    StepState,
    StepStatus,
    key_for,
    key_of,
)
from shared.basketball.slate import Mode

AT = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "settled", "usable"),
    [
        ("pending", False, False),
        ("running", False, False),
        ("waiting", False, False),
        ("done", True, True),
        ("degraded", True, True),
        ("failed", True, False),
        ("blocked", True, False),
    ],
)
def test_a_status_says_whether_more_will_happen_and_whether_others_may_start(
    status: str, *, settled: bool, usable: bool
) -> None:
    """Settled: nothing more will. Usable: what needs the step may start."""
    assert (StepStatus(status).settled, StepStatus(status).usable) == (settled, usable)


def test_the_words_of_the_statuses_are_those_that_are_stored() -> None:
    """Documents and ledger rows of earlier nights hold them."""
    assert [status.value for status in StepStatus] == [
        "pending", "running", "waiting", "done", "degraded", "failed", "blocked"
    ]  # fmt: skip
    assert [status.value for status in RunStatus] == ["running", "complete", "degraded", "failed"]


def test_a_run_is_named_by_date_mode_and_generation() -> None:
    """Its document without the generation, its messages with it; a run id names the document."""
    run = Run(
        game_date=date(2024, 3, 4), mode=Mode.SAME_DAY, generation=12, source="cli", retrospective=False,
        targets=("export",), steps={}, created_at=AT,
    )  # fmt: skip
    assert (run.key, run.run_id) == ("2024-03-04.same_day", "2024-03-04.same_day.12")
    assert key_of(run.run_id) == "2024-03-04.same_day"
    assert key_of("2024-03-04.overnight.1") == "2024-03-04.overnight"


def test_the_run_of_a_part_is_named_by_it_too() -> None:
    """It has a document of its own; the part comes before the generation."""
    run = Run(
        game_date=date(2024, 3, 4), mode=Mode.SAME_DAY, generation=3, source="pulse", retrospective=False,
        part="game-1", games=("1",), targets=("export",), steps={}, created_at=AT,
    )  # fmt: skip
    assert (run.key, run.run_id) == ("2024-03-04.same_day.game-1", "2024-03-04.same_day.game-1.3")
    assert key_of(run.run_id) == run.key == key_for(run.game_date, run.mode, "game-1")


def test_a_run_is_asked_for_again_as_it_is() -> None:
    """The same part, games and kind, whoever asks; so that its key is its own."""
    run = Run(
        game_date=date(2024, 3, 4), mode=Mode.SAME_DAY, generation=3, source="pulse", retrospective=True,
        part="game-1", games=("1",), final=True, why="Bos Elm Out 17:42", stands_on=("schedule",),
        targets=("injuries", "export"), steps={}, created_at=AT,
    )  # fmt: skip
    asked = RunRequested.again(run, resend=True)
    assert asked == RunRequested(
        date(2024, 3, 4), Mode.SAME_DAY, "pulse", ("injuries", "export"), retrospective=True, resend=True,
        part="game-1", games=("1",), final=True, why="Bos Elm Out 17:42", stands_on=("schedule",),
    )  # fmt: skip
    assert asked.key == run.key
    assert not RunRequested.again(run, resend=False).resend


def test_what_is_left_out_of_a_stored_run_has_its_default() -> None:
    """A document of an older revision is read with these."""
    read = Run.model_validate(
        {
            "game_date": "2024-03-04", "mode": "overnight", "generation": 1, "source": "cli", "retrospective": True,
            "targets": ["export"], "created_at": AT.isoformat(),
            "steps": {"schedule": {}}, "decisions": [
                {"step": "x", "attempt": 1, "decision": "retry", "completeness": 1, "quality": 1, "decided_at": AT}
            ],
        }
    )  # fmt: skip
    assert read.model_dump() == {
        "game_date": date(2024, 3, 4), "mode": Mode.OVERNIGHT, "generation": 1, "source": "cli",
        "retrospective": True, "from_archive": False, "retrain": False,
        "part": "", "games": (), "final": False, "why": "", "stands_on": (), "targets": ("export",),
        "steps": {
            "schedule": {
                "status": StepStatus.PENDING, "attempt": 0, "generation": None, "tries": 0, "reason": "",
                "evidence": None, "seconds": 0.0, "counts": {}, "started_at": None, "ended_at": None,
            }
        },
        "batches": {"attempt": 0, "total": None, "done": (), "seconds": 0.0, "systems": (), "absent": {}},
        "status": RunStatus.RUNNING, "created_at": AT, "finished_at": None,
        "decisions": (
            {
                "step": "x", "attempt": 1, "decision": "retry", "expected": None, "verified": None,
                "quarantined": None, "completeness": 1.0, "quality": 1.0, "reason": "", "decided_at": AT,
            },
        ),
        "first": None, "earlier": (), "outbox": (),
    }  # fmt: skip


def test_a_run_owes_the_systems_that_no_worker_found_absent() -> None:
    """In the order in which they were asked for."""
    batches = Batches(systems=("rate_minutes", "boosted", "moving_average"), absent={"boosted": "bytes changed"})
    assert batches.owed == ("rate_minutes", "moving_average")


def test_what_is_stored_is_frozen() -> None:
    """A decision never changes a state in place."""
    for thing in (
        StepState(),
        Batches(),
        Evidence(expected=1, verified=1),
        Outgoing(topic="t", data="", attributes={}),
    ):
        with pytest.raises(ValueError, match="frozen"):
            setattr(thing, next(iter(type(thing).model_fields)), "changed")
    with pytest.raises(ValueError, match="frozen"):
        Decision(step="x", attempt=1, decision="fail", completeness=1, quality=1, decided_at=AT).reason = "changed"  # type: ignore[misc]  # that is the point


def test_evidence_without_quarantine_or_detail_has_none() -> None:
    """Zero, and no words."""
    assert Evidence(expected=3, verified=2) == Evidence(expected=3, verified=2, quarantined=0, detail="")


def test_events_say_no_more_than_they_are_given() -> None:
    """Their defaults, in full."""
    found = Evidence(expected=1, verified=1)
    assert RunRequested(date(2024, 3, 4), Mode.OVERNIGHT, "cli").targets == ("export",)
    assert StepVerified("r", "s", 1, found) == StepVerified("r", "s", 1, found, seconds=0.0, counts={}, note="")
    assert BatchesPlanned("r", 1, 2) == BatchesPlanned("r", 1, 2, systems=())
    assert BatchStaged("r", 1, 0) == BatchStaged("r", 1, 0, seconds=0.0, absent={})
