"""Comparing rows that were served with rows that the oracle expects: every row, every column of the registry."""

import math
from collections.abc import Iterable, Iterator, Sequence

from shared.ports import Row
from shared.tables import TABLES
from tests.oracle.known import by_key

TOLERANCE = 1e-9
"""Relative and absolute."""
SHOWN = 10
"""Differences in a failure's message."""


def assert_same(table: str, expected: Iterable[Row], found: Iterable[Row]) -> None:
    """Fail with table, key, column, expected and found of the first differences; fail if nothing is expected."""
    wanted, served = list(expected), list(found)
    assert wanted, f"{table}: the oracle expects no rows: the world holds nothing to compare"
    lines = list(differences(table, wanted, served))
    more = "" if len(lines) <= SHOWN else f"\n... and {len(lines) - SHOWN} more"
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines[:SHOWN]) + more


def differences(table: str, expected: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    """Rows that are missing, doubled or not expected, and columns whose values differ: one line each."""
    key, columns = TABLES[table].key, [column.name for column in TABLES[table].columns]
    wanted, served = by_key(table, expected), by_key(table, found)
    for name, rows, all_rows in (("expected", wanted, expected), ("served", served, found)):
        if len(rows) < len(all_rows):
            yield f"{table}: {len(all_rows) - len(rows)} keys are {name} twice"
    for values in sorted(wanted.keys() | served.keys(), key=repr):
        where = f"{table} ({', '.join(f'{name}={value}' for name, value in zip(key, values, strict=True))})"
        if values not in served:
            yield f"{where}: missing"
        elif values not in wanted:
            yield f"{where}: not expected"
        else:
            unknown = wanted[values].keys() ^ set(columns)
            if unknown:
                yield f"{where}: the oracle and the registry disagree about the columns {', '.join(sorted(unknown))}"
            for column in columns:
                if column in wanted[values] and not same(wanted[values][column], served[values][column]):
                    yield f"{where}: {column}: expected {wanted[values][column]!r}, found {served[values][column]!r}"


def same(expected: object, found: object) -> bool:
    """Equal, or numbers within the tolerance; null is only null, and a truth value is no number."""
    if expected is None or found is None or isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return expected == found
