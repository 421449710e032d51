"""The NBA's schedule: `scheduleLeagueV2.json` of the CDN and `scheduleleaguev2` of stats.nba.com, the same document."""

from datetime import date, datetime
from functools import partial
from typing import Any

from services.scraper.domain.games import Game, Season
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    day,
    document,
    each,
    flag,
    game_id,
    instant,
    label,
    listing,
    member,
    optional_text,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import SCHEDULE, Endpoint, Request
from shared.basketball.identity import tricode
from shared.basketball.slate import PREDICTED_SEASON_TYPES, eastern_date, eastern_instant, season_type_of

FINAL = 3
"""gameStatus: 1 scheduled, 2 in progress, 3 final."""
OFF = ("ppd", "postponed", "cncl", "cancel")
"""How the text of a game that is not played on its date begins."""
TO_BE_DETERMINED = "tbd"


def parse_schedule(body: bytes) -> Parsed[Season]:
    """One record: the season. Preseason and all-star games are left out; undecided teams are refused.

    Raises:
        Fault: not a schedule.
    """
    payload = document(body)
    dates = listing(payload, "leagueSchedule", "gameDates")
    try:
        season = text(payload["leagueSchedule"], "seasonYear")
    except BadRecord:
        raise Fault("malformed", "the schedule names no season") from None
    games: dict[str, Game] = {}
    raw_games = [raw for date in dates for raw in listing(date, "games")]
    found, refused = each(raw_games, partial(_game, season=season), lambda raw: label(raw, "gameId"))
    for game in found:
        known = games.get(game.game_id)
        if known is not None and {known.home_team, known.away_team} != {game.home_team, game.away_team}:
            refused.append(Refusal(game.game_id, f"is {known.away_team} at {known.home_team} as well"))
            continue
        # A postponed game may be listed on its old and its new date: the one that is to be played counts.
        if known is None or (game.postponed, known.game_date) <= (known.postponed, game.game_date):
            games[game.game_id] = game
    return Parsed((Season(season, tuple(games.values())),), tuple(refused), len(raw_games), stamp_of(payload))


def _game(raw: Any, season: str) -> Game | None:  # noqa: ANN401 - JSON
    listed = game_id(member(raw, "gameId"))
    season_type = season_type_of(listed)
    if season_type not in PREDICTED_SEASON_TYPES:
        return None
    home, away = member(raw, "homeTeam"), member(raw, "awayTeam")
    if member(home, "teamId") == 0 or member(away, "teamId") == 0:
        raise BadRecord("its teams are not decided yet")
    game_date = day(text(raw, "gameDateEst"), "gameDateEst")
    final = whole(member(raw, "gameStatus"), "gameStatus") == FINAL
    status_text = (optional_text(raw, "gameStatusText") or "").casefold()
    tip_utc, tip_known = tip_of(member(raw, "gameDateTimeUTC"), "gameDateTimeUTC", game_date, status_text)
    game = Game(
        game_id=listed,
        season=season,
        season_type=season_type,
        game_date=game_date,
        tip_utc=tip_utc,
        home_team=tricode(text(home, "teamTricode")),
        away_team=tricode(text(away, "teamTricode")),
        # Documents of before 2024 have no isNeutral and say it in words.
        neutral_site=flag(raw["isNeutral"], "isNeutral")
        if raw.get("isNeutral") is not None
        else "neutral" in (optional_text(raw, "seriesText") or "").casefold(),
        postponed=not final and (optional_text(raw, "postponedStatus") == "Y" or status_text.startswith(OFF)),
        score=(whole(member(home, "score"), "home score"), whole(member(away, "score"), "away score"))
        if final
        else None,
        tip_known=tip_known,
    )
    if game.home_team == game.away_team:
        raise BadRecord(f"{game.home_team} plays itself")
    return game


def tip_of(value: Any, what: str, game_date: date, status_text: str) -> tuple[datetime, bool]:  # noqa: ANN401 - JSON
    """(tip-off, is it known?): while it is to be determined, midnight Eastern stands in for it.

    The NBA says "TBD", or gives that midnight itself, or a time of another date; no game has begun at midnight.
    """
    midnight = eastern_instant(game_date)
    if status_text.startswith(TO_BE_DETERMINED):
        return midnight, False
    tip = instant(value, what)
    return tip, tip != midnight and eastern_date(tip) == game_date


CURRENT = Endpoint(
    "nba_cdn", "scheduleLeagueV2", SCHEDULE, parse_schedule, rank=1, requests=lambda need: (current(need.season),)
)


def current(season: str) -> Request[Season]:
    """Whatever season is current there; `season` is the one expected."""
    return CURRENT.request(season, "/static/json/staticData/scheduleLeagueV2.json")
