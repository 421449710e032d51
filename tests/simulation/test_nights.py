"""The real engine under chaos, seed by seed. A failing seed replays: `python -m tests.simulation.replay SEED`."""

from collections import Counter

import pytest

from tests.simulation.chaos import PLACES
from tests.simulation.nights import block, happened, played

BLOCKS = range(10)
PROOF = 20_000
TRIES = 120
"""Nights in which a place must be come by: the rarest, healed slates, are come by in one of ten."""


@pytest.mark.parametrize("number", BLOCKS)
def test_f07_nothing_is_lost_doubled_or_stuck(number: int) -> None:
    """Whatever dies, is late, comes twice or in another order: every run ends once, honestly, with its work done."""
    block(number)


@pytest.fixture(scope="module")
def counts() -> Counter[str]:
    """What went wrong in the nights of this module."""
    return sum((block(number) for number in BLOCKS), Counter())


@pytest.mark.parametrize("when", ["before", "after"])
def test_somebody_dies_at_every_place(counts: Counter[str], when: str) -> None:
    """Before and after every method of every port, a process of every service that calls it dies; nothing is lost."""
    for place in PLACES:
        where = f"{when} {place}"
        hit = counts[f"crash {where}"] > 0 or any(happened(f"{n} {where}")[f"crash {where}"] for n in range(TRIES))
        assert hit, f"nobody ever comes by {place}"


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("crash before coordinator work", 1),
        ("crash after coordinator state.compare_and_set runs", 1),
        ("crash before coordinator state.compare_and_set sent", 1),
        ("crash before coordinator ack", 1),
        ("crash in recovery", 1),
        ("everything crashed", 20),
        ("conflict runs", 50),
        ("duplicate coordinator-events", 100),
        ("reported twice", 100),
        ("reordered", 300),
        ("lease lost", 5),
        ("ack lost", 10),
        ("stall", 30),
        ("skew", 10),
        ("fault bus.publish", 10),
        ("fault state.compare_and_set runs", 1),
        ("answer lost state.compare_and_set runs", 1),
        ("answer lost bus.publish", 1),
        ("taken dead_letters", 10),
        ("not recovered", 1),
        ("killed by a message", 10),
        ("rows vanished", 10),
        ("asked in vain", 30),
    ],
)
def test_the_chaos_is_real(counts: Counter[str], kind: str, least: int) -> None:
    """The nights see every kind of trouble, two coordinators in conflict over one run among them."""
    assert sum(times for found, times in counts.items() if found.startswith(kind)) >= least


@pytest.mark.proof
@pytest.mark.parametrize("number", range(100))
def test_f07_the_long_proof_of_the_same(number: int) -> None:
    """Twenty thousand seeds."""
    size = PROOF // 100
    played(number * size, (number + 1) * size)
