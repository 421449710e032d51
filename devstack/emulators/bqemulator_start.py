"""Start bqemulator 1.4.0, mended. Run by the Python of the emulator's own environment, never imported.

Arguments are those of `bqemulator start`. It ends when its standard input is closed: that is, with whoever started it.
"""

# ruff: noqa: SLF001 - these have no public names

import os
import sys
import threading

import pyarrow as pa  # its own copy
from bqemulator.api.routes import upload  # type: ignore[import-not-found]  # it is in another environment
from bqemulator.cli import main  # type: ignore[import-not-found]  # it is in another environment
from bqemulator.storage import arrow_bridge  # type: ignore[import-not-found]  # it is in another environment
from bqemulator.storage.engine import DuckDBEngine  # type: ignore[import-not-found]  # it is in another environment
from bqemulator.versioning.snapshots import SnapshotManager  # type: ignore[import-not-found]  # see above
from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

_INTEGER_SUM = pa.decimal128(38, 0)
"""What Arrow makes of the HUGEINT that DuckDB's SUM of integers is. NUMERIC has nine decimals."""


def mend() -> None:
    """Eight things about 1.4.0 that would stand in the way."""
    # Both download extensions of DuckDB (geography, Avro) that nothing here needs.
    DuckDBEngine._load_spatial = lambda _: None
    DuckDBEngine._load_format_extensions = lambda _: None
    # It keeps a copy of the whole table for every change, for seven days, to travel in time. Nothing here does.
    SnapshotManager.record_change = lambda *_: None
    # The Python client uploads load jobs as */*.
    upload._PERMITTED_MEDIA_CONTENT_TYPES = (*upload._PERMITTED_MEDIA_CONTENT_TYPES, "*/*")
    # SUM of INT64 is INT64. 1.4.0 knows it of a query's result and forgets it of CREATE TABLE AS.
    name_of = arrow_bridge.arrow_type_to_bq_type_name
    arrow_bridge.arrow_type_to_bq_type_name = lambda type_: "INTEGER" if type_ == _INTEGER_SUM else name_of(type_)
    # NUMERIC has nine decimals. A bare DECIMAL of DuckDB's has three.
    type_sql = DuckDBGenerator.datatype_sql

    def numeric_sql(self: DuckDBGenerator, expression: exp.DataType) -> str:
        bare = expression.this == exp.DataType.Type.DECIMAL and not expression.expressions
        return "DECIMAL(38, 9)" if bare else type_sql(self, expression)

    DuckDBGenerator.datatype_sql = numeric_sql  # type: ignore[method-assign]  # mending it is the point
    # The arguments of DIV keep their brackets.
    DuckDBGenerator.TRANSFORMS[exp.IntDiv] = lambda self, node: (
        f"(({self.sql(node.this)}) // ({self.sql(node.expression)}))"
    )
    # An @name in a comment is no parameter.
    DuckDBGenerator.maybe_comment = lambda _, sql, *__, **___: sql  # type: ignore[method-assign]  # see above


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    mend()
    threading.Thread(target=_end_with_starter, daemon=True).start()
    main(["start", *sys.argv[1:]])
