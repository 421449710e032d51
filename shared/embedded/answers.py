"""Answers that are given again while nothing that they rest on is written to, as BigQuery does by itself.

https://cloud.google.com/bigquery/docs/cached-results. A statement has no clock and no chance in it, so that it answers
the same of the same tables. Who reads much reads it anew: only short answers are kept.
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from shared.ports import Row

MAX_ANSWERS: Final = 32
MAX_ROWS: Final = 500
"""Of an answer that is kept."""


class Writes:
    """How often each table has been written to."""

    def __init__(self) -> None:
        self._anywhere = 0
        self._by_table: Counter[str] = Counter()

    def note(self, tables: Iterable[str] | None) -> None:
        """Something was written to these tables; None: nobody knows to which."""
        if tables is None:
            self._anywhere += 1
        else:
            self._by_table.update(tables)

    def state_of(self, tables: Iterable[str]) -> Hashable:
        """Differs from an earlier state if any of the tables may have been written to since."""
        return self._anywhere, *(self._by_table[table] for table in sorted(tables))


class Answers:
    """The answers that were asked for last."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Hashable, list[Row]] = OrderedDict()

    def get(self, key: Hashable) -> list[Row] | None:
        """The rows, the caller's own; None: they are not kept."""
        rows = self._rows.get(key)
        if rows is None:
            return None
        self._rows.move_to_end(key)
        return [dict(row) for row in rows]

    def keep(self, key: Hashable, rows: list[Row]) -> None:
        """Keep a copy, unless it is long."""
        if len(rows) > MAX_ROWS:
            return
        self._rows[key] = [dict(row) for row in rows]
        if len(self._rows) > MAX_ANSWERS:
            self._rows.popitem(last=False)


def key_of(text: str, values: Mapping[str, Any], state: Hashable) -> Hashable:
    """What an answer is kept under: its statement, its parameters, and the state of the tables it reads."""
    return text, hashlib.sha256(repr(sorted(values.items())).encode()).digest(), state
