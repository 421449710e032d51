"""The NBA CDN's scoreboard of the current date, `todaysScoreboard_00.json`; it moves on around noon, Eastern."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from services.scraper.domain.games import Shown, State
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    day,
    document,
    each,
    game_id,
    label,
    listing,
    member,
    optional_text,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import SCOREBOARD, Endpoint, Need, Request
from services.scraper.sources.nba_cdn.schedule import OFF, tip_of
from shared.basketball.identity import tricode
from shared.basketball.slate import PREDICTED_SEASON_TYPES, eastern_date, season_type_of

_STATES: dict[int, State] = {1: "scheduled", 2: "live", 3: "final"}


def parse_scoreboard(body: bytes) -> Parsed[Shown]:
    """One record per game. Preseason and all-star games are left out.

    Raises:
        Fault: not a scoreboard.
    """
    payload = document(body)
    games = listing(payload, "scoreboard", "games")
    try:
        shown_date = day(text(payload["scoreboard"], "gameDate"), "gameDate")
    except BadRecord as error:
        raise Fault("malformed", f"not a scoreboard: {error}") from None
    read, refused = each(games, partial(_shown, game_date=shown_date), lambda raw: label(raw, "gameId"))
    return Parsed(tuple(read), tuple(refused), len(games), stamp_of(payload))


def _shown(raw: Any, game_date: date) -> Shown | None:  # noqa: ANN401 - JSON
    shown_id = game_id(member(raw, "gameId"))
    if season_type_of(shown_id) not in PREDICTED_SEASON_TYPES:
        return None
    home, away = member(raw, "homeTeam"), member(raw, "awayTeam")
    status = whole(member(raw, "gameStatus"), "gameStatus")
    if status not in _STATES:
        raise BadRecord(f"gameStatus is {status}, none of 1, 2, 3")
    state = _STATES[status]
    status_text = (optional_text(raw, "gameStatusText") or "").casefold()
    if state != "final" and status_text.startswith(OFF):
        state = "postponed"
    # gameEt calls Eastern time UTC in some recordings: only gameTimeUTC is what it says.
    tip_utc, tip_known = tip_of(member(raw, "gameTimeUTC"), "gameTimeUTC", game_date, status_text)
    points = tuple(whole(member(team, "score"), f"{side} score") for side, team in (("home", home), ("away", away)))
    return Shown(
        game_id=shown_id,
        game_date=game_date,
        tip_utc=tip_utc if tip_known else None,
        home_team=tricode(text(home, "teamTricode")),
        away_team=tricode(text(away, "teamTricode")),
        state=state,
        score=(points[0], points[1]) if state == "final" else None,
    )


def _requests(need: Need) -> tuple[Request[Shown], ...]:
    """One, where a day of the need can be on it."""
    today = eastern_date(need.now)
    return (today_scoreboard(),) if {today, today - timedelta(days=1)} & set(need.days) else ()


TODAY = Endpoint("nba_cdn", "todaysScoreboard", SCOREBOARD, parse_scoreboard, rank=1, requests=_requests)


def today_scoreboard() -> Request[Shown]:
    """The games of whatever date is current there."""
    return TODAY.request("scoreboard", "/static/json/liveData/scoreboard/todaysScoreboard_00.json")
