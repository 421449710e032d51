"""BallDontLie's `/v1/player_injuries?team_ids[]=`: a team's injured, without the time of the report."""

from typing import Any

from services.scraper.domain.people import Injury, status_of
from services.scraper.domain.wire import Parsed, document, each, listing, member, remark, text
from services.scraper.sources.balldontlie.page import PAGE, label_of, name_of, team_by_id, unread
from services.scraper.sources.endpoint import INJURIES, Endpoint, Request
from shared.basketball.identity import TEAMS


def parse_injuries(body: bytes) -> Parsed[Injury]:
    """One record per entry.

    Raises:
        Fault: not a list of injuries.
    """
    payload = document(body)
    entries = listing(payload, "data")
    injuries, refused = each(entries, _injury, label_of)
    return Parsed(tuple(injuries), (*refused, *unread(payload)), len(entries))


def _injury(raw: Any) -> Injury:  # noqa: ANN401 - JSON
    player = member(raw, "player")
    # "Oct 1": the year is not given, so it stays what it is, a remark.
    back = remark(raw, "return_date")
    comment = " ".join(filter(None, (remark(raw, "description"), f"Return: {back}." if back is not None else None)))
    return Injury(
        player_name=name_of(player),
        team=team_by_id(member(player, "team_id")),
        status=status_of(text(raw, "status")),
        comment=comment or None,
        reported_at=None,
    )


INJURIES_OF = Endpoint(
    "balldontlie",
    "injuries",
    INJURIES,
    parse_injuries,
    rank=3,
    requests=lambda need: tuple(injuries_of(team) for team in need.teams),
)


def injuries_of(team: str) -> Request[Injury]:
    """A team's injured now."""
    params = {"team_ids[]": str(TEAMS[team].bdl_id), **PAGE}
    return INJURIES_OF.request(f"injuries-{team}", "/v1/player_injuries", params)
