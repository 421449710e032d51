"""The NBA's schedule: `scheduleLeagueV2.json` of the CDN and `scheduleleaguev2` of stats.nba.com, the same document."""

from datetime import date
from functools import partial
from typing import Any

from services.scraper.domain.games import Game, Season
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
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import SCHEDULE, Endpoint, Request
from shared.basketball.identity import canonical_game_id, tricode
from shared.basketball.slate import PREDICTED_SEASON_TYPES, season_type_of

FINAL = 3
"""gameStatus: 1 scheduled, 2 in progress, 3 final."""
_OFF = ("ppd", "postponed", "cncl", "cancel")


def parse_schedule(body: bytes) -> Parsed[Season]:
    """One record: the season. Preseason and all-star games are left out; undecided teams are refused.

    Raises:
        Fault: not a schedule.
    """
    payload = document(body)
    dates = listing(payload, "leagueSchedule", "gameDates")
    season = payload["leagueSchedule"].get("seasonYear")
    if not isinstance(season, str):
        raise Fault("malformed", "the schedule names no season")
    games: dict[str, Game] = {}
    raw_games = [raw for day in dates for raw in listing(day, "games")]
    found, refused = each(raw_games, partial(_game, season=season), lambda raw: label(raw, "gameId"))
    for game in found:
        known = games.get(game.game_id)
        # A postponed game may be listed on its old and its new date: the one that is to be played counts.
        if known is None or (game.postponed, known.game_date) <= (known.postponed, game.game_date):
            games[game.game_id] = game
    return Parsed((Season(season, tuple(games.values())),), tuple(refused), len(raw_games), stamp_of(payload))


def _game(raw: Any, season: str) -> Game | None:  # noqa: ANN401 - JSON
    game_id = canonical_game_id(member(raw, "gameId"))
    season_type = season_type_of(game_id)
    if season_type not in PREDICTED_SEASON_TYPES:
        return None
    home, away = member(raw, "homeTeam"), member(raw, "awayTeam")
    if member(home, "teamId") == 0 or member(away, "teamId") == 0:
        raise BadRecord("its teams are not decided yet")
    try:
        game_date = date.fromisoformat(text(raw, "gameDateEst")[:10])
    except ValueError:
        raise BadRecord(f"gameDateEst is {raw['gameDateEst']!r}, not a date") from None
    final = member(raw, "gameStatus") == FINAL
    status_text = str(raw.get("gameStatusText", "")).casefold()
    return Game(
        game_id=game_id,
        season=season,
        season_type=season_type,
        game_date=game_date,
        tip_utc=instant(member(raw, "gameDateTimeUTC"), "gameDateTimeUTC"),
        home_team=tricode(text(home, "teamTricode")),
        away_team=tricode(text(away, "teamTricode")),
        # Documents of before 2024 have no isNeutral and say it in words.
        neutral_site=bool(raw.get("isNeutral", "neutral" in str(raw.get("seriesText", "")).casefold())),
        postponed=not final and (raw.get("postponedStatus") == "Y" or status_text.startswith(_OFF)),
        score=(whole(member(home, "score"), "home score"), whole(member(away, "score"), "away score"))
        if final
        else None,
    )


CURRENT = Endpoint("nba_cdn", "scheduleLeagueV2", SCHEDULE, parse_schedule, rank=1)


def current(season: str) -> Request[Season]:
    """Whatever season is current there; `season` is the one expected."""
    return CURRENT.request(season, "/static/json/staticData/scheduleLeagueV2.json")
