"""What is sealed, read from the warehouse as canonical lines."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ParamSpec, TypeVar

from services.coordinator.record.canonical import digest, lines
from services.coordinator.record.chain import Sealed
from services.coordinator.record.schemas import (
    GRADED,
    LINES,
    NEWEST,
    PUBLISHED,
    SOURCES,
    STATEMENTS,
    sealed_columns,
)
from services.coordinator.sql import sql
from shared.ports import Params, Warehouse

P = ParamSpec("P")
T = TypeVar("T")
Groups = Mapping[tuple[date, str], list[str]]
"""(slate, run or mode) -> its rows as lines."""
_MICRO = 1_000_000
_FEW = 500
"""Rows that are written on the event loop; more hold it up."""


def sealed(rows: Sequence[str]) -> Sealed:
    """Their number and hash."""
    return Sealed(len(rows), digest(rows))


async def apart(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the work of so many rows: in a thread, unless they are few."""
    return work(*args, **kwargs) if size <= _FEW else await asyncio.to_thread(work, *args, **kwargs)


async def published(warehouse: Warehouse, first: date, last: date, run_id: str = "", version: int = NEWEST) -> Groups:
    """The published predictions of some slates by run; "": of every run."""
    columns = await _read(warehouse, PUBLISHED, {"first": first, "last": last, "run_id": run_id})
    return await apart(len(columns["run_id"]), _grouped, PUBLISHED, columns, "run_id", version)


async def graded(warehouse: Warehouse, first: date, last: date, mode: str = "", version: int = NEWEST) -> Groups:
    """The grades of some slates by mode; "": of every mode."""
    columns = await _read(warehouse, GRADED, {"first": first, "last": last, "mode": mode})
    return await apart(len(columns["mode"]), _grouped, GRADED, columns, "mode", version)


async def sources(warehouse: Warehouse, first: date, last: date) -> "Sources":
    """What the grades of some slates are made of."""
    window: Params = {"first": first, "last": last}
    return Sources({table: await _read(warehouse, table, window) for table in SOURCES})


class Sources:
    """The games, box scores and lines of some slates."""

    def __init__(self, columns: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        self._columns = columns
        self.size = sum(len(table["game_date"]) for table in columns.values())
        self._lines: dict[tuple[str, int], dict[date, list[tuple[float, str]]]] = {}

    def lines(self, slate: date, sealed_at: datetime, version: int = NEWEST) -> list[str]:
        """Of one slate as of an instant: a line fetched later is no part of it. Work for a thread."""
        until = sealed_at.timestamp() * _MICRO
        return [
            text
            for table in SOURCES
            for fetched, text in self._of(table, version).get(slate, ())
            if table != LINES or fetched <= until
        ]

    def _of(self, table: str, version: int) -> Mapping[date, list[tuple[float, str]]]:
        if (table, version) not in self._lines:
            columns, found = self._columns[table], defaultdict(list)
            texts = lines(columns, sealed_columns(table, version), table=table)
            for slate, fetched, text in zip(columns["game_date"], columns["fetched_at"], texts, strict=True):
                found[slate].append((fetched, text))
            self._lines[table, version] = dict(found)
        return self._lines[table, version]


async def _read(warehouse: Warehouse, table: str, params: Params) -> Mapping[str, Sequence[Any]]:
    return await warehouse.columns(sql(STATEMENTS[table]), params)


def _grouped(table: str, columns: Mapping[str, Sequence[Any]], by: str, version: int) -> Groups:
    texts = lines(columns, sealed_columns(table, version))
    found: defaultdict[tuple[date, str], list[str]] = defaultdict(list)
    for slate, group, text in zip(columns["game_date"], columns[by], texts, strict=True):
        found[slate, group].append(text)
    return found
