"""Worlds that the pipeline and the oracle are both run on: raw rows, nights, and the tables the pipeline serves.

A world is a mapping of table names to rows, lazy per table: asking for one runs the processors it stands on and no
others, over all the world's nights.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from devstack.history import History
from services.analytics.processors import HISTORY_DAYS, PROCESSORS, Processor
from shared.basketball.slate import RETROSPECT, Mode, days
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from shared.tables import TABLES
from tests.integration.real_slates import raw
from tests.oracle.known import Tables, by_key

REGRADE_DAYS = 7
_MAKERS = {processor.table: processor for processor in PROCESSORS.values()}


@dataclass(frozen=True, slots=True)
class Nights:
    """Consecutive slates in one mode, asked for at one instant."""

    first: date
    last: date
    mode: Mode
    asked_at: datetime = RETROSPECT

    @property
    def slates(self) -> list[date]:
        """Their dates."""
        return days(self.first, self.last)


class World(Mapping[str, Sequence[Row]]):
    """Raw rows in a warehouse, and what the pipeline makes of them for some nights.

    Facts of the past are made of every raw game, those after the nights too: they must not be used.
    """

    def __init__(self, raw: Tables, spans: Sequence[Nights], facts_until: date | None = None) -> None:
        self._raw = dict(raw)
        self.spans = spans
        self._warehouse: DuckDBWarehouse | None = None
        self._served: dict[str, Sequence[Row]] = {}
        dates = [row["game_date"] for row in self._raw["raw.player_box_scores"]]
        self.last = facts_until if facts_until is not None else max(dates)
        """The newest date of which facts are made; the oldest is `HISTORY_DAYS` before the day after it."""
        self.first = self.last + timedelta(days=1 - HISTORY_DAYS)

    def __getitem__(self, table: str) -> Sequence[Row]:
        """The table's rows, ordered by its key, as the pipeline serves them."""
        if table not in self._served:
            self._served[table] = asyncio.run(self._serve(table))
        return self._served[table]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._raw, *_MAKERS))

    def __len__(self) -> int:
        return len(self._raw) + len(_MAKERS)

    def inputs(self, table: str) -> Tables:
        """The tables that the processor of `table` declares as its inputs: what its oracle may read."""
        return {name: self[name] for name in _MAKERS[table].header.inputs}

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table, before one that is made from it is asked for; rows whose key exists are ignored."""
        self._raw[table] = [*self._raw.get(table, ()), *rows]
        self._served.pop(table, None)

    def close(self) -> None:
        """Release the warehouse."""
        if self._warehouse is not None:
            asyncio.run(self._warehouse.close())

    async def _serve(self, table: str) -> Sequence[Row]:
        if self._warehouse is None:
            self._warehouse = DuckDBWarehouse(None)
        if table in self._raw:
            await self._warehouse.append(table, self._raw[table])
        if table in _MAKERS:
            for name in _MAKERS[table].header.inputs:
                if name not in self._served and name != table:
                    self._served[name] = await self._serve(name)
            await self._make(_MAKERS[table])
        order = ", ".join(TABLES[table].key)
        return await self._warehouse.query(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - the registry's names

    async def _make(self, processor: Processor) -> None:
        assert self._warehouse is not None
        if not processor.header.per_mode:
            request = StepRequested(
                run_id="oracle.overnight.1",
                game_date=self.last + timedelta(days=1),
                mode=Mode.OVERNIGHT,
                step=processor.step,
                attempt=1,
            )
            await processor.run(request, self._warehouse, regrade_days=REGRADE_DAYS)
            return
        for span in self.spans:
            params: dict[str, Any] = {
                "first_date": span.first,
                "last_date": span.last,
                "mode": span.mode.value,
                "asked_at": span.asked_at,
            }
            await self._warehouse.transform(processor.table, processor.select, scope=processor.scope, params=params)


def collect(history: History, slates: Sequence[date], since: date, until: date) -> dict[str, list[Row]]:
    """Raw rows of a history: games and box scores from `since` to `until`, all else of the slates; one row per key."""
    reach = [(until, (until - since).days), *((slate, 0) for slate in slates)]
    return merged(raw(history, slate, before, timedelta(0)) for slate, before in reach)


def merged(parts: Iterable[Mapping[str, Iterable[Row]]]) -> dict[str, list[Row]]:
    """The rows of several sets of tables, one row per key."""
    tables: defaultdict[str, list[Row]] = defaultdict(list)
    for part in parts:
        for table, rows in part.items():
            tables[table].extend(rows)
    return {table: list(by_key(table, rows).values()) for table, rows in tables.items()}


PerSlate = Callable[[Tables, date, Mode], list[Row]]
"""An oracle of a table that has rows per slate and mode."""


def per_slate(world: World, table: str, oracle: PerSlate) -> list[Row]:
    """What an oracle expects of a table over all nights of a world, from the inputs of the table's maker."""
    inputs = world.inputs(table)
    return [row for span in world.spans for slate in span.slates for row in oracle(inputs, slate, span.mode)]
