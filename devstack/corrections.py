"""Corrections of box scores: what the league publishes days later in place of what it published first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devstack.columns import Row
from devstack.schema import COUNTS
from shared.errors import Permanent

CORRECTABLE = frozenset({*COUNTS, "minutes", "plus_minus"})


@dataclass(frozen=True, slots=True)
class Correction:
    """A player's line in a box score, as every upstream shows it from an instant on."""

    game_id: str
    player_id: int
    published_at: datetime
    changes: Mapping[str, float]
    """Column of `player_games` -> its corrected value. A team's points must stay what they are: scores stand."""


class Corrected:
    """The corrections published by some instant, by game."""

    def __init__(self, corrections: Iterable[Correction] = ()) -> None:
        self._of: dict[str, list[Correction]] = defaultdict(list)
        for correction in sorted(corrections, key=lambda one: one.published_at):
            self._of[correction.game_id].append(correction)

    def published_at(self, game_id: str) -> datetime | None:
        """When the game's box score was last corrected."""
        return self._of[game_id][-1].published_at if game_id in self._of else None

    def players(self, game_id: str, rows: list[Row]) -> list[Row]:
        """The game's `player_games` rows, corrected."""
        if game_id not in self._of:
            return rows
        return [self._corrected(row) for row in rows]

    def teams(self, game_id: str, rows: list[Row], before: Sequence[Row]) -> list[Row]:
        """The game's `team_games` rows, by as much corrected as their players' rows, which were `before`."""
        if game_id not in self._of:
            return rows
        after = self.players(game_id, list(before))
        return [{**row, **_shifted(row, before, after)} for row in rows]

    def _corrected(self, row: Row) -> Row:
        for correction in self._of[row["game_id"]]:
            if correction.player_id == row["player_id"]:
                row = {**row, **correction.changes}
        return row


def checked(correction: Correction, rows: Sequence[Row]) -> Correction:
    """The correction, if it can be made to the game's `player_games` rows.

    Raises:
        Permanent: it concerns no row of theirs, or a column that is never corrected.
    """
    what = f"correction of game {correction.game_id}, player {correction.player_id}"
    if not any(row["player_id"] == correction.player_id for row in rows):
        raise Permanent(f"{what}: no such line in the box score", remedy="name a player who played")
    unknown = sorted(set(correction.changes) - CORRECTABLE)
    if unknown:
        raise Permanent(f"{what}: column {', '.join(unknown)}", remedy=f"one of {', '.join(sorted(CORRECTABLE))}")
    return correction


def _shifted(team: Row, before: Sequence[Row], after: Sequence[Row]) -> dict[str, Any]:
    """The team's counts that its players' corrections change."""
    shifted: dict[str, Any] = {}
    for old, new in zip(before, after, strict=True):
        if old["team"] == team["team"] and old is not new:
            for name in COUNTS:
                if old[name] is not None and new[name] != old[name]:
                    shifted[name] = shifted.get(name, team[name]) + new[name] - old[name]
    return shifted
