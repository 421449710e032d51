"""The NBA CDN's live box score, `boxscore_<game id>.json`."""

from datetime import date, datetime
from functools import partial
from typing import Any

from services.scraper.domain.box import Box, Line, counts, optional_number
from services.scraper.domain.games import Game
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
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
from services.scraper.sources.endpoint import BOX_SCORES, SCHEDULED_GAME, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import FINAL
from shared.basketball.identity import canonical_game_id, tricode
from shared.basketball.slate import season_type_of
from shared.errors import Permanent

_KEYS = (
    "points",
    "reboundsTotal",
    "reboundsOffensive",
    "reboundsDefensive",
    "assists",
    "fieldGoalsMade",
    "fieldGoalsAttempted",
    "threePointersMade",
    "threePointersAttempted",
    "freeThrowsMade",
    "freeThrowsAttempted",
    "steals",
    "blocks",
    "turnovers",
    "foulsPersonal",
)


def parse_boxscore(body: bytes) -> Parsed[Box]:
    """One record: the game's box score. Players listed as not having played are none of its lines.

    Raises:
        Fault: not a box score.
    """
    payload = document(body)
    try:
        game = member(payload, "game")
        game_id = canonical_game_id(member(game, "gameId"))
        final = whole(member(game, "gameStatus"), "gameStatus") == FINAL
        lines: list[Line] = []
        refused: list[Refusal] = []
        score: dict[str, int] = {}
        for side in ("homeTeam", "awayTeam"):
            team = member(game, side)
            code = tricode(text(team, "teamTricode"))
            score[code] = whole(member(team, "score"), f"{side} score")
            found, unreadable = each(
                listing(team, "players"), partial(_line, team=code), lambda raw: label(raw, "name", "personId")
            )
            lines += found
            refused += unreadable
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a box score: {error}") from None
    box = Box(game_id, final, tuple(lines), tuple(refused), score)
    return Parsed((box,), (), len(lines) + len(refused) if final else 1, stamp_of(payload))


def _line(raw: Any, team: str) -> Line | None:  # noqa: ANN401 - JSON
    stats = member(raw, "statistics")
    if raw.get("played") not in ("1", 1, True):
        return None
    return Line(
        player_id=whole(member(raw, "personId"), "personId"),
        player_name=text(raw, "name"),
        team=team,
        starter=raw.get("starter") in ("1", 1, True),
        minutes=minutes(member(stats, "minutes")),
        plus_minus=optional_number(stats.get("plusMinusPoints")),
        **counts(stats, _KEYS),
    )


BOXSCORE = Endpoint("nba_cdn", "boxscore", BOX_SCORES, parse_boxscore, rank=1)


def boxscore(game_id: str) -> Request[Box]:
    """One game's box score; the CDN answers 403 while there is no such file."""
    return BOXSCORE.request(game_id, _path(game_id))


def _path(game_id: str) -> str:
    return f"/static/json/liveData/boxscore/boxscore_{game_id}.json"


def parse_played(body: bytes) -> Parsed[Game]:
    """One record: the final game as the schedule would tell it, for a season that nobody gives a schedule of.

    Raises:
        Fault: not a box score, or one of a game that is not final.
    """
    payload = document(body)
    try:
        game = member(payload, "game")
        game_id = canonical_game_id(member(game, "gameId"))
        final = whole(member(game, "gameStatus"), "gameStatus") == FINAL
        home, away = member(game, "homeTeam"), member(game, "awayTeam")
        played = Game(
            game_id=game_id,
            season=f"20{game_id[3:5]}-{(int(game_id[3:5]) + 1) % 100:02d}",
            season_type=season_type_of(game_id),
            game_date=_code_date(text(game, "gameCode")),
            tip_utc=instant(member(game, "gameTimeUTC"), "gameTimeUTC"),
            home_team=tricode(text(home, "teamTricode")),
            away_team=tricode(text(away, "teamTricode")),
            neutral_site=False,  # a box score does not say
            postponed=False,
            score=(whole(member(home, "score"), "home score"), whole(member(away, "score"), "away score")),
        )
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a final game: {error}") from None
    if not final:
        raise Fault("malformed", f"game {game_id} is not final")
    return Parsed((played,), (), 1, stamp_of(payload))


def _code_date(code: str) -> date:
    """The Eastern date of a code like "20231024/LALDEN"."""
    try:
        return datetime.strptime(code[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date without a time
    except ValueError:
        raise BadRecord(f"gameCode is {code!r}, without a date") from None


PLAYED = Endpoint("nba_cdn", "boxscore", SCHEDULED_GAME, parse_played, rank=3)


def played(game_id: str) -> Request[Game]:
    """One final game, of a season that nobody gives a schedule of."""
    return PLAYED.request(game_id, _path(game_id))
