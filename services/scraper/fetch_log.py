"""The fetch log of one step: what became of every unit, and of every record that was refused."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from services.scraper.domain.wire import Refusal
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.endpoint import Request
from shared.contract import StepRequested
from shared.ports import Row, Warehouse

NOT_FINAL = "not final"
"""Reason of a game that is still being played: tried again next time, and no failure (failure 18)."""
UNUSED = "the step had no use for it"
"""Reason of a payload that was parsed and that no unit is made of: of another season, say."""
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
        self._of_games = bool(request.games)
        """It speaks of its own units alone: others are at those of other games."""
        self.units: dict[str, Unit] = {}
        self._unasked: set[str] = set()
        """Units that nobody is asked about: the account of a payload that came earlier stays."""
        self.refusals: dict[tuple[str, str], tuple[str, str]] = {}
        """(unit, record) -> (reason, source)."""
        self.disagreements = 0
        """Facts on which two sources disagree."""
        self._columns: dict[tuple[str, str], Mapping[str, str]] = {}
        """(unit, record) -> further columns of its row."""
        self.failure: str | None = None
        """Why the step as a whole has nothing to show, whatever else was collected."""
        self.accounted: set[str] = set()
        """Archive keys of which the log says what became of them, once it is written."""
        self._handed: dict[tuple[str, str, str], str] = {}
        """(unit, endpoint, source) -> archive key of the payload that the step was given."""
        self._unusable: dict[tuple[str, str, str], tuple[str, str]] = {}
        """The same -> (archive key, reason) of the one that the parser refused."""
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

    def unasked(self, unit: str, source: str, reason: str) -> None:
        """Nobody is asked about the unit, and that is no error."""
        self.units[unit] = Unit("empty", source, reason=reason)
        self._unasked.add(unit)

    def quarantined(self, unit: str, got: Collected[Any], reason: str) -> None:
        """The whole unit is refused."""
        self.units[unit] = Unit("quarantined", got.source, reason=reason, archive_key=got.archive_key)

    def failed(self, unit: str, source: str, failure: Failed) -> None:
        """The unit could not be collected."""
        self.units[unit] = Unit("failed", source, reason=failure.reason)
        if failure.credits_left is not None:
            self.credits = {"credits_needed": 1, **self.credits, "credits_left": failure.credits_left}

    def handed(self, request: Request[Any], archive_key: str) -> None:
        """The step was given a payload."""
        self._handed[_of(request)] = archive_key

    def unusable(self, request: Request[Any], archive_key: str, reason: str) -> None:
        """The parser refused a payload: it is quarantined whole. Of several the first counts, the newest."""
        self._unusable.setdefault(_of(request), (archive_key, reason))

    def refuse(self, unit: str, source: str, refusals: Iterable[Refusal]) -> None:
        """Keep refused records, with their reasons: two of one name that are refused for different ones are two."""
        for refusal in refusals:
            record, number = refusal.record, 1
            while self.refusals.get((unit, record), (refusal.reason, source))[0] != refusal.reason:
                number += 1
                record = f"{refusal.record} ({number})"
            self.refusals.setdefault((unit, record), (refusal.reason, source))
            self._columns.setdefault((unit, record), refusal.columns)

    def verdict(self) -> str | None:
        """Why the step failed; None when anything at all could be collected, or nothing had to be."""
        if self.failure is not None or self.stands_on_earlier:
            return self.failure
        reasons = [unit.reason for unit in self.units.values() if unit.outcome == "failed" and unit.reason != NOT_FINAL]
        return reasons[0] if reasons and len(reasons) == len(self.units) else None

    def counts(self) -> dict[str, int]:
        """Units by outcome, refused records, credits."""
        counts = {"units": len(self.units), "quarantined": len(self.refusals) + len(self._unusable), **self.credits}
        if self.disagreements:
            counts["disagreements"] = self.disagreements
        for unit in self.units.values():
            counts[f"units_{unit.outcome}"] = counts.get(f"units_{unit.outcome}", 0) + 1
        return counts

    async def write(self, warehouse: Warehouse, *, ended: bool = False) -> None:
        """Bring the step's rows of raw.fetches and raw.quarantine up to date.

        Written before the rows it speaks of: after a crash in between these are still missing, and collected again,
        while an account that came second would be lost for good. For the same reason a unit that an earlier run of the
        step has loaded, and that this one found nothing to do for, keeps its account.

        Once the step has `ended`, the payloads that it made nothing of are accounted for, too: what is then in the
        archive and in neither table was never looked at (failure 12).
        """
        scope: dict[str, Any] = {key: self._stamp[key] for key in ("game_date", "mode", "step")}
        where = _SCOPE
        if self._of_games:
            where = f"{_SCOPE} AND unit IN UNNEST(@units)"
            scope["units"] = sorted({*self.units, *(unit for unit, *_ in (*self.refusals, *self._handed))})
        standing = [
            row
            for row in await warehouse.query(f"SELECT * FROM raw.fetches WHERE {where}", scope)  # noqa: S608 - a constant
            if (row["outcome"] == "loaded" and row["unit"] not in self.units)
            or (row["archive_key"] is not None and row["unit"] in self._unasked)
        ]
        kept = {row["unit"] for row in standing}
        units = [{**self._stamp, "unit": name, **asdict(unit)} for name, unit in self.units.items() if name not in kept]
        for row in units:  # a unit that failed although the step had its payload
            if row["archive_key"] is None:
                row["archive_key"] = self._handed_of(row["unit"], row["source"])
        keys = {row["unit"]: row["archive_key"] for row in units}
        records = [
            {**self._stamp, "unit": unit, "record": record, "reason": why, "source": of, "archive_key": keys.get(unit)}
            for (unit, record), (why, of) in self.refusals.items()
        ]
        records += self._payloads(used=set(keys.values()) if ended else None)
        new = {(row["unit"], row["record"]) for row in records}
        parsed = {(unit, _payload(endpoint, source)) for unit, endpoint, source in self._handed}
        refused = [
            row
            for row in await warehouse.query(f"SELECT * FROM raw.quarantine WHERE {where}", scope)  # noqa: S608 - a constant
            if (row["unit"], row["record"]) not in new | parsed
            and (_is_payload(row["record"]) or (row["unit"] in kept and row["record"] not in self.units))
        ]
        await warehouse.replace("raw.fetches", [*standing, *units], scope=where, params=scope)
        for row in records:
            row.update(self._columns.get((row["unit"], row["record"]), {}))
        await warehouse.replace("raw.quarantine", [*refused, *records], scope=where, params=scope)
        rows = (*standing, *units, *refused, *records)
        self.accounted = {row["archive_key"] for row in rows if row["archive_key"] is not None}

    def _handed_of(self, unit: str, source: str) -> str | None:
        return next((key for (name, _, of), key in self._handed.items() if (name, of) == (unit, source)), None)

    def _payloads(self, *, used: set[str | None] | None) -> list[Row]:
        """Rows of raw.quarantine about payloads: those that the parser refused and, given the used ones, the others."""
        found = dict(self._unusable)
        if used is not None:
            found |= {of: (key, UNUSED) for of, key in self._handed.items() if key not in used and of not in found}
        return [
            {
                **self._stamp, "unit": unit, "record": _payload(endpoint, source), "reason": reason,
                "source": source, "archive_key": key,
            }
            for (unit, endpoint, source), (key, reason) in found.items()
        ]  # fmt: skip


def _of(request: Request[Any]) -> tuple[str, str, str]:
    return request.unit, request.endpoint.name, request.source


def _payload(endpoint: str, source: str) -> str:
    """What a whole payload is called among refused records."""
    return f"payload {source}/{endpoint}"


def _is_payload(record: str) -> bool:
    return record.startswith("payload ")
