"""BigQuery SQL on DuckDB: transpiled by sqlglot, mended where the engines differ silently, refused where it cannot be.

Known to differ still: `CAST(x AS INT64)` of a FLOAT64 halfway between integers rounds to even here and away from zero
in BigQuery (write `CAST(ROUND(x) AS INT64)`); SUM and AVG of FLOAT64 depend, in the last bits, on the order of rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import ErrorLevel, exp, parse
from sqlglot.errors import ParseError, TokenError, UnsupportedError

from shared.errors import Permanent, first_line

_CALENDAR = (exp.DateAdd, exp.DateSub, exp.DateTrunc)
_CURRENT = (exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime, exp.CurrentTimestamp)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in DuckDB's dialect, parameters written `$name`."""

    text: str
    source: str
    """First line of the BigQuery text, for messages."""
    parameters: frozenset[str]
    tables: frozenset[str]
    """Those it names, by dataset and name."""
    is_query: bool

    def bind(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The values of this statement's parameters; DuckDB refuses any that are not its own.

        Raises:
            Permanent: one has no value.
        """
        missing = sorted(self.parameters - params.keys())
        if missing:
            raise Permanent(f"no value for query parameter @{missing[0]}: {self.source}")
        return {name: params[name] for name in self.parameters}


@lru_cache(maxsize=1024)
def to_duckdb(sql: str) -> Statement:
    """Transpile one BigQuery statement.

    Raises:
        Permanent: not one statement of BigQuery SQL, or it uses something DuckDB would answer differently.
    """
    source = first_line(sql)
    try:
        trees = [tree for tree in parse(sql, read="bigquery") if tree is not None]
    except ParseError as error:
        where = error.errors[0] if error.errors else {"description": str(error), "line": "?", "col": "?"}
        raise Permanent(
            f"SQL rejected: {where['description']} (line {where['line']}, column {where['col']}): {source}"
        ) from error
    except TokenError as error:
        raise Permanent(f"SQL rejected: {first_line(str(error))}: {source}") from error
    if len(trees) != 1:
        raise Permanent(f"SQL rejected: {len(trees)} statements where one is expected: {source}")
    tree = trees[0]
    # Deepest first: a node that wraps its own copy must wrap children that are already done.
    for node in reversed(list(tree.walk())):
        _refuse(node, source)
        mended = _mend(node)
        if mended is not None:
            node.replace(mended)
    try:
        text = tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise Permanent(f"SQL refused by the embedded warehouse: {first_line(str(error))}: {source}") from error
    parameters = frozenset(node.name for node in tree.find_all(exp.Parameter))
    tables = frozenset(f"{node.db}.{node.name}".lower() for node in tree.find_all(exp.Table) if node.db)
    return Statement(text, source, parameters, tables, isinstance(tree, exp.Query))


def _refuse(node: exp.Expr, source: str) -> None:
    """Raise for what DuckDB would run but answer differently."""
    reason = None
    if isinstance(node, exp.Unnest) and node.args.get("offset"):
        reason = "WITH OFFSET counts from 1 in DuckDB and from 0 in BigQuery: number the rows with ROW_NUMBER()"
    elif isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Limit):
        reason = "ARRAY_AGG(... LIMIT n) is not understood by DuckDB: use QUALIFY ROW_NUMBER() before aggregating"
    elif isinstance(node, exp.FarmFingerprint):
        reason = "FARM_FINGERPRINT does not exist in DuckDB: use TO_HEX(MD5(...))"
    elif isinstance(node, exp.Format):
        reason = "FORMAT has another syntax in DuckDB: use CONCAT, LPAD and CAST"
    elif isinstance(node, _CURRENT):
        reason = "the engine's clock is not the clock port: pass the instant as a parameter"
    elif isinstance(node, exp.Rand | exp.Uuid):
        reason = "chance answers another time another way, and results are kept: pass what is drawn as a parameter"
    elif isinstance(node, exp.Extract) and node.name.upper() in {"WEEK", "ISOWEEK", "DATE", "TIME"}:
        reason = f"EXTRACT({node.name.upper()}) means something else in DuckDB: use DATE() or DATE_DIFF"
    if reason is not None:
        raise Permanent(f"SQL refused by the embedded warehouse: {reason}: {source}")


def _mend(node: exp.Expr) -> exp.Expr | None:
    """What to put in the place of a node that sqlglot alone would carry over wrongly; None if it is right."""
    mended: exp.Expr | None = None
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name and "e" not in node.name.lower():
        mended = exp.Literal.number(f"{node.name}e0")  # 0.44 is FLOAT64 in BigQuery, DECIMAL in DuckDB
    elif isinstance(node, exp.DataType) and node.this is exp.DataType.Type.DECIMAL and not node.expressions:
        # BigQuery's NUMERIC; DuckDB's is DECIMAL(18, 3).
        mended = exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    elif isinstance(node, exp.CountIf):
        # Over no rows BigQuery counts 0, DuckDB answers NULL.
        mended = exp.Count(this=exp.Case(ifs=[exp.If(this=node.this.copy(), true=exp.Literal.number(1))]))
    elif isinstance(node, _CALENDAR):
        mended = exp.cast(node.copy(), exp.DataType.Type.DATE)  # DuckDB makes a TIMESTAMP of a DATE
    elif isinstance(node, exp.IntDiv):
        # sqlglot writes DIV(a + 1, 2) as a + 1 // 2.
        operands = (exp.paren(operand.copy()) for operand in (node.this, node.expression))
        mended = exp.paren(exp.IntDiv(this=next(operands), expression=next(operands)))
    elif isinstance(node, exp.TimestampDiff):
        # BigQuery counts whole intervals, as DuckDB's DATE_SUB; its DATE_DIFF counts the boundaries crossed.
        unit = exp.Literal.string(node.text("unit"))
        mended = exp.Anonymous(this="DATE_SUB", expressions=[unit, node.expression.copy(), node.this.copy()])
    elif isinstance(node, exp.Extract) and node.name.upper() == "DAYOFWEEK":
        mended = exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))  # Sunday is 1, not 0
    return mended
