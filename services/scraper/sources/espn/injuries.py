"""ESPN's injuries feed: per team, each listed player's latest status."""

from datetime import date
from functools import partial
from typing import Any

from services.scraper.domain.people import Injury, status_of
from services.scraper.domain.wire import BadRecord, Parsed, document, each, instant, label, listing, member, text
from services.scraper.sources.endpoint import INJURIES, Endpoint, Request
from shared.basketball.identity import TEAMS, tricode

_BY_ESPN_ID = {team.espn_id: team.tricode for team in TEAMS.values()}
_UNSAID = ("Not Specified", "Undisclosed")


def parse_injuries(body: bytes) -> Parsed[Injury]:
    """One record per entry. Entries of a team the NBA does not have are refused.

    Raises:
        Fault: not an injuries feed.
    """
    teams = [
        each(listing(team, "injuries"), partial(_injury, listed_by=team), _name)
        for team in listing(document(body), "injuries")
    ]
    injuries = tuple(injury for read, _ in teams for injury in read)
    refused = tuple(refusal for _, unreadable in teams for refusal in unreadable)
    return Parsed(injuries, refused, len(injuries) + len(refused))


def _team(raw: Any) -> str:  # noqa: ANN401 - JSON
    """The tricode; ESPN's id must agree with the name, for other leagues use the same ids."""
    code = tricode(text(raw, "displayName"))
    if "id" in raw and _BY_ESPN_ID.get(str(raw["id"])) != code:
        raise BadRecord(f"team {raw['displayName']} has ESPN id {raw['id']}, not {TEAMS[code].espn_id}")
    return code


def _injury(raw: Any, listed_by: Any) -> Injury:  # noqa: ANN401 - JSON
    team = _team(listed_by)
    player_name = text(member(raw, "athlete"), "displayName")
    comment = raw.get("shortComment")
    details = raw.get("details")
    if details is None:
        details = {}
    return Injury(
        player_name=player_name,
        team=team,
        status=status_of(text(raw, "status")),
        comment=comment if isinstance(comment, str) and comment else None,
        reported_at=instant(member(raw, "date"), "date"),
        reason=_reason(details),
        return_date=_return_date(details),
    )


def _reason(details: Any) -> str | None:  # noqa: ANN401 - JSON
    """Side, part of the body and kind of injury, as far as they are given: "Left Knee Soreness"."""
    if not isinstance(details, dict):
        raise BadRecord(f"details is {details!r}, not an object")
    words = [details.get(key) for key in ("side", "type", "detail")]
    return " ".join(word for word in words if isinstance(word, str) and word and word not in _UNSAID) or None


def _return_date(details: dict[str, Any]) -> date | None:
    value = details.get("returnDate")
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRecord(f"returnDate is {value!r}, not a date") from None


def _name(raw: Any) -> str:  # noqa: ANN401 - JSON
    athlete = raw.get("athlete") if isinstance(raw, dict) else None
    return label(athlete, "displayName") if isinstance(athlete, dict) else label(raw, "id")


LISTED = Endpoint("espn", "injuries", INJURIES, parse_injuries, rank=2, requests=lambda _: (listed(),))


def listed() -> Request[Injury]:
    """Everyone on an injury list now."""
    return LISTED.request("injuries", "/apis/site/v2/sports/basketball/nba/injuries")
