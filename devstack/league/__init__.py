"""A generated league for when no history is at hand: real teams, invented players, one season's first two months."""

from pathlib import Path

from devstack.history import History
from devstack.league.season import generate

__all__ = ["generate", "open_history"]


def open_history(path: str | None) -> History:
    """The history in a folder, or without one the generated league."""
    return generate() if path is None else History.open(Path(path))
