"""Results of statements that are given again while nothing they read is written to, as BigQuery does by itself.

https://cloud.google.com/bigquery/docs/cached-results. `sql.py` refuses what has a clock or chance in it, so
that a statement gives the same of the same tables. Only short results are kept: memory is bounded.
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from shared.ports import Row

MAX_RESULTS: Final = 32
MAX_ROWS: Final = 500
"""Of a result that is kept."""


class WriteCounts:
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


class ResultCache:
    """The results that were asked for last."""

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
        if len(self._rows) > MAX_RESULTS:
            self._rows.popitem(last=False)


def key_of(text: str, values: Mapping[str, Any], state: Hashable) -> Hashable:
    """What a result is kept under: its statement, its parameters, and the state of the tables it reads."""
    return text, hashlib.sha256(repr(sorted(values.items())).encode()).digest(), state
