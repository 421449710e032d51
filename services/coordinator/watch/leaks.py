"""Too good to be true: errors so far below what anybody has reached that the future must have leaked in (failure 29).

On points, the de-vigged closing market and careful models of box scores agree within hundredths. What is far better
knows something it cannot know. The limits are differences to a reference on the same rows: the level itself moves with
the league's scoring from season to season.
"""

from collections.abc import Mapping, Sequence
from typing import Any

MIN_GRADES = 2000
"""Below so many graded predictions luck can do it."""
_LIMITS = (
    ("regular_n", "regular_minus_rate", -0.23, "MAE of regulars minus that of rate times minutes"),
    ("lined_n", "lined_minus_line", -0.05, "MAE of players with a line minus the line's"),
    ("brier_n", "brier", 0.246, "Brier score"),
)
"""(count, column of `accuracy_leaks.sql`, suspect below this, what it is).

Measured on real seasons: knowing who will be out is worth -0.14 to the rate baseline, hindsight attendance -0.19, the
minutes actually played -0.88; against the line -0.007 honestly and -0.024 with hindsight attendance.
"""


def suspects(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Modes and systems whose points are too good, each with the reason in one line.

    Args:
        rows: of `accuracy_leaks.sql`, one per mode and system.
    """
    found = []
    for row in rows:
        reasons = [
            f"{what} {row[column]:.4g} < {limit:g} (N = {row[count]})"
            for count, column, limit, what in _LIMITS
            if row[count] >= MIN_GRADES and row[column] is not None and row[column] < limit
        ]
        if reasons:
            reason = f"{'; '.join(reasons)}: too good, look for leakage first"
            found.append({"mode": row["mode"], "system": row["system"], "reason": reason})
    return found
