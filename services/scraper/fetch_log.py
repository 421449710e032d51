"""The fetch log of one step: what became of every unit, and of every record that was refused."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from services.scraper.domain.wire import Refusal
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from shared.contract import StepRequested
from shared.ports import Row, Warehouse

NOT_FINAL = "not final"
"""Reason of a game that is still being played: tried again next time, and no failure (failure 18)."""
_SCOPE = "game_date = @game_date AND mode = @mode AND step = @step"


@dataclass(frozen=True, slots=True)
class Unit:
    """What became of a unit: columns of raw.fetches."""

    outcome: Literal["loaded", "empty", "quarantined", "failed"]
    source: str
    records: int = 0
    reason: str | None = None
    archive_key: str | None = None


class FetchLog:
    """Collects while the step runs."""

    def __init__(self, request: StepRequested, now: datetime) -> None:
        self._stamp: Row = {
            "game_date": request.game_date,
            "mode": request.mode.value,
            "step": request.step,
            "fetched_at": now,
        }
        self.units: dict[str, Unit] = {}
        self.refusals: dict[tuple[str, str], tuple[str, str]] = {}
        """(unit, record) -> (reason, source)."""
        self.failure: str | None = None
        """Why the step as a whole has nothing to show, whatever else was collected."""
        self.standing_keys: set[str | None] = set()
        """Archive keys of units that earlier runs of the step have loaded."""
        self.credits: dict[str, int] = {}
        """`credits_left` when a paid source was last heard of, and `credits_needed` by the whole step, where known."""
        self.stands_on_earlier = False
        """Earlier nights' rows still stand, so that failing in all of tonight's units is not yet failing."""

    def loaded(self, unit: str, got: Collected[Any], records: int, refused: Iterable[Refusal] = ()) -> None:
        """The unit's records are accepted, but for the refused; without any, its answer was empty."""
        self.refuse(unit, got.source, refused)
        outcome: Literal["loaded", "empty"] = "loaded" if records else "empty"
        self.units[unit] = Unit(outcome, got.source, records, archive_key=got.archive_key)

    def empty(self, unit: str, got: Collected[Any], reason: str) -> None:
        """The upstream has nothing about the unit, and that is no error."""
        self.units[unit] = Unit("empty", got.source, reason=reason, archive_key=got.archive_key)

    def quarantined(self, unit: str, got: Collected[Any], reason: str) -> None:
        """The whole unit is refused."""
        self.units[unit] = Unit("quarantined", got.source, reason=reason, archive_key=got.archive_key)

    def failed(self, unit: str, source: str, failure: Failed) -> None:
        """The unit could not be collected."""
        self.units[unit] = Unit("failed", source, reason=failure.reason)
        if failure.credits_left is not None:
            self.credits = {"credits_needed": 1, **self.credits, "credits_left": failure.credits_left}

    def refuse(self, unit: str, source: str, refusals: Iterable[Refusal]) -> None:
        """Keep refused records, with their reasons."""
        for refusal in refusals:
            self.refusals.setdefault((unit, refusal.record), (refusal.reason, source))

    def verdict(self) -> str | None:
        """Why the step failed; None when anything at all could be collected, or nothing had to be."""
        if self.failure is not None or self.stands_on_earlier:
            return self.failure
        reasons = [unit.reason for unit in self.units.values() if unit.outcome == "failed" and unit.reason != NOT_FINAL]
        return reasons[0] if reasons and len(reasons) == len(self.units) else None

    def counts(self) -> dict[str, int]:
        """Units by outcome, refused records, credits."""
        counts = {"units": len(self.units), "quarantined": len(self.refusals), **self.credits}
        for unit in self.units.values():
            counts[f"units_{unit.outcome}"] = counts.get(f"units_{unit.outcome}", 0) + 1
        return counts

    async def write(self, warehouse: Warehouse) -> None:
        """Bring the step's rows of raw.fetches and raw.quarantine up to date.

        Written before the rows it speaks of: after a crash in between these are still missing, and collected again,
        while an account that came second would be lost for good. For the same reason a unit that an earlier run of the
        step has loaded, and that this one found nothing to do for, keeps its account.
        """
        scope = {key: self._stamp[key] for key in ("game_date", "mode", "step")}
        standing = [
            row
            for row in await warehouse.query(f"SELECT * FROM raw.fetches WHERE {_SCOPE}", scope)  # noqa: S608 - a constant
            if row["outcome"] == "loaded" and row["unit"] not in self.units
        ]
        self.standing_keys = {row["archive_key"] for row in standing}
        kept = {row["unit"] for row in standing}
        refused = [
            row
            for row in await warehouse.query(f"SELECT * FROM raw.quarantine WHERE {_SCOPE}", scope)  # noqa: S608 - a constant
            if row["unit"] in kept and row["record"] not in self.units
        ]
        units = [{**self._stamp, "unit": name, **asdict(unit)} for name, unit in self.units.items()]
        records = [
            {**self._stamp, "unit": unit, "record": record, "reason": reason, "source": source}
            for (unit, record), (reason, source) in self.refusals.items()
        ]
        await warehouse.replace("raw.fetches", [*standing, *units], scope=_SCOPE, params=scope)
        await warehouse.replace("raw.quarantine", [*refused, *records], scope=_SCOPE, params=scope)
