"""ESPN's injury feed: who is listed at `now`, by team.

Two things make an entry: an open event of the injured list, and the inactive list of a game today, known 30 minutes
before its tip-off, which wins; and over both, who was scratched today. What is decided during a game (dnp_*, dnd)
never shows.
"""

import re
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from devstack.columns import Row
from devstack.history import History
from devstack.upstream.boxscore import KNOWN_BEFORE_TIP
from devstack.upstream.espn_wire import athlete_id, slug_of
from devstack.upstream.injured import injured_list, reason_of
from devstack.upstream.wire import Answer, nba_name, utc
from shared.basketball.identity import TEAMS
from shared.basketball.slate import eastern_date, season_of

_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_STATUSES = {
    "Out": ({"id": "4", "name": "INJURY_STATUS_OUT", "description": "out", "abbreviation": "O"}, "OUT"),
    "Day-To-Day": (
        {"id": "10", "name": "INJURY_STATUS_DAYTODAY", "description": "day-to-day", "abbreviation": "DD"},
        "GTD",
    ),
}
NO_POSITION = {"id": "0", "name": "Not Available", "displayName": "Not Available", "abbreviation": "NA", "leaf": True}
_LATE_NEWS = {"inactive": "inactive", "nwt": "not with the team", "suspended": "suspended"}


class InjuryFeed:
    """The current entries of every team that has any."""

    def __init__(self, history: History) -> None:
        self._history = history

    def answer(self, now: datetime) -> Answer:
        """The feed at `now`."""
        by_team: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for player_id, entry in sorted(self.entries(now).items()):
            by_team[entry["team"]].append(injury(player_id, entry))
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
        return {**injured_list(self._history).on(today), **self._inactive(today, now), **self._scratched(today, now)}

    def _scratched(self, today: date, now: datetime) -> dict[int, Row]:
        """Those ruled out at an instant of their own."""
        return {
            row["player_id"]: {
                "team": row["team"],
                "name": row["player_name"],
                "status": "Out",
                "stamp": scratch.known_at,
                "note": "",
            }
            for scratch in self._history.scratches
            if scratch.known_at <= now and self._history.games[scratch.game_id].game_date == today
            for row in self._history.players(scratch.game_id)
            if row["player_id"] == scratch.player_id
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


def injury(player_id: int, entry: Row) -> dict[str, Any]:
    """One entry as ESPN writes it."""
    name, note = entry["name"], entry["note"]
    type_, fantasy = _STATUSES[entry["status"]]
    stamp = entry["stamp"].astimezone(UTC)
    reason = reason_of(note)
    side = _SIDE.search(note)
    family = name.split()[-1]
    verdict = "is out" if entry["status"] == "Out" else "is day-to-day"
    athlete = athlete_id(player_id)
    return {
        "id": f"{athlete}{stamp:%y%m%d}",
        "shortComment": f"{family} ({reason or 'undisclosed'}) {verdict}.",
        "longComment": f"{name}: {note or 'no details given'}.",
        "status": entry["status"],
        "date": stamp.strftime("%Y-%m-%dT%H:%MZ"),
        "athlete": {
            "displayName": name,
            "links": [
                {"rel": ["playercard"], "href": f"https://www.espn.com/nba/player/_/id/{athlete}/{slug_of(name)}"}
            ],
            "position": NO_POSITION,
        },
        "type": type_,
        "details": {
            "fantasyStatus": {"description": fantasy, "abbreviation": fantasy},
            "type": reason.capitalize() or "Undisclosed",
            "side": side.group(1).capitalize() if side else "Not Specified",
        },
    }
