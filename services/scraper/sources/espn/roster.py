"""ESPN's roster of a team: its players by name, for ESPN's ids are its own."""

from functools import partial
from typing import Any

from services.scraper.domain.people import Rostered
from services.scraper.domain.wire import BadRecord, Fault, Parsed, document, each, label, listing, member, remark, text
from services.scraper.sources.endpoint import ROSTERS, Endpoint, Request
from services.scraper.sources.espn.teams import team_of
from shared.basketball.identity import TEAMS
from shared.errors import Permanent

_POSITIONS = {"PG": "G", "SG": "G", "G": "G", "SF": "F", "PF": "F", "F": "F", "C": "C", "GF": "G-F", "FC": "F-C"}
"""ESPN's positions as the NBA writes them."""


def parse_roster(body: bytes) -> Parsed[Rostered]:
    """One record per player of the team.

    Raises:
        Fault: not the roster of a team of the NBA.
    """
    payload = document(body)
    try:
        raw_team = member(payload, "team")
        team = team_of(raw_team)
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a roster: {error}") from None
    # `/teams/2/roster` has them beside the team, `/teams/2?enable=roster` within it.
    athletes = listing(payload if "athletes" in payload else raw_team, "athletes")
    players, refused = each(athletes, partial(_rostered, team=team), lambda raw: label(raw, "displayName", "id"))
    return Parsed(tuple(dict.fromkeys(players)), tuple(refused), len(athletes))


def _rostered(raw: Any, team: str) -> Rostered:  # noqa: ANN401 - JSON
    name = text(raw, "displayName")
    position = raw.get("position")
    code = remark(position, "abbreviation") if isinstance(position, dict) else None
    return Rostered(None, name, team, _POSITIONS.get(code) if code is not None else None)


ROSTER_OF = Endpoint(
    "espn", "roster", ROSTERS, parse_roster, rank=2, requests=lambda need: tuple(roster(team) for team in need.teams)
)


def roster(team: str) -> Request[Rostered]:
    """A team's players now."""
    path = f"/apis/site/v2/sports/basketball/nba/teams/{TEAMS[team].espn_id}/roster"
    return ROSTER_OF.request(f"roster-{team}", path)
