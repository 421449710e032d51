"""A storm of faults changes nothing but the time it takes."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.command import DONE
from tests.e2e.nights import FIRST, LAST, Replayed, replay

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def storm(league_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """The undisturbed nights again, through a storm."""
    return replay(tmp_path_factory.mktemp("storm"), league_folder, FIRST, LAST, faults="storm")


def test_storm_leaves_predictions_as_they_are(storm: Replayed, undisturbed: Replayed) -> None:
    """With every fault there is, predictions are identical row for row but for `predicted_at`."""
    assert (storm.done.code, storm.report["status"]) == (DONE, "complete")
    assert storm.keyed() == undisturbed.keyed()


def test_storm_is_a_storm(storm: Replayed) -> None:
    """At least one request in five met a fault, of four kinds or more, and the nights report them."""
    totals = storm.report["upstream"]["totals"]
    faulted = sum(totals["faults"].values())
    assert faulted >= 0.2 * totals["requests"]
    assert len(totals["faults"]) >= 4
    nights = [*storm.report["nights"], storm.report["grading"]]
    assert sum(night["requests"] for night in nights) == totals["requests"]
    told = Counter[str]()
    for night in nights:
        told.update(night["faults"])
    # An empty answer to a question whose answer is empty is no fault that a client could see.
    assert told.total() - told["empty"] >= faulted - totals["faults"]["empty"]
    assert sum(night["retries"] for night in nights) >= faulted


def test_storm_breaks_no_limit(storm: Replayed) -> None:
    """No host's rate limit is broken and every Retry-After is waited out."""
    totals = storm.report["upstream"]["totals"]
    assert (totals["rate_limit_violations"], totals["retry_after_violations"]) == (0, 0)


@pytest.mark.proof
def test_real_week_survives_a_storm(shared_data: Path, tmp_path: Path) -> None:
    """A real week in a storm has the predictions of the same week without one."""
    from tests.e2e.test_replay import WEEK  # noqa: PLC0415 - only the proof needs it

    calm, stormy = (replay(tmp_path / faults, shared_data, *WEEK, faults=faults) for faults in ("none", "storm"))
    totals = stormy.report["upstream"]["totals"]
    assert stormy.keyed() == calm.keyed()
    assert sum(totals["faults"].values()) >= 0.2 * totals["requests"]
    assert (totals["rate_limit_violations"], totals["retry_after_violations"]) == (0, 0)
