"""What a statement on DuckDB would have cost on BigQuery: an estimate from DuckDB's own profile of it.

Processed: for every table scan, the rows that were read (those of the row groups that the zone maps did not rule out,
which is what partitions do for BigQuery) times the logical size of the columns that were read, as BigQuery counts it
(https://cloud.google.com/bigquery/pricing#data). A STRING counts as `_STRING` bytes: its length is not looked at.
What DuckDB knows from its statistics without reading (COUNT(*), a filter that all rows pass) is not counted.
Billed: rounded up as on demand, with BigQuery's minimum for each table. Slot time: the operators' own seconds.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from shared.errors import Permanent
from shared.ports import Cost, Job
from shared.tables import Table, Type

_STRING = 12
"""Two bytes and the ten of a game id."""
_WIDTH: Mapping[Type, int] = {
    "STRING": _STRING,
    "INT64": 8,
    "FLOAT64": 8,
    "BOOL": 1,
    "DATE": 8,
    "TIMESTAMP": 8,
}
_MEGABYTE = 2**20
_MIN_BILLED = 10 * _MEGABYTE
"""Per table that a statement reads."""
_NAME = re.compile(r"\w+")


class Bill:
    """What one call takes.

    Its statements run in a thread and are charged here; the job's account is settled on leaving, by the event loop.
    """

    def __init__(self, job: Job | None, tables: Mapping[str, Table], subject: str) -> None:
        self._job = job
        self._tables = tables
        self._subject = subject
        self.cost = Cost()

    @property
    def timeout(self) -> float | None:
        """Seconds, if the job has a limit of its own."""
        return None if self._job is None else self._job.timeout

    def open(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Profile what the connection runs next, if there is a job to charge."""
        if self._job is not None:
            connection.execute("PRAGMA enable_profiling = 'no_output'")

    def charge(self, connection: duckdb.DuckDBPyConnection, rows: int) -> None:
        """Charge the last statement, which answered so many rows.

        Raises:
            Permanent: it went over the job's bytes. What it reads cannot be known before; nothing is written after it.
        """
        if self._job is None:
            return
        taken = of_last_statement(connection, self._tables, rows)
        connection.execute("PRAGMA disable_profiling")
        self.cost += taken
        if self._job.maximum_bytes is not None and taken.bytes_billed > self._job.maximum_bytes:
            raise Permanent(
                f"warehouse: {taken.bytes_billed} bytes are over the job's limit of {self._job.maximum_bytes}: "
                f"{self._subject}",
                remedy="narrow the statement, or raise the limit",
            )

    def __enter__(self) -> None:
        """The call begins."""

    def __exit__(self, *_: object) -> None:
        """Settle, whether the call went well or not."""
        if self._job is not None:
            self._job.cost += self.cost


def of_last_statement(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], rows: int) -> Cost:
    """The cost of the statement that the connection ran last; `rows` is what it answered or wrote."""
    profile = json.loads(connection.get_profiling_information(format="json"))
    operators = list(_operators(profile.get("operator", ())))
    read: dict[str, int] = {}
    for operator in operators:
        table = _scanned(operator, tables)
        if table is not None:
            read[table.name] = read.get(table.name, 0) + operator["rows_scanned"] * _row_width(operator, table)
    billed = sum(max(_MIN_BILLED, -(-size // _MEGABYTE) * _MEGABYTE) for size in read.values())
    seconds = sum(operator["timing"] for operator in operators)
    return Cost(sum(read.values()), billed, round(1000 * seconds), rows, 1)


def _operators(nodes: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    for node in nodes:
        yield node
        yield from _operators(node.get("children", ()))


def _scanned(operator: Mapping[str, Any], tables: Mapping[str, Table]) -> Table | None:
    if "rows_scanned" not in operator:
        return None
    # database.dataset.table
    return tables.get(str(operator["extra_info"].get("Table", "")).partition(".")[2])


def _row_width(operator: Mapping[str, Any], table: Table) -> int:
    """Bytes of a row's columns that the scan reads, those it only filters by included."""
    info = operator["extra_info"]
    projected = info.get("Projections", ())
    named = {projected} if isinstance(projected, str) else set(projected)
    filters = info.get("Filters", ())
    for text in [filters] if isinstance(filters, str) else filters:
        named |= set(_NAME.findall(text))
    return sum(_WIDTH[column.type] for column in table.columns if column.name in named)
