"""The registry against a warehouse: what differs, what can be mended where it stands, and what a person must decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.errors import Permanent
from shared.tables import Column, Table, Type

Kind = Literal["create", "column", "drop", "relax", "describe", "cluster", "retain", "refused"]


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as a warehouse has it."""

    type: str
    """The registry's name of the type; the engine's own where the registry has none for it."""
    nullable: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A table as a warehouse has it."""

    columns: Mapping[str, FoundColumn]
    description: str = ""
    partition: str | None = None
    """None: not partitioned. An engine without partitions answers what was asked of it."""
    cluster: tuple[str, ...] = ()
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    table: str
    kind: Kind
    what: str
    """In one line."""
    column: str = ""
    remedy: str = ""
    """What to do about a refused one."""

    def __str__(self) -> str:
        """As a line for people."""
        return f"{self.table}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


def difference(tables: Mapping[str, Table], found: Mapping[str, Found]) -> list[Change]:
    """What it takes to make the warehouse as the registry says, in an order in which it can be done.

    A column that the warehouse lets be null and the registry does not is no difference: rows are checked against the
    registry before they are written, and a column added to rows that are there is null in them.
    """
    changes: list[Change] = []
    for table in tables.values():
        there = found.get(table.name)
        if there is None:
            changes.append(Change(table.name, "create", f"create with {len(table.columns)} columns"))
        else:
            changes += _of_table(table, there)
    return changes


def obstacles(tables: Mapping[str, Table], changes: list[Change]) -> list[Change]:
    """Those differences that keep statements from working; a column too many, or what is only described, does not."""
    return [
        change
        for change in changes
        if change.kind in ("create", "column", "relax")
        or (change.kind == "refused" and change.column in {column.name for column in tables[change.table].columns})
    ]


def refuse(changes: list[Change], where: str) -> None:
    """Raise `Permanent`, naming what cannot be mended where it stands, if there is anything of the kind."""
    refused = [change for change in changes if change.kind == "refused"]
    if refused:
        lines = "; ".join(f"{change.table} {change.what}" for change in refused)
        raise Permanent(f"{where} was made by another revision: {lines}", remedy=refused[0].remedy)


def _of_table(table: Table, there: Found) -> Iterator[Change]:
    for column in table.columns:
        yield from _of_column(table, column, there.columns.get(column.name))
    surplus = there.columns.keys() - {column.name for column in table.columns}
    retired = [name for name in table.retired if name in surplus]
    if retired:
        yield Change(table.name, "drop", f"drop what is retired: {', '.join(retired)}")
    for name in surplus - {*retired}:
        remedy = "keep the column in shared/tables, or move the table away and fill a fresh one"
        yield Change(table.name, "refused", f"has the column {name}, which the registry has not", name, remedy)
    if there.partition != table.partition:
        what = f"is partitioned by {there.partition}, not {table.partition}"
        yield Change(table.name, "refused", what, remedy="copy it into a table made anew")
    described = {column.name: column.description for column in table.columns if column.name in there.columns}
    if (
        there.description != table.description
        or {name: there.columns[name].description for name in described} != described
    ):
        yield Change(table.name, "describe", "update descriptions")
    if there.cluster != table.cluster:
        what = f"cluster by {_names(table.cluster)} instead of {_names(there.cluster)}"
        yield Change(table.name, "cluster", what)
    if there.retention_days != table.retention_days:
        what = f"keep rows {_days(table.retention_days)} instead of {_days(there.retention_days)}"
        yield Change(table.name, "retain", what)


def _of_column(table: Table, column: Column, there: FoundColumn | None) -> Iterator[Change]:
    if there is None:
        yield Change(table.name, "column", f"add {column.name} {column.type}, null in the rows there are", column.name)
    elif there.type != column.type:
        remedy = "give the new type a new column, or move the table away and fill a fresh one"
        what = f"has {column.name} as {there.type}, not {column.type}"
        yield Change(table.name, "refused", what, column.name, remedy)
    elif column.nullable and not there.nullable:
        yield Change(table.name, "relax", f"let {column.name} be null", column.name)


def known_type(name: str, types: Mapping[Type, str]) -> str:
    """The registry's name for an engine's type; `types` is the engine's name of each."""
    return next((ours for ours, theirs in types.items() if theirs == name), name)


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(columns) if columns else "nothing"


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"{days} days"
