"""The prediction systems: one registry entry each, read by the coordinator, the worker and the accuracy report.

The code of a system is `services/worker/domain/systems/<name>.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Stage = Literal["live", "shadow"]


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """What coordinator, worker and reports know of a system."""

    name: str
    summary: str
    learned: bool = False
    """Predicts from an artifact that `train` made; the others need none."""
    needs_line: bool = False
    """Predicts only where there is a line: other rows are not expected."""
    members: tuple[str, ...] = ()
    """Systems whose forecasts it reads: predicted before it in the same batch, and absent with any of them."""
    also: tuple[str, ...] = ()
    """Systems whose forecasts it reads if they exist."""
    explained_by: str = ""
    """The member whose drivers it has; empty: its own."""
    stage: Stage = "live"
    """shadow: predicted, graded and shown as such, never recommended, until its record promotes it."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Every system whose forecasts it may read."""
        return self.members + self.also


SYSTEMS: Mapping[str, SystemEntry] = {
    entry.name: entry
    for entry in (
        SystemEntry("moving_average", "recent rate times recent minutes"),
        SystemEntry("zone_matchup", "form, moved by the opponent's defence by zone, by pace and fatigue"),
        SystemEntry("similarity", "outcomes of the nearest comparable situations", learned=True),
        SystemEntry("boosted", "gradient-boosted trees on the served features, no line", learned=True),
        SystemEntry(
            "market_residual",
            "the market's own distribution and what it leaves unsaid",
            learned=True,
            needs_line=True,
            members=("boosted",),
        ),
        SystemEntry(
            "ensemble",
            "its members, weighted by their record, and the market where it speaks",
            learned=True,
            members=("boosted", "moving_average", "zone_matchup"),
            also=("market_residual",),
            explained_by="boosted",
        ),
    )
}
"""In the order in which a batch is predicted: members come first."""

BEST_FIRST = ("ensemble", "boosted", "zone_matchup", "moving_average")
"""Where one system is shown, the first of these that exists: they predict everybody; ordered by their record."""
BEST = "best"
"""Asked for in the place of a system: of each market the first of `BEST_FIRST` that exists."""

HAND_MADE = tuple(name for name, entry in SYSTEMS.items() if not entry.learned)
LEARNED = tuple(name for name, entry in SYSTEMS.items() if entry.learned)


def expected(champions: Iterable[str]) -> tuple[str, ...]:
    """The systems a slate may expect, in the registry's order: the hand-made ones and those with a champion."""
    known = {*HAND_MADE, *champions}
    return tuple(name for name in SYSTEMS if name in known)


def headline(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the best system that has any: systems are never pooled."""
    found = {row["system"] for row in rows}
    best = next((name for name in BEST_FIRST if name in found), None)
    return [row for row in rows if row["system"] == best]
