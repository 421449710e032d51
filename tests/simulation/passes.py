"""Who watches the passes of a day: what each was begun for, and that it had a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.coordinator.runs.run import LOOK
from shared.ports import Row
from tests.simulation.living import number_of
from tests.simulation.loop import Violation

if TYPE_CHECKING:
    from tests.simulation.day import Day


@dataclass(frozen=True, slots=True)
class Pass:
    """One generation of a run, as it was begun."""

    part: str
    games: frozenset[int]
    """All of the slate, where it named none."""
    final: bool
    began: datetime
    """By a right clock."""
    source: str


class Passes:
    """Sees every run that begins."""

    def __init__(self, day: "Day") -> None:
        self._day = day
        self.begun: dict[str, Pass] = {}
        """Run id -> what it was begun for."""

    def written(self, before: Row | None, after: Row) -> None:
        """A run was written."""
        if before is not None and before["generation"] == after["generation"]:
            return
        day = self._day
        named = frozenset(number_of(id_) for id_ in after["games"])
        games = named if after["part"] else frozenset(range(day.tables.games))
        key = f"{after['game_date']}.{after['mode']}" + (f".{after['part']}" if after["part"] else "")
        this = Pass(after["part"], games, after["final"], day.now(), after["source"])
        self._overlaps(key, before, this)
        self.begun[f"{key}.{after['generation']}"] = this
        if this.final:
            early = [game for game in games if day.exact and day.now() < day.tables.cutoff(game)]
            if early:
                raise Violation(f"the final pass of {early} began before their cutoffs")
        elif this.part not in ("", LOOK):
            self._has_a_reason(this, after["why"])

    def _overlaps(self, key: str, before: Row | None, this: Pass) -> None:
        """Count what else is at work."""
        count, runs = self._day.chaos.count, self._day.documents.of("runs")
        if this.part in ("", LOOK):
            return
        if before is not None and before["status"] == "running":
            count("overlap", "the same games, final" if this.final else "the same games")
        for other, run in runs.items():
            if other == key or run["status"] != "running":
                continue
            if run["part"] in ("", LOOK):
                count("overlap", "a look" if run["part"] else "the slate")
                continue
            common = this.games & {number_of(id_) for id_ in run["games"]}
            final = ", a final pass" if run["final"] or this.final else ""
            count("overlap", ("intersecting games" if common else "other games") + final)

    def _has_a_reason(self, this: Pass, why: str) -> None:
        tables = self._day.tables
        silent = [game for game in this.games if not tables.known(game)]
        if silent:
            raise Violation(f"{silent} are predicted again and no news touches them")
        if not why:
            raise Violation(f"a pass of {sorted(this.games)} began and nobody says why")
