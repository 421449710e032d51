"""Days of overlapping passes, seed by seed. A failing seed replays: `python -m tests.simulation.replay SEED day`."""

from collections import Counter
from functools import cache

import pytest

from services.coordinator.pulse import pulse as pulse_module
from services.coordinator.runs.engine import Engine
from tests.simulation import day as day_module
from tests.simulation.day import Day

BLOCK = 4
BLOCKS = range(5)
MILD = range(1000, 1006)
PROOF = 500


@cache
def _played(first: int, last: int) -> Counter[str]:
    """Play the days from `first` up to, not including, `last`: what happened in them, by kind."""
    counts: Counter[str] = Counter()
    for seed in range(first, last):
        day = Day(seed)
        day.play()
        counts += day.chaos.counts
    return counts


def _block(number: int) -> Counter[str]:
    return _played(number * BLOCK, (number + 1) * BLOCK)


@pytest.mark.parametrize("number", BLOCKS)
def test_passes_lose_double_and_mix_nothing(number: int) -> None:
    """Each game's last predictions are its final pass's, of all that was known in time, whatever went wrong."""
    _block(number)


@pytest.mark.parametrize("seed", MILD)
def test_where_nothing_goes_wrong_news_is_published_long_before_the_final_pass(seed: int) -> None:
    """A look finds it within minutes, and a pass predicts the games that it touches."""
    Day(seed, mild=True).play()


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("overlap", 10),
        ("overlap a look", 1),
        ("overlap other games", 1),
        ("a pass hangs", 1),
        ("a late pulse", 10),
        ("conflict pulses", 5),
        ("crash", 10),
        ("duplicate", 10),
        ("reordered", 10),
    ],
)
def test_the_days_are_busy(kind: str, least: int) -> None:
    """Passes overlap with looks, with each other and with what goes wrong."""
    counts = sum((_block(number) for number in BLOCKS), Counter[str]())
    assert sum(times for found, times in counts.items() if found.startswith(kind)) >= least


def test_a_final_pass_that_does_not_look_for_news_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The days can fail: here passes take from the slate's own run what they are to make again."""
    monkeypatch.setattr(pulse_module, "STANDING", (*pulse_module.STANDING, *day_module.MADE))
    with pytest.raises(AssertionError, match="has not looked for news"):
        _any(range(2000, 2010))


def test_a_request_that_stays_in_an_outbox_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """So can they if nobody sends what a crash or the bus has left unsent."""

    async def nothing(_: Engine) -> list[object]:
        return []

    monkeypatch.setattr(Engine, "recover", nothing)
    with pytest.raises(AssertionError, match="seed"):
        _any(range(30))


def _any(seeds: range) -> None:
    for seed in seeds:
        Day(seed).play()


@pytest.mark.proof
@pytest.mark.parametrize("number", range(50))
def test_five_hundred_days_of_overlapping_passes(number: int) -> None:
    """Nothing is lost, doubled, or taken from another pass."""
    size = PROOF // 50
    _played(number * size, (number + 1) * size)
