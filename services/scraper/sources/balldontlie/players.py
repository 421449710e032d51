"""BallDontLie's `/v1/players/active?team_ids[]=`: a team's players, by the source's own ids."""

from typing import Any

from services.scraper.domain.people import Rostered
from services.scraper.domain.wire import Parsed, document, each, listing, member, remark
from services.scraper.sources.balldontlie.page import PAGE, label_of, name_of, team_of, unread
from services.scraper.sources.endpoint import ROSTERS, Endpoint, Request
from shared.basketball.identity import TEAMS


def parse_players(body: bytes) -> Parsed[Rostered]:
    """One record per player with a team.

    Raises:
        Fault: not a list of players.
    """
    payload = document(body)
    entries = listing(payload, "data")
    players, refused = each(entries, _rostered, label_of)
    return Parsed(tuple(dict.fromkeys(players)), (*refused, *unread(payload)), len(entries))


def _rostered(raw: Any) -> Rostered | None:  # noqa: ANN401 - JSON
    team = member(raw, "team")
    if team is None:
        return None
    return Rostered(None, name_of(raw), team_of(team), remark(raw, "position"))


PLAYERS_OF = Endpoint(
    "balldontlie",
    "players",
    ROSTERS,
    parse_players,
    rank=3,
    requests=lambda need: tuple(players_of(team) for team in need.teams),
)


def players_of(team: str) -> Request[Rostered]:
    """A team's active players now."""
    params = {"team_ids[]": str(TEAMS[team].bdl_id), **PAGE}
    return PLAYERS_OF.request(f"roster-{team}", "/v1/players/active", params)
