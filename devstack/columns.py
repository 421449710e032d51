"""Parquet tables as compact columns: checked when read, turned into rows only where they are looked at."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shared.basketball.identity import TEAMS, canonical_game_id, tricode
from shared.errors import Permanent

Row = dict[str, Any]
Schema = Mapping[str, Any]
"""Column name -> Arrow type it is cast to."""

_BY_NICKNAME = {team.name.casefold(): team.tricode for team in TEAMS.values()}
REMEDY = "the tables and their columns are described in devstack/schema.py"


class Columns:
    """A table whose columns are dictionary-encoded: small in memory, quick to cut into rows of Python objects."""

    def __init__(self, table: pa.Table) -> None:
        self.names: list[str] = list(table.column_names)
        self.length: int = table.num_rows
        self.values: dict[str, list[Any]] = {}
        """The distinct values of a column, None last."""
        self.codes: dict[str, NDArray[np.int64]] = {}
        """Of a column, per row, the index of its value in `values`."""
        for name in self.names:
            encoded = table.column(name).combine_chunks().dictionary_encode()
            values = encoded.dictionary.to_pylist()
            self.values[name] = [*values, None]  # the code of null is the last one
            codes = pc.fill_null(encoded.indices, len(values)).to_numpy(zero_copy_only=False)
            self.codes[name] = codes.astype(np.int64)

    def rows(self, start: int, stop: int) -> list[Row]:
        """Rows `start` to `stop`, as dicts."""
        columns = []
        for name in self.names:
            values = self.values[name]
            columns.append([values[code] for code in self.codes[name][start:stop].tolist()])
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def rewrite(self, name: str, spelling: Callable[[Any], Any]) -> None:
        """Replace a column's values by their canonical spelling; null stays null."""
        self.values[name] = [None if value is None else spelling(value) for value in self.values[name]]

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows into the given order."""
        for name in self.names:
            self.codes[name] = self.codes[name][order]


class GameRows:
    """The rows of a table by `game_id`, in the table's order; built per game when asked for."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        codes = self.columns.codes["game_id"]
        self.columns.reorder(np.argsort(codes, kind="stable"))
        ends = np.cumsum(np.bincount(codes, minlength=len(self.columns.values["game_id"]))).tolist()
        starts = [0, *ends]
        self._span = {
            game_id: (starts[code], ends[code]) for code, game_id in enumerate(self.columns.values["game_id"][:-1])
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._span)

    def of(self, game_id: str) -> list[Row]:
        """The game's rows; none for a game the table does not have."""
        start, stop = self._span.get(game_id, (0, 0))
        return self.columns.rows(start, stop)


def read(folder: Path, name: str, schema: Schema, optional: frozenset[str] | None = None) -> pa.Table:
    """The columns of `schema` of a history's table, cast to its types. Other columns are not read.

    `optional` are columns that may be missing, which are null then; given at all, so may the table be, which is empty.

    Raises:
        Permanent: the file is missing or unreadable, a column is missing or is of another type; the message names it.
    """
    path = folder / f"{name}.parquet"
    if optional is not None and not path.is_file():
        return pa.table({column: pa.nulls(0, type_) for column, type_ in schema.items()})
    if not path.is_file():
        raise Permanent(f"history {folder}: table {name} is missing ({path.name})", remedy=REMEDY)
    try:
        present = pq.read_schema(path).names
        absent = [column for column in schema if column not in present]
        missing = [column for column in absent if optional is None or column not in optional]
        if missing:
            raise Permanent(f"history {folder}: table {name} has no column {', '.join(missing)}", remedy=REMEDY)
        table = pq.read_table(path, columns=[column for column in schema if column in present])
        for column in absent:
            table = table.append_column(column, pa.nulls(len(table), schema[column]))
    except (pa.ArrowException, OSError) as error:
        raise Permanent(f"history {folder}: table {name} cannot be read ({error})", remedy="copy it again") from error
    return cast(table, schema, f"history {folder}: table {name}")


def cast(table: pa.Table, schema: Schema, what: str) -> pa.Table:
    """The table with the columns of `schema`, in its types; NaN is null.

    Raises:
        Permanent: a column's values are not of its type.
    """
    columns = {}
    for name, type_ in schema.items():
        column = table.column(name)
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        try:
            columns[name] = column.cast(type_)
        except pa.ArrowException as error:
            raise Permanent(f"{what}, column {name}: expected {type_}, found {column.type} ({error})") from error
    return pa.table(columns)


def canonical(table: pa.Table) -> Columns:
    """A table's columns with game ids and teams in their one spelling."""
    columns = Columns(table)
    if "game_id" in columns.names:
        columns.rewrite("game_id", canonical_game_id)
    if "team" in columns.names:
        columns.rewrite("team", _team)
    return columns


def _team(name: str) -> str:
    """The tricode of a team as a table writes it ("PHI", "76Ers"); what is no team stays as it is."""
    nickname = _BY_NICKNAME.get(name.strip().casefold())
    if nickname is not None:
        return nickname
    try:
        return tricode(name)
    except Permanent:
        return name
