"""Result sets of stats.nba.com: named tables of headers and rows."""

from collections.abc import Sequence
from typing import Any

from services.scraper.domain.wire import Fault, listing


def result_set(payload: Any, name: str, columns: Sequence[str]) -> tuple[list[tuple[Any, ...]], list[Any]]:  # noqa: ANN401 - JSON
    """(rows, misfits) of a stats.nba.com result set: rows are reduced to `columns` in their order.

    A misfit is a row of another length than the headers: which value is which cannot be told.

    Raises:
        Fault: there is no such result set, it lacks a column, or no row fits its headers.
    """
    for candidate in listing(payload, "resultSets"):
        if isinstance(candidate, dict) and candidate.get("name") == name:
            headers = listing(candidate, "headers")
            missing = [column for column in columns if column not in headers]
            if missing:
                raise Fault("malformed", f"result set {name} lacks {', '.join(missing)}")
            rows = listing(candidate, "rowSet")
            fitting = [row for row in rows if isinstance(row, list) and len(row) == len(headers)]
            if rows and not fitting:
                raise Fault("malformed", f"result set {name} has no row that fits its headers")
            places = [headers.index(column) for column in columns]
            misfits = [row for row in rows if not (isinstance(row, list) and len(row) == len(headers))]
            return [tuple(row[place] for place in places) for row in fitting], misfits
    raise Fault("malformed", f"the payload has no result set {name}")
