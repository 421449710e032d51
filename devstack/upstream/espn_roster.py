"""ESPN's rosters: the people of the NBA's player index, under ids of ESPN's own.

Two endpoints have them: `teams/<id>?enable=roster` inside of the team, `teams/<id>/roster` beside it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devstack.columns import Row
from devstack.history import History
from devstack.upstream import espn_wire
from devstack.upstream.espn import NO_POSITION, InjuryFeed, injury
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.wire import Answer, http_date, initialled, nba_name, split_name, utc
from shared.basketball.identity import TEAMS
from shared.basketball.slate import eastern_date, eastern_instant, season_of

_BY_ID = {team.espn_id: team.tricode for team in TEAMS.values()}
_NOT_FOUND = Answer.json({"code": 404, "message": "Team not found"}, status=404)
_POSITION = {**NO_POSITION, "parent": {}}


class EspnRosters:
    """Who is with a team on the Eastern date of now."""

    def __init__(self, history: History, index: PlayerIndex) -> None:
        self._index = index
        self._injuries = InjuryFeed(history)

    def team(self, team_id: str, query: Mapping[str, str], now: datetime) -> Answer:
        """A team, with its roster where that is asked for; 404 for an id that is none of ESPN's."""
        tricode = _BY_ID.get(team_id)
        if tricode is None:
            return _NOT_FOUND
        athletes = {"athletes": self._athletes(tricode, now)} if "roster" in query.get("enable", "").split(",") else {}
        team = {**_team(tricode), **athletes}
        return Answer.json({"team": team})

    def roster(self, team_id: str, now: datetime) -> Answer:
        """A team's roster; 404 for an id that is none of ESPN's."""
        tricode = _BY_ID.get(team_id)
        if tricode is None:
            return _NOT_FOUND
        season = season_of(eastern_date(now))
        body = {
            "timestamp": utc(now),
            "status": "success",
            "season": {"year": int(season[:4]) + 1, "displayName": season, "type": 2, "name": "Regular Season"},
            "athletes": self._athletes(tricode, now),
            "coach": [],
            "team": _team(tricode),
        }
        # Who is with a team today is known since the day began, as in the player index.
        return Answer.json(body, headers={"Last-Modified": http_date(eastern_instant(eastern_date(now)))})

    def _athletes(self, tricode: str, now: datetime) -> list[dict[str, Any]]:
        today, hurt = eastern_date(now), self._injuries.entries(now)
        people = self._index.roster(season_of(today), today)
        own = [(player_id, name) for player_id, (team, name) in people.items() if team == tricode]
        return [
            _athlete(player_id, name, hurt.get(player_id))
            for player_id, name in sorted(own, key=lambda one: split_name(one[1])[1])
        ]


def _team(tricode: str) -> dict[str, Any]:
    slug = nba_name(TEAMS[tricode]).casefold().replace(" ", "-")
    return {**espn_wire.team(tricode), "slug": slug, "logos": [], "record": {"items": []}, "links": []}


def _athlete(player_id: int, name: str, entry: Row | None) -> dict[str, Any]:
    athlete, slug = espn_wire.athlete_id(player_id), espn_wire.slug_of(name)
    first, last = split_name(name)
    return {
        "id": athlete,
        "uid": f"s:40~l:46~a:{athlete}",
        "type": "basketball",
        "alternateIds": {"sdr": athlete},
        "firstName": first,
        "lastName": last,
        "fullName": name,
        "displayName": name,
        "shortName": initialled(name),
        "links": [],
        "slug": slug,
        "headshot": {"href": f"https://a.espncdn.com/i/headshots/nba/players/full/{athlete}.png", "alt": name},
        "position": _POSITION,
        "injuries": [] if entry is None else [injury(player_id, entry)],
        "linked": True,
        "teams": [{}],
        "experience": {"years": 0},
        "active": True,
        "contract": {},
        "eventLog": {},
        "status": {"id": "1", "name": "Active", "type": "active", "abbreviation": "Active"},
    }
