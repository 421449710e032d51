"""The fetch ledger of one step: what became of every unit, and of every record that was refused."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    """A unit's row in raw.fetches."""

    outcome: Literal["loaded", "empty", "quarantined", "failed"]
    source: str
    attempts: int
    records: int = 0
    reason: str | None = None
    archive_key: str | None = None


class Ledger:
    """Collects while the step runs; written once, at its end."""

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
        self.stands_on_earlier = False
        """Earlier nights' rows still stand, so that failing in all of tonight's units is not yet failing."""

    def loaded(self, unit: str, got: Collected[Any], records: int) -> None:
        """The unit's records are accepted; without any, its answer was empty."""
        outcome: Literal["loaded", "empty"] = "loaded" if records else "empty"
        self.units[unit] = Unit(outcome, got.source, got.attempts, records, archive_key=got.archive_key)

    def empty(self, unit: str, got: Collected[Any], reason: str) -> None:
        """The upstream has nothing about the unit, and that is no error."""
        self.units[unit] = Unit("empty", got.source, got.attempts, reason=reason, archive_key=got.archive_key)

    def quarantined(self, unit: str, got: Collected[Any], reason: str) -> None:
        """The whole unit is refused."""
        self.units[unit] = Unit("quarantined", got.source, got.attempts, reason=reason, archive_key=got.archive_key)

    def failed(self, unit: str, source: str, failure: Failed) -> None:
        """The unit could not be collected."""
        self.units[unit] = Unit("failed", source, failure.attempts, reason=failure.reason)

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
        """Units by outcome, refused records."""
        counts = {"units": len(self.units), "quarantined": len(self.refusals)}
        for unit in self.units.values():
            counts[f"units_{unit.outcome}"] = counts.get(f"units_{unit.outcome}", 0) + 1
        return counts

    async def write(self, warehouse: Warehouse) -> None:
        """Replace the step's rows of raw.fetches and raw.quarantine."""
        scope = {key: self._stamp[key] for key in ("game_date", "mode", "step")}
        fetches: list[Row] = [
            {
                **self._stamp,
                "unit": name,
                "outcome": unit.outcome,
                "reason": unit.reason,
                "records": unit.records,
                "attempts": unit.attempts,
                "archive_key": unit.archive_key,
                "source": unit.source,
            }
            for name, unit in self.units.items()
        ]
        quarantine: list[Row] = [
            {**self._stamp, "unit": unit, "record": record, "reason": reason, "source": source}
            for (unit, record), (reason, source) in self.refusals.items()
        ]
        await warehouse.replace("raw.fetches", fetches, scope=_SCOPE, params=scope)
        await warehouse.replace("raw.quarantine", quarantine, scope=_SCOPE, params=scope)
