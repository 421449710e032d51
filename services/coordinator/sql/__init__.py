"""The coordinator's SQL files (BigQuery dialect), by name."""

from functools import cache
from importlib.resources import files

from shared.registries.expansion import expanded


@cache
def sql(name: str) -> str:
    """Text of `<name>.sql`; "complete/x" for the count of a step's units."""
    return expanded(files("services.coordinator.sql").joinpath(*f"{name}.sql".split("/")).read_text(), name)
