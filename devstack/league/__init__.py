"""A generated league for when no history is at hand: real teams, invented players, one season's first two months."""

from devstack.league.season import generate

__all__ = ["generate"]
