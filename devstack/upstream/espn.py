"""ESPN's injury feed: who is listed at `now`, by team.

Two things make an entry: an open event of the injured list, known from 00:00 ET of the day after its date, and the
inactive list of a game today, known 30 minutes before its tip-off, which wins. What is decided during a game (dnp_*,
dnd) never shows.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devstack.columns import Row
from devstack.history import History
from devstack.upstream.boxscore import KNOWN_BEFORE_TIP
from devstack.upstream.wire import Answer, nba_name, utc
from shared.basketball.identity import TEAMS
from shared.basketball.slate import eastern_date, eastern_instant, season_of

STALE = timedelta(days=60)
"""An event of the injured list without news for this long is dropped."""
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_STATUSES = {
    "Out": ({"id": "4", "name": "INJURY_STATUS_OUT", "description": "out", "abbreviation": "O"}, "OUT"),
    "Day-To-Day": (
        {"id": "10", "name": "INJURY_STATUS_DAYTODAY", "description": "day-to-day", "abbreviation": "DD"},
        "GTD",
    ),
}
_NO_POSITION = {"id": "0", "name": "Not Available", "displayName": "Not Available", "abbreviation": "NA", "leaf": True}
_LATE_NEWS = {"inactive": "inactive", "nwt": "not with the team", "suspended": "suspended"}


class InjuryFeed:
    """The current entries of every team that has any."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._dates = [row["date"] for row in history.injuries]

    def answer(self, now: datetime) -> Answer:
        """The feed at `now`."""
        by_team: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for player_id, entry in sorted(self.entries(now).items()):
            by_team[entry["team"]].append(_item(player_id, entry))
        year = int(season_of(eastern_date(now))[:4]) + 1
        teams = [(TEAMS[tricode], items) for tricode, items in by_team.items()]
        body = {
            "timestamp": utc(now),
            "status": "success",
            "season": {"year": year, "type": 2, "name": "Regular Season", "displayName": str(year)},
            "injuries": [
                {"id": team.espn_id, "displayName": nba_name(team), "injuries": items}
                for team, items in sorted(teams, key=lambda pair: nba_name(pair[0]))
            ],
        }
        return Answer.json(body)

    def entries(self, now: datetime) -> dict[int, Row]:
        """player_id -> team, name, status, stamp, note."""
        today = eastern_date(now)
        return {**self._listed(today), **self._inactive(today, now)}

    def _listed(self, today: date) -> dict[int, Row]:
        """Open events; one of yesterday is known from 00:00 today."""
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

    def _inactive(self, today: date, now: datetime) -> dict[int, Row]:
        """The inactive lists of today's games."""
        return {
            row["player_id"]: {
                "team": row["team"],
                "name": row["player_name"],
                "status": "Out",
                "stamp": game.late_news_at,
                "note": _LATE_NEWS[row["status"]],
            }
            for game in self._history.on(today)
            if game.late_news_at <= now
            for row in self._history.absences(game.game_id)
            if row["status"] in KNOWN_BEFORE_TIP
        }

    def _has_played(self, player_id: int, since: date, today: date) -> bool:
        """Whether he played between the two dates. A game of today drops nobody: that would tell of it to its slate."""
        games = self._history.appearances.get(player_id, [])
        later = games[bisect_right(games, since, key=lambda game: game.game_date) :]
        return bool(later) and later[0].game_date < today


def _item(player_id: int, entry: Row) -> dict[str, Any]:
    name, note = entry["name"], entry["note"]
    type_, fantasy = _STATUSES[entry["status"]]
    stamp = entry["stamp"].astimezone(UTC)
    reason = note.removeprefix("placed on IL with ").removeprefix("placed on IL").replace("(DTD)", "").strip()
    side = _SIDE.search(note)
    family = name.split()[-1]
    verdict = "is out" if entry["status"] == "Out" else "is day-to-day"
    slug = "-".join(re.sub(r"[^a-z ]", "", name.casefold()).split())
    return {
        "id": f"{player_id}{stamp:%y%m%d}",
        "shortComment": f"{family} ({reason or 'undisclosed'}) {verdict}.",
        "longComment": f"{name}: {note or 'no details given'}.",
        "status": entry["status"],
        "date": stamp.strftime("%Y-%m-%dT%H:%MZ"),
        "athlete": {
            "displayName": name,
            "links": [{"rel": ["playercard"], "href": f"https://www.espn.com/nba/player/_/id/{player_id}/{slug}"}],
            "position": _NO_POSITION,
        },
        "type": type_,
        "details": {
            "fantasyStatus": {"description": fantasy, "abbreviation": fantasy},
            "type": reason.capitalize() or "Undisclosed",
            "side": side.group(1).capitalize() if side else "Not Specified",
        },
    }
