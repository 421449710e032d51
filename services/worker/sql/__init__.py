"""The worker's SQL files (BigQuery dialect), by name."""

from functools import cache
from importlib.resources import files


@cache
def sql(name: str) -> str:
    """Text of `<name>.sql`."""
    return files("services.worker.sql").joinpath(f"{name}.sql").read_text()
