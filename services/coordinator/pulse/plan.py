"""What a living slate needs at an instant: looks for news, lines by the credits there are, final passes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.basketball.slate import SAME_DAY_LEAD

EVERY: Final = timedelta(minutes=5)
"""Between two looks at the injuries."""
LAST_LOOK: Final = timedelta(minutes=1)
"""So long before a game's cutoff somebody looks once more: what is seen later was not known in time."""
QUIET: Final = timedelta(hours=1)
"""Between two pulses when no game is ahead."""
SOON: Final = timedelta(minutes=1)
"""Between two pulses while something is to be asked for again."""
LINES_BEFORE: Final = (timedelta(minutes=40), timedelta(minutes=100), timedelta(minutes=220), timedelta(minutes=340))
"""When lines may be looked at between the slate's own run and the final pass, the most useful look first."""
RUN_LOOKS: Final = 4
"""At a game's lines besides those: by the runs of the evening before, the night and the day, and the final pass."""
MONTH: Final = 30
"""Days that the credits which are left must last for."""
UNKNOWN_LOOKS: Final = 2
"""Looks at the lines where the source does not say what is left."""
MAX_TRIES: Final = 3
"""Times that the final pass of a game is asked for."""


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the slate."""

    game_id: str
    tip_utc: datetime

    @property
    def cutoff(self) -> datetime:
        """What becomes known later is not used."""
        return self.tip_utc - SAME_DAY_LEAD


@dataclass(frozen=True, slots=True)
class Needs:
    """What is to be done now, and when to ask again."""

    look: bool
    """Whether to look at the injuries."""
    lines: tuple[str, ...]
    """Games whose lines are looked at, too."""
    finals: tuple[str, ...]
    """Games whose final pass is due."""
    next_at: datetime


def line_looks(left: int | None, slate: int) -> tuple[timedelta, ...]:
    """The looks that the day can pay for: how long before a game's cutoff.

    `left` credits must last for a month of days like this; `slate` is what one look at all games takes. The runs and
    the final passes come first.
    """
    if left is None or slate <= 0:
        return LINES_BEFORE[:UNKNOWN_LOOKS]
    spare = left // MONTH - RUN_LOOKS * slate
    return LINES_BEFORE[: max(0, min(len(LINES_BEFORE), spare // slate))]


def looks_passed(game: Game, looks: Sequence[timedelta], now: datetime) -> int:
    """How many of a game's looks at the lines are due by now."""
    return sum(now >= game.cutoff - before for before in looks)


def needs(
    games: Sequence[Game],
    now: datetime,
    *,
    looked_at: datetime | None,
    looks: Sequence[timedelta],
    looked: Mapping[str, int],
    finals: Mapping[str, int],
    settled: Mapping[str, bool],
) -> Needs:
    """What is due.

    `looked`: looks at the lines that each game has had; `finals`: times that each game's final pass was asked for;
    `settled`: games whose final pass has not failed, and whether it is done: one at work may still fail, and is then
    asked for again.
    """
    ahead = [game for game in games if game.cutoff > now]
    due = [g.game_id for g in games if g.cutoff <= now < g.tip_utc and not settled.get(g.game_id, False)]
    again = tuple(game_id for game_id in due if game_id not in settled and finals.get(game_id, 0) < MAX_TRIES)
    soon = bool(again) or any(game_id in settled for game_id in due)
    last = [game.cutoff - LAST_LOOK for game in ahead]
    last_due = any(at <= now and (looked_at is None or looked_at < at) for at in last)
    look = bool(ahead) and (looked_at is None or now - looked_at >= EVERY or last_due)
    lines = tuple(g.game_id for g in ahead if looks_passed(g, looks, now) > looked.get(g.game_id, 0)) if look else ()
    if not ahead and not soon:
        return Needs(look=False, lines=(), finals=(), next_at=now + QUIET)
    seen = now if look or looked_at is None else looked_at
    events = [*(game.cutoff for game in ahead), *(at for at in last if at > now)]
    if ahead:
        events.append(seen + EVERY)
    if soon:
        events.append(now + SOON)
    return Needs(look, lines, again, min(events))
