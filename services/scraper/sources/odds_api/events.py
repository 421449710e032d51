"""The Odds API's games: those with odds now, or as they stood at a past instant."""

from datetime import datetime
from typing import Any

from services.scraper.domain.odds import Event
from services.scraper.domain.wire import Parsed, document, each, instant, label, listing, member, text
from services.scraper.sources.endpoint import LOOKUP, Endpoint, Request
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from shared.basketball.identity import tricode
from shared.basketball.slate import eastern_date


def parse_events(body: bytes) -> Parsed[Event]:
    """One record per event.

    Raises:
        Fault: not a list of events.
    """
    data, stamp = unwrap(document(body))
    entries = listing(data)
    events, refused = each(entries, _event, lambda raw: label(raw, "id"))
    return Parsed(tuple(events), tuple(refused), len(entries), stamp)


def _event(raw: Any) -> Event:  # noqa: ANN401 - JSON
    start = instant(member(raw, "commence_time"), "commence_time")
    teams = frozenset({tricode(text(raw, "home_team")), tricode(text(raw, "away_team"))})
    return Event(text(raw, "id"), teams, eastern_date(start))


EVENTS = Endpoint("odds_api", "events", LOOKUP, parse_events, rank=1)
EVENTS_HISTORY = Endpoint("odds_api", "events_history", LOOKUP, parse_events, rank=1)


def events(as_of: datetime | None) -> Request[Event]:
    """The games with odds, now or as they stood at a past instant."""
    if as_of is None:
        return EVENTS.request("events", f"/v4/{SPORT}/events", {"dateFormat": "iso"})
    return EVENTS_HISTORY.request(
        "events", f"/v4/historical/{SPORT}/events", {"dateFormat": "iso", "date": stamp(as_of)}
    )
