"""The statements that publish rows: one each, an INSERT or a MERGE, which BigQuery carries out wholly or not at all.

One statement rather than a transaction: BigQuery aborts one of two transactions that change a table at the same time,
but lets a second MERGE wait. Statements that only insert do not wait for each other, though; that is why duplicates are
looked for afterwards as well (failure 16).
"""

# ruff: noqa: S608 - names come from the registry, values are bound, and scopes are code, not input

from shared.tables import Table


def insert_new(table: Table, staging: str) -> str:
    """Insert the staged rows whose key is not there yet.

    No MERGE: of those BigQuery runs two at a time on a table, lets twenty wait and refuses the next.
    """
    match = " AND ".join(f"target.{name} = incoming.{name}" for name in table.key)
    names = ", ".join(f"incoming.{column.name}" for column in table.columns)
    return (
        f"INSERT INTO {table.name} ({_names(table)}) SELECT {names} FROM {staging} AS incoming "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table.name} AS target WHERE {match})"
    )


def merge_scope(table: Table, staging: str, scope: str) -> str:
    """Replace the rows of the scope by the staged ones (MERGE on a constant FALSE is BigQuery's atomic replacement)."""
    cast = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in table.columns)
    return _replace(table, f"SELECT {cast} FROM {staging}", scope)


def merge_duplicates(table: Table, staging: str) -> str:
    """Leave one row of each staged key that is there more than once."""
    key = ", ".join(table.key)
    names = ", ".join(f"target.{column.name}" for column in table.columns)
    match = " AND ".join(f"target.{name} = incoming.{name}" for name in table.key)
    partition = ", ".join(f"target.{name}" for name in table.key)
    one_each = (
        f"SELECT {names} FROM {table.name} AS target JOIN {staging} AS incoming ON {match} "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {partition}) = 1"
    )
    return _replace(table, one_each, f"STRUCT({key}) IN (SELECT STRUCT({key}) FROM {staging})")


def delete_scope(table: Table, scope: str) -> str:
    """Replace the rows of the scope by none."""
    return f"DELETE FROM {table.name} WHERE ({scope}\n)"


def count_strays(staging: str, scope: str) -> str:
    """How many rows are staged (`staged`), and how many of them lie outside the scope (`strays`)."""
    return f"SELECT COUNT(*) AS staged, COUNT(*) - COUNTIF({scope}\n) AS strays FROM {staging}"


def broken_row(table: Table, staging: str) -> str:
    """A staged row with a null or a number that is not finite where there may be none, if there is one."""
    nulls = [f"{column.name} IS NULL" for column in table.columns if not column.nullable]
    floats = [f"CAST({column.name} AS FLOAT64)" for column in table.columns if column.type == "FLOAT64"]
    infinite = [f"IS_INF({number}) OR IS_NAN({number})" for number in floats]
    return f"SELECT {_names(table)} FROM {staging} WHERE {' OR '.join([*nulls, *infinite, 'FALSE'])} LIMIT 1"


def staged_twice(table: Table, staging: str, scope: str) -> str:
    """A key that the table would have `times` times, were the scope replaced by the staged rows."""
    key = ", ".join(table.key)
    return (
        f"SELECT {key}, COUNT(*) AS times, LOGICAL_OR(fresh) AS fresh FROM ("
        f"SELECT {key}, TRUE AS fresh FROM {staging} UNION ALL "
        f"SELECT {key}, FALSE AS fresh FROM {table.name} WHERE NOT COALESCE(({scope}\n), FALSE)"
        f") GROUP BY {key} HAVING COUNT(*) > 1 AND LOGICAL_OR(fresh) LIMIT 1"
    )


def published_twice(table: Table, staging: str) -> str:
    """A staged key that the table has `times` times, more than once."""
    key = ", ".join(f"target.{name}" for name in table.key)
    match = " AND ".join(f"target.{name} = incoming.{name}" for name in table.key)
    return (
        f"SELECT {key}, COUNT(*) AS times FROM {table.name} AS target JOIN {staging} AS incoming ON {match} "
        f"GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1"
    )


def _replace(table: Table, select: str, scope: str) -> str:
    # The line break ends a comment that the scope may end with.
    return (
        f"MERGE {table.name} USING ({select}) AS incoming ON FALSE "
        f"WHEN NOT MATCHED BY SOURCE AND ({scope}\n) THEN DELETE "
        f"WHEN NOT MATCHED THEN INSERT ({_names(table)}) VALUES ({_names(table)})"
    )


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)
