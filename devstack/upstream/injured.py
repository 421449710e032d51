"""Who is hurt, as every upstream knows it: the injured list of a date, and what its notes say.

An event is known from 00:00 ET of the day after its date, and one without news for `STALE` is dropped.
"""

from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache

from devstack.columns import Row
from devstack.history import History
from shared.basketball.slate import eastern_instant

STALE = timedelta(days=60)
_LEADS = ("placed on IL with ", "placed on IL")


class InjuredList:
    """The open events of the injured list on a date."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._dates = [row["date"] for row in history.injuries]
        self.on = lru_cache(16)(self._on)
        """Date -> player_id -> team, name, status, stamp, note."""

    def _on(self, today: date) -> dict[int, Row]:
        events = self._history.injuries[: bisect_right(self._dates, today - timedelta(days=1))]
        latest = {row["player_id"]: row for row in events[bisect_right(self._dates, today - STALE) :]}
        return {
            player_id: {
                "team": row["team"],
                "name": row["player_name"],
                "status": "Day-To-Day" if "DTD" in (row["note"] or "") else "Out",
                "stamp": eastern_instant(row["date"] + timedelta(days=1)),
                "note": row["note"] or "",
            }
            for player_id, row in latest.items()
            if row["event"] == "relinquished" and not self._has_played(player_id, row["date"], today)
        }

    def _has_played(self, player_id: int, since: date, today: date) -> bool:
        """Whether he played between the two dates. A game of today drops nobody: that would tell of it to its slate."""
        games = self._history.appearances.get(player_id, [])
        later = games[bisect_right(games, since, key=lambda game: game.game_date) :]
        return bool(later) and later[0].game_date < today


@lru_cache(4)
def injured_list(history: History) -> InjuredList:
    """A history's injured list, shared by the upstreams that tell of it."""
    return InjuredList(history)


def reason_of(note: str) -> str:
    """What ails him: "placed on IL with sore left knee (DTD)" -> "sore left knee"; empty where that is not said."""
    for lead in _LEADS:
        note = note.removeprefix(lead)
    return note.replace("(DTD)", "").strip()
