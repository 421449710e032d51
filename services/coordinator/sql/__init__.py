"""The coordinator's SQL files (BigQuery dialect), by name."""

import re
from functools import cache
from importlib.resources import files

_INCLUDE = re.compile(r"^-- include (\w+)\n", re.MULTILINE)


@cache
def sql(name: str) -> str:
    """Text of `<name>.sql`; "complete/x" for the count of a step's units."""
    return included(files("services.coordinator.sql").joinpath(*f"{name}.sql".split("/")).read_text())


def included(text: str) -> str:
    """The text with `parts/x.sql`, which several statements have in common, for each line `-- include x`."""
    return _INCLUDE.sub(lambda line: sql(f"parts/{line[1]}"), text)
