"""ESPN's injuries feed: per team, each listed player's latest status."""

from datetime import date
from functools import partial
from typing import Any

from services.scraper.domain.people import Injury, status_of
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    document,
    each,
    instant,
    label,
    listing,
    member,
    remark,
    shown,
    text,
)
from services.scraper.sources.endpoint import INJURIES, Endpoint, Request
from services.scraper.sources.espn.teams import team_of

_UNSAID = ("Not Specified", "Undisclosed")


def parse_injuries(body: bytes) -> Parsed[Injury]:
    """One record per entry. Entries of a team the NBA does not have are refused.

    Raises:
        Fault: not an injuries feed.
    """
    teams = listing(document(body), "injuries")
    feeds, refused = each(teams, _feed, lambda raw: label(raw, "displayName", "id"))
    if refused and not feeds:  # a renamed key is not a league in good health
        raise Fault("malformed", f"not one team is read: {refused[0].reason}")
    injuries: list[Injury] = []
    for team, entries in feeds:
        read, unreadable = each(entries, partial(_injury, listed_by=team), _name)
        injuries += read
        refused += unreadable
    return Parsed(tuple(injuries), tuple(refused), len(injuries) + len(refused))


def _feed(team: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - JSON
    """A team and its entries."""
    entries = member(team, "injuries")
    if not isinstance(entries, list):
        raise BadRecord(f"injuries is {shown(entries)}, not a list")
    return team, entries


def _injury(raw: Any, listed_by: Any) -> Injury:  # noqa: ANN401 - JSON
    team = team_of(listed_by)
    player_name = text(member(raw, "athlete"), "displayName")
    details = raw.get("details")
    if details is None:
        details = {}
    return Injury(
        player_name=player_name,
        team=team,
        status=status_of(text(raw, "status")),
        comment=remark(raw, "shortComment"),
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
