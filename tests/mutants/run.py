"""Tries mutants: writes one into a tree, runs the tests that see it, says what became of it."""

import os
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Literal

import pytest

from tests.mutants import forks
from tests.mutants.areas import ROOT
from tests.mutants.mutant import Mutant
from tests.mutants.seen import Seen

Fate = Literal["killed", "hung", "broke", "survived", "unseen"]
"""Killed by a test; stopped after its time; no longer importable; noticed by no test; run by no test."""
DEAD = ("killed", "hung", "broke")
MIN_LIMIT, SLOWER = 20.0, 6.0
"""Seconds a mutant always has, and times what its tests take without it."""
_FATES: dict[int | None, Fate] = {None: "hung", 0: "survived", 1: "killed", 2: "broke", 3: "broke", 4: "broke"}


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    fate: Fate
    seconds: float = 0.0
    output: str = field(default="", compare=False)


class Only:
    """A plugin that runs just some tests, in a given order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {test: number for number, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the rest."""
        left = [item for item in items if item.nodeid not in self._order]
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )
        config.hook.pytest_deselected(items=left)


Trial = Generator[forks.Fork, forks.Ended, Verdict]


def try_all(
    mutants: Sequence[Mutant], seen: Seen, work: Path, jobs: int, *, shortest: float = MIN_LIMIT
) -> Iterator[Verdict]:
    """Try mutants, `jobs` at a time, each for at least `shortest` seconds; verdicts come as they are reached."""
    idle = [forks.Tree(work / f"tree{number}-{os.getpid()}") for number in range(jobs)]
    waiting = list(reversed(mutants))
    busy: dict[forks.Fork, tuple[forks.Tree, Trial]] = {}

    def go_on(tree: forks.Tree, trial: Trial, ended: forks.Ended | None = None) -> Iterator[Verdict]:
        try:
            busy[next(trial) if ended is None else trial.send(ended)] = tree, trial
        except StopIteration as over:
            idle.append(tree)
            yield over.value

    while waiting or busy:
        while waiting and idle:
            tree = idle.pop()
            yield from go_on(tree, trial(waiting.pop(), seen, tree, shortest))
        if busy:
            soonest = min(fork.deadline for fork in busy)
            wait([fork.sentinel for fork in busy], max(0.0, soonest - time.monotonic()))
        for fork in list(busy):
            ended = fork.ended()
            if ended is not None:
                yield from go_on(*busy.pop(fork), ended)
    for tree in idle:
        shutil.rmtree(tree.path)


def trial(mutant: Mutant, seen: Seen, tree: forks.Tree, shortest: float) -> Trial:
    """Try one: the tests that ran the line, then the modules they stand in. Yields the forks to wait for."""
    tests = seen.tests(mutant.path, 0 if mutant.path.endswith(".sql") else mutant.line)
    if not tests:
        return Verdict(mutant, "unseen")
    tree.write(mutant.path, mutant.render())
    ended, seconds = forks.Ended(0, "", 0.0), 0.0
    for chosen in _rounds(tests, seen):
        modules = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
        limit = max(shortest, SLOWER * sum(seen.seconds.get(test, 1.0) for test in chosen))
        ended = yield forks.start(tree, [*modules, "-x"], Only(chosen), limit)
        seconds += ended.seconds
        if ended.code != 0:
            break
    tree.write(mutant.path, (ROOT / mutant.path).read_text())
    return Verdict(mutant, _FATES.get(ended.code, "broke"), seconds, ended.output)


def _rounds(tests: Sequence[str], seen: Seen) -> list[list[str]]:
    """First those known to have run the line; then their neighbours, which may share a fixture that ran it."""
    first = list(tests)
    modules = {test.partition("::")[0] for test in first}
    rest = sorted(test for test in seen.seconds if test.partition("::")[0] in modules and test not in set(first))
    return [first, rest] if rest else [first]
