"""Credits of a paid source: what it says is left, what a slate's lines take, and what is asked for with what is left.

No account is kept: the list of events, which is asked first and costs nothing (its historical twin 1), says in its
headers what is left now.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.errors import Permanent

REMAINING: Final = "x-requests-remaining"
_USED_UP: Final = b"OUT_OF_USAGE_CREDITS"
"""`error_code` of the body that tells used-up credits from a wrong key; the status is 401 for both, or 429."""
_NUMBER: Final = re.compile(r"-?\d{1,15}", re.ASCII)
HISTORICAL: Final = 10
"""Times what the same costs live."""


class UsedUp(Permanent):
    """The source gives nothing more until credits are bought or renewed."""

    def __init__(self, source: str, left: int | None) -> None:
        self.left = 0 if left is None else left
        super().__init__(
            f"credits used up: {source} says {self.left} are left", remedy="buy more, or wait for the next period"
        )


def credits_left(headers: Mapping[str, str]) -> int | None:
    """What an answer's headers say is left, never below 0; None if they say nothing readable."""
    value = headers.get(REMAINING)
    if value is None or _NUMBER.fullmatch(value.strip()) is None:
        return None
    return max(0, int(value))


def used_up(status: int, body: bytes) -> bool:
    """Whether a refusal is for want of credits: asking again, or with another key of the account, is in vain."""
    return status in (401, 429) and _USED_UP in body


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a slate's lines is asked for, and what it takes at most: keys that no book quotes cost nothing."""

    alternates: bool
    needed: int
    """Credits."""
    note: str = ""
    """Why it is less than was asked for, if it is."""
    refusal: str = ""
    """Why nothing is asked for, if nothing is."""


def plan(left: int | None, *, live: int, past: int, markets: int, regions: int, alternates: bool) -> Plan:
    """Of `live` and `past` games' main lines in `markets` and `regions`, alternates only if there is enough for all.

    Without knowledge of what is `left` everything is.
    """
    mains = (live + HISTORICAL * past) * markets * regions
    full = 2 * mains if alternates else mains
    if left is None or full <= left:
        return Plan(alternates, full)
    if mains > left:
        return Plan(
            alternates=False,
            needed=mains,
            refusal=f"credits used up: {left} left, {mains} needed for {live + past} games; "
            "buy more, ask for fewer markets (TIPOFF_ODDS_MARKETS), or wait for the next period",
        )
    return Plan(
        alternates=False,
        needed=mains,
        note=f"alternate lines are not asked for: {left} credits left, {full} needed with them, {mains} without",
    )
