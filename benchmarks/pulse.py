"""`tipoff bench pulse`: a late scratch, from the request that saw it to the rows that supersede."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Case
from devstack.late import Seen, late_scratch, scratched
from devstack.league import generate
from devstack.workspace import Workspace

GOAL_SECONDS = 5.0
GAMES = 15
DAYS = 20
ROUNDS = 3
_MARKS = {"ml_feature_store": "context, lines, factors, features", "predict": "predicted", "publish": "published"}
"""Steps after which the pass stands, and what has been done by then."""


def bench() -> list[Case]:
    """One game of a full slate predicted again: the median of three nights, and where its time went."""
    rounds = sorted((_scratch() for _ in range(ROUNDS)), key=lambda seen: seen.seconds)
    middle = rounds[len(rounds) // 2]
    limit = f"limit {GOAL_SECONDS:.0f} s"
    goal = f"under {GOAL_SECONDS:.0f} s"
    return [
        Case(f"a late scratch, slate of {GAMES} games", "time", round(middle.seconds, 2), "s", limit,
             round(middle.seconds / GOAL_SECONDS, 3), goal, middle.seconds < GOAL_SECONDS),
        *(Case(what, "time", round(seconds, 2), "s", f"the whole, {middle.seconds:.2f} s",
               round(seconds / middle.seconds, 2)) for what, seconds in _parts(middle)),
    ]  # fmt: skip


def _scratch() -> Seen:
    history = generate(days=DAYS, last_slate=GAMES)
    history, scratch = scratched(history, history.last_date)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "bench")
        workspace.make()
        return asyncio.run(late_scratch(workspace, history, scratch))


def _parts(seen: Seen) -> Iterator[tuple[str, float]]:
    """What follows what: the look, then the steps of the pass, each until the next may begin."""
    at = seen.fetched_at
    begun = min(run.created_at for run in seen.passes)
    yield "injuries loaded, the look ended, its news judged", (begun - at).total_seconds()
    for name, what in _MARKS.items():
        ended = max(ended for run in seen.passes if (ended := run.steps[name].ended_at) is not None)
        yield what, (ended - max(at, begun)).total_seconds()
        begun = ended
