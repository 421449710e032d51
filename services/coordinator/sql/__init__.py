"""The coordinator's SQL files (BigQuery dialect), by name."""

from functools import cache
from importlib.resources import files


@cache
def sql(name: str) -> str:
    """Text of `<name>.sql`; "verify/x" for a verification query."""
    return files("services.coordinator.sql").joinpath(*f"{name}.sql".split("/")).read_text()
