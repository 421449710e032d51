"""One field changed in the warehouse, behind everybody's back, and put back: what `tipoff verify` has to see."""

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.coordinator.record.schemas import BOX_SCORES, GAMES, GRADED, LINES, PUBLISHED, sealed_columns
from shared.embedded.duck import Connection
from shared.embedded.warehouse import DuckDBWarehouse
from shared.tables import Column

TABLES = (PUBLISHED, PUBLISHED, GRADED, GRADED, LINES, BOX_SCORES, GAMES)
"""Half of the changes are of predictions and grades."""
_SEALED = {
    LINES: "available_at < (SELECT tip_utc FROM raw.games WHERE games.game_id = prop_lines.game_id)",
}
"""Of lines those that were posted before tip-off."""
_MANTISSA = 52


@dataclass(frozen=True)
class Change:
    """One field of one row."""

    table: str
    column: str
    rowid: int
    slate: date
    was: Any
    became: Any

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.slate}: {self.was!r} became {self.became!r}"

    async def apply(self, warehouse: DuckDBWarehouse) -> None:
        """Write the new value."""
        await _write(warehouse, self, self.became)

    async def undo(self, warehouse: DuckDBWarehouse) -> None:
        """Write the old one."""
        await _write(warehouse, self, self.was)


async def drawn(warehouse: DuckDBWarehouse, slates: Sequence[date], dice: random.Random) -> Change:
    """A random field of a random row of some slates: one bit of a number, one character of a text."""
    table = dice.choice(TABLES)
    column = dice.choice(sealed_columns(table))
    days = ", ".join(f"DATE '{slate}'" for slate in slates)
    where = f"game_date IN ({days}) AND {_SEALED.get(table, 'TRUE')}"
    share = dice.random()

    def read(connection: Connection) -> Any:  # noqa: ANN401 - a row
        [[count]] = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").fetchall()  # noqa: S608 - the test's own
        text = f"SELECT rowid, game_date, {column.name} FROM {table} WHERE {where} ORDER BY rowid LIMIT 1 OFFSET ?"  # noqa: S608 - the test's own
        return connection.execute(text, [int(share * count)]).fetchall()[0]

    rowid, slate, was = await warehouse._duck.run(read, "draw")
    return Change(table, column.name, rowid, slate, was, _other(column, was, dice))


async def _write(warehouse: DuckDBWarehouse, change: Change, value: object) -> None:
    text = f"UPDATE {change.table} SET {change.column} = ? WHERE rowid = ?"  # noqa: S608 - the test's own

    def write(connection: Connection) -> None:
        [[changed]] = connection.execute(text, [value, change.rowid]).fetchall()
        assert changed == 1

    await warehouse._duck.run(write, str(change))


def _other(column: Column, was: Any, dice: random.Random) -> Any:  # noqa: ANN401 - of the column's type
    """Another value, as near as can be."""
    if was is None:
        values = {"STRING": "x", "INT64": 1, "FLOAT64": 0.5, "BOOL": True, "DATE": date(2024, 1, 1)}
        return values.get(column.type, datetime(2024, 1, 1))  # noqa: DTZ001 - as DuckDB takes it
    return _TURNED[type(was)](was, dice)


def _bit(was: float, dice: random.Random) -> float:
    [bits] = struct.unpack("<Q", struct.pack("<d", was))
    [flipped] = struct.unpack("<d", struct.pack("<Q", bits ^ (1 << dice.randrange(_MANTISSA))))
    return float(flipped)


def _character(was: str, dice: random.Random) -> str:
    at = dice.randrange(len(was)) if was else 0
    return was[:at] + ("x" if was[at : at + 1] != "x" else "y") + was[at + 1 :]


_TURNED: dict[type, Callable[[Any, random.Random], Any]] = {
    bool: lambda was, _: not was,
    int: lambda was, dice: was ^ (1 << dice.randrange(8)),
    float: _bit,
    str: _character,
    datetime: lambda was, dice: was + timedelta(microseconds=10 ** dice.randrange(10)),
    date: lambda was, dice: was + timedelta(days=dice.choice((-1, 1))),
}
