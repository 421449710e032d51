"""A box score, whoever it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from services.scraper.domain.wire import BadRecord, Refusal, number, whole

SHORT = ("pts", "reb", "oreb", "dreb", "ast", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "stl", "blk", "tov", "pf")
"""What stats.nba.com (in capitals) and BallDontLie call COUNTS."""


@dataclass(frozen=True, slots=True)
class Line:
    """One player's line of a box score."""

    player_id: int | None
    """NBA id; None where the source has ids of its own and the name must be matched."""
    player_name: str
    team: str
    """Tricode."""
    starter: bool | None
    minutes: float
    points: int
    rebounds: int
    offensive_rebounds: int
    defensive_rebounds: int
    assists: int
    field_goals_made: int
    field_goals_attempted: int
    threes: int
    threes_attempted: int
    free_throws_made: int
    free_throws_attempted: int
    steals: int
    blocks: int
    turnovers: int
    fouls: int
    plus_minus: float | None

    @property
    def who(self) -> str:
        """The player, for a reason line."""
        return self.player_name if self.player_id is None else f"{self.player_name} ({self.player_id})"


COUNTS = tuple(field.name for field in fields(Line) if field.type is int)
"""Counting statistics, named as the columns of raw.player_box_scores."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A player who is listed for a game and did not play, with the reason."""

    player_id: int
    player_name: str
    team: str
    reason: str
    """The source's code or words: INACTIVE_INJURY, DNP_COACH, ..."""
    description: str | None = None
    """What ails him, in the source's words."""


@dataclass(frozen=True, slots=True)
class Box:
    """The lines of one game's players who played."""

    game_id: str | None
    """NBA id; None where the source has ids of its own: the teams tell the game."""
    final: bool
    lines: tuple[Line, ...]
    refused: tuple[Refusal, ...] = ()
    """Lines that could not be read."""
    score: Mapping[str, int] | None = None
    """Points by team, where the payload gives them."""
    absences: tuple[Absence, ...] = ()
    """Those listed who did not play, where the payload says."""
    totals: Mapping[str, Mapping[str, int]] | None = None
    """A team's own counting statistics, named as in COUNTS, and its whole "minutes", as far as the payload has them."""


def counts(stats: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, int]:
    """The counting statistics of a record whose fields are called `keys`, in the order of COUNTS."""
    try:
        return {name: whole(stats[key], key) for name, key in zip(COUNTS, keys, strict=True)}
    except KeyError as error:
        raise BadRecord(f"no {error.args[0]!r}") from None


def optional_number(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """A number where the source has one."""
    return None if value is None else number(value, "plus_minus")
