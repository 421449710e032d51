"""BallDontLie's `/v1/games?dates[]=`: the games of a date, with start, state and score."""

from datetime import date, datetime
from typing import Any

from services.scraper.domain.games import Shown, State
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    day,
    document,
    each,
    flag,
    instant,
    label,
    listing,
    member,
    text,
    whole,
)
from services.scraper.sources.balldontlie.page import PAGE, team_of, unread
from services.scraper.sources.endpoint import SCOREBOARD, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import OFF
from shared.basketball.slate import eastern_date, eastern_instant


def parse_games(body: bytes) -> Parsed[Shown]:
    """One record per game.

    Raises:
        Fault: not a list of games.
    """
    payload = document(body)
    games = listing(payload, "data")
    read, refused = each(games, _shown, lambda raw: label(raw, "id", "date"))
    return Parsed(tuple(read), (*refused, *unread(payload)), len(games))


def _shown(raw: Any) -> Shown:  # noqa: ANN401 - JSON
    game_date = day(text(raw, "date"), "date")
    state = _state(raw)
    points = {side: whole(member(raw, f"{side}_score"), f"{side}_score") for side in ("home_team", "visitor_team")}
    home, away = team_of(member(raw, "home_team")), team_of(member(raw, "visitor_team"))
    if home == away:
        raise BadRecord(f"{home} plays itself")
    return Shown(
        game_id=None,
        game_date=game_date,
        tip_utc=_tip(raw, game_date),
        home_team=home,
        away_team=away,
        state=state,
        score=(points["home_team"], points["visitor_team"]) if state == "final" else None,
    )


def _state(raw: Any) -> State:  # noqa: ANN401 - JSON
    """Final or postponed by its status, else by the period: before the game the status is its start, however spelt."""
    status = text(raw, "status").casefold()
    if status.startswith("final"):
        return "final"
    if status.startswith(OFF) or (raw.get("postponed") is not None and flag(raw["postponed"], "postponed")):
        return "postponed"
    return "live" if whole(member(raw, "period"), "period") else "scheduled"


def _tip(raw: Any, game_date: date) -> datetime | None:  # noqa: ANN401 - JSON
    """Games of earlier seasons have none; midnight, or another date, is a placeholder."""
    if raw.get("datetime") is None:
        return None
    tip = instant(raw["datetime"], "datetime")
    return tip if eastern_date(tip) == game_date and tip != eastern_instant(game_date) else None


GAMES_OF = Endpoint(
    "balldontlie",
    "games",
    SCOREBOARD,
    parse_games,
    rank=3,
    requests=lambda need: tuple(games_of(game_date) for game_date in need.days),
)


def games_of(game_date: date) -> Request[Shown]:
    """The games of an Eastern date."""
    shown_date = game_date.isoformat()
    return GAMES_OF.request(f"scoreboard-{shown_date}", "/v1/games", {"dates[]": shown_date, **PAGE})
