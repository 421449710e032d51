"""The data dictionary (docs/data-dictionary.md), generated from the registry of tables.

`python -m shared.dictionary > docs/data-dictionary.md` writes it; a test holds the two together.
"""

import sys
from collections.abc import Iterator, Mapping

from shared.tables import TABLES, Table

_HEAD = """\
# Data dictionary

Generated from `shared/tables.py` by `python -m shared.dictionary`; `tipoff schema plan` shows what a warehouse lacks.
No two rows of a table share its key. Instants are UTC, game dates US-Eastern. A column is null only where it says so.
"""
_DATASETS = {
    "raw": "What the upstreams said (phases 1 and 2)",
    "analytics": "What follows from it (phase 3)",
    "features": "What predictions are made from (phase 4)",
    "predictions": "Predictions and their grades (phase 5)",
    "ops": "The pipeline's own accounts",
}


def document(tables: Mapping[str, Table] = TABLES) -> str:
    """The whole document, as Markdown."""
    lines = [_HEAD]
    for dataset in dict.fromkeys(name.partition(".")[0] for name in tables):
        lines += [f"## {dataset}", "", f"{_DATASETS[dataset]}.", ""]
        for table in tables.values():
            if table.name.startswith(f"{dataset}."):
                lines += _of_table(table)
    return "\n".join(lines).rstrip("\n") + "\n"


def _of_table(table: Table) -> Iterator[str]:
    yield from (f"### {table.name}", "", table.description, "")
    yield f"- Key: {', '.join(table.key)}"
    clustered = f"; clustered by {', '.join(table.cluster)}" if table.cluster else ""
    yield f"- Partitioned by day of {table.partition}{clustered}"
    yield f"- Rows: {table.rows}"
    yield f"- Kept: {'for ever' if table.retention_days is None else f'{table.retention_days} days'}"
    yield from ("", "| column | type | null | meaning |", "| --- | --- | --- | --- |")
    for column in table.columns:
        meaning = column.description.replace("|", "\\|")
        yield f"| {column.name} | {column.type} | {'yes' if column.nullable else ''} | {meaning} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(document())
