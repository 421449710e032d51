"""Nights by the block, so that workers share them and what happened in them can be counted."""

from collections import Counter
from functools import cache

from tests.simulation.night import Night

BLOCK = 15


@cache
def played(first: int, last: int) -> Counter[str]:
    """Play the seeds from `first` up to, not including, `last`: what went wrong in them, by kind and place."""
    counts: Counter[str] = Counter()
    for seed in range(first, last):
        counts += happened(seed)
    return counts


def happened(seed: int | str) -> Counter[str]:
    """Play one night: what went wrong in it, by kind and place."""
    night = Night(seed)
    night.play()
    return night.chaos.counts


def block(number: int) -> Counter[str]:
    """Play a block of seeds, once however often it is asked for."""
    return played(number * BLOCK, (number + 1) * BLOCK)
