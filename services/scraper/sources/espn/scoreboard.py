"""ESPN's scoreboard of a date: every game's teams, start, state and score. Its ids are its own."""

from datetime import date
from typing import Any

from services.scraper.domain.games import Shown, State
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    document,
    each,
    instant,
    label,
    listing,
    member,
    shown,
    text,
    words,
)
from services.scraper.sources.endpoint import SCOREBOARD, Endpoint, Request
from services.scraper.sources.espn.teams import team_of
from shared.basketball.slate import eastern_date, eastern_instant

_STATES: dict[str, State] = {"pre": "scheduled", "in": "live", "post": "final"}
_OFF = ("STATUS_POSTPONED", "STATUS_CANCELED", "STATUS_CANCELLED", "STATUS_FORFEIT", "STATUS_ABANDONED")
_PRESEASON = 1


def parse_scoreboard(body: bytes) -> Parsed[Shown]:
    """One record per game. Preseason games are left out; those of all-star teams are refused.

    Raises:
        Fault: not a scoreboard.
    """
    events = listing(document(body), "events")
    games, refused = each(events, _shown, lambda raw: label(raw, "name", "id"))
    return Parsed(tuple(games), tuple(refused), len(events))


def _shown(raw: Any) -> Shown | None:  # noqa: ANN401 - JSON
    season = raw.get("season") if isinstance(raw, dict) else None
    if isinstance(season, dict) and season.get("type") == _PRESEASON:
        return None
    game = _only(member(raw, "competitions"), "competitions")
    sides = {text(side, "homeAway"): side for side in _list(member(game, "competitors"), "competitors")}
    home, away = member(sides, "home"), member(sides, "away")
    start = instant(member(game, "date"), "date")
    game_date = eastern_date(start)
    # No game has begun at midnight, and where the time is not valid it is a placeholder.
    known = member(game, "timeValid") is True if "timeValid" in game else True
    state = _state(member(member(game, "status"), "type"))
    teams = team_of(member(home, "team")), team_of(member(away, "team"))
    if teams[0] == teams[1]:
        raise BadRecord(f"{teams[0]} plays itself")
    return Shown(
        game_id=None,
        game_date=game_date,
        tip_utc=start if known and start != eastern_instant(game_date) else None,
        home_team=teams[0],
        away_team=teams[1],
        state=state,
        score=(_points(home), _points(away)) if state == "final" else None,
    )


def _state(status: Any) -> State:  # noqa: ANN401 - JSON
    if text(status, "name") in _OFF:
        return "postponed"
    phase, completed = text(status, "state"), member(status, "completed")
    if phase not in _STATES:
        raise BadRecord(f"state is {shown(phase)}, none of pre, in, post")
    if completed is not (phase == "post"):
        raise BadRecord(f"{shown(status['name'])} is in state {phase}, but completed is {shown(completed)}")
    return _STATES[phase]


def _points(side: Any) -> int:  # noqa: ANN401 - JSON
    score = words(member(side, "score"), "score")
    if not (score.isascii() and score.isdecimal() and len(score) <= len("999")):
        raise BadRecord(f"score is {shown(score)}, not points")
    return int(score)


def _list(value: Any, what: str) -> list[Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        raise BadRecord(f"{what} is {shown(value)}, not a list")
    return value


def _only(value: Any, what: str) -> Any:  # noqa: ANN401 - JSON
    entries = _list(value, what)
    if len(entries) != 1:
        raise BadRecord(f"{len(entries)} {what} instead of one")
    return entries[0]


SCOREBOARD_OF = Endpoint(
    "espn",
    "scoreboard",
    SCOREBOARD,
    parse_scoreboard,
    rank=2,
    requests=lambda need: tuple(scoreboard(day) for day in need.days),
)


def scoreboard(day: date) -> Request[Shown]:
    """The games of an Eastern date."""
    path = "/apis/site/v2/sports/basketball/nba/scoreboard"
    return SCOREBOARD_OF.request(f"scoreboard-{day.isoformat()}", path, {"dates": f"{day:%Y%m%d}", "limit": "100"})
