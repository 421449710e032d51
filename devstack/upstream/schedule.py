"""The NBA's league schedule: the CDN's `scheduleLeagueV2.json` and its twin on stats.nba.com."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from devstack.facts import Game
from devstack.history import History
from devstack.upstream.wire import Answer, dumps, eastern, nba_city, nba_slug, utc, venue
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN, eastern_instant

SEASON_LEAD = timedelta(days=60)
"""The CDN turns to a season this long before its first game."""
BRACKET_LEAD = timedelta(days=2)
"""Play-in and playoff games appear this long before their date: who meets is not known earlier."""
_BRACKET = ("playin", "playoffs")
_BROADCASTS = [
    f"{where}{medium}Broadcasters"
    for where in ("national", "home", "away", "intl")
    for medium in ("Tv", "Radio", "Ott")
]
_MARKERS = {
    "playin": {"gameLabel": "SoFi Play-In Tournament"},
    "playoffs": {"gameLabel": "Playoffs"},
    "cup_final": {"gameLabel": "Emirates NBA Cup", "gameSubLabel": "Championship", "gameSubtype": "in-season-knockout"},
}


class ScheduleFeed:
    """Every game of a season with what is known of it: scores only once it is final."""

    def __init__(self, history: History) -> None:
        self._seasons: dict[str, list[Game]] = defaultdict(list)
        for game in history.games.values():
            self._seasons[game.season].append(game)
        self._written: dict[str, tuple[Hashable, bytes]] = {}
        """Season -> what decides its schedule, which changes once or twice a night, and the schedule."""

    def current(self, now: datetime) -> Answer:
        """The season the CDN shows at `now`."""
        shown = [name for name, games in self._seasons.items() if games[0].tip <= now + SEASON_LEAD]
        return self.of_season(max(shown) if shown else min(self._seasons), now)

    def of_season(self, season: str, now: datetime) -> Answer:
        """A season asked for by name; one that the history lacks has no dates."""
        games = [game for game in self._seasons.get(season, []) if is_shown(game, now)]
        tips = [game.tip for game in games]
        finals = sum(game.is_final(now) for game in games)
        key = (len(games), bisect_right(tips, now), finals)
        if season not in self._written or self._written[season][0] != key:
            self._written[season] = key, dumps(_league_schedule(season, games, now))
        meta = {
            "version": 1,
            "request": f"http://nba.cloud/league/00/{season}/scheduleleaguev2?Format=json",
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        }
        return Answer(b'{"meta":' + dumps(meta) + b',"leagueSchedule":' + self._written[season][1] + b"}")


def is_shown(game: Game, now: datetime) -> bool:
    """Whether it is known at `now` that there is such a game."""
    return game.season_type not in _BRACKET or eastern_instant(game.game_date) - BRACKET_LEAD <= now


def _league_schedule(season: str, games: Sequence[Game], now: datetime) -> dict[str, Any]:
    records: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    by_date = groupby(sorted(games, key=lambda game: game.game_date), key=lambda game: game.game_date)
    return {
        "seasonYear": season,
        "leagueId": "00",
        "gameDates": [
            {
                "gameDate": day.strftime("%m/%d/%Y 00:00:00"),
                "games": [_game(game, number, records, now) for number, game in enumerate(slate, start=1)],
            }
            for day, slate in by_date
        ],
        "weeks": [],
        "broadcasterList": [],
    }


def _game(game: Game, number: int, records: dict[str, list[int]], now: datetime) -> dict[str, Any]:
    status, text = status_of(game, now)
    final = game.is_final(now)
    home_points, away_points = game.home_points if final else 0, game.away_points if final else 0
    if final and home_points is not None and away_points is not None:
        won, lost = (game.home, game.away) if home_points > away_points else (game.away, game.home)
        records[won][0] += 1
        records[lost][1] += 1
    return {
        **_fixed(game),
        "gameStatus": status,
        "gameStatusText": text,
        "gameSequence": number,
        "awayTeam": _team(game.away, away_points, records[game.away]),
        "homeTeam": _team(game.home, home_points, records[game.home]),
    }


@cache
def _fixed(game: Game) -> dict[str, Any]:
    """What never changes about a game: written once, for a season's schedule is asked for every night."""
    tip_et, day_utc = game.tip.astimezone(EASTERN), eastern_instant(game.game_date)
    arena, city, state = venue(game.arena)
    day = game.game_date.strftime("%Y-%m-%dT00:00:00Z")
    return {
        "gameId": game.game_id,
        "gameCode": game_code(game),
        "gameDateEst": day,
        "gameTimeEst": tip_et.strftime("1900-01-01T%H:%M:%SZ"),
        "gameDateTimeEst": eastern(game.tip),
        "gameDateUTC": utc(day_utc),
        "gameTimeUTC": game.tip.astimezone(UTC).strftime("1900-01-01T%H:%M:%SZ"),
        "gameDateTimeUTC": utc(game.tip),
        "awayTeamTime": eastern(game.tip),
        "homeTeamTime": eastern(game.tip),
        "day": game.game_date.strftime("%a"),
        "monthNum": game.game_date.month,
        "weekNumber": 0,
        "weekName": "",
        "ifNecessary": False,
        "seriesGameNumber": "",
        "gameLabel": "",
        "gameSubLabel": "",
        "seriesText": "Neutral Site" if game.neutral else "",
        "arenaName": arena,
        "arenaState": state,
        "arenaCity": city,
        "postponedStatus": "N",
        "branchLink": "",
        "gameSubtype": "",
        "isNeutral": game.neutral,
        "broadcasters": {name: [] for name in _BROADCASTS},
        "pointsLeaders": [],
        **_MARKERS.get(game.season_type, {}),
    }


def _team(tricode: str, score: int | None, record: Sequence[int]) -> dict[str, Any]:
    team = TEAMS[tricode]
    return {
        "teamId": team.nba_id,
        "teamName": team.name,
        "teamCity": nba_city(team),
        "teamTricode": tricode,
        "teamSlug": nba_slug(team),
        "wins": record[0],
        "losses": record[1],
        "score": score,
        "seed": 0,
    }


def status_of(game: Game, now: datetime) -> tuple[int, str]:
    """(gameStatus, gameStatusText): 1 scheduled, 2 under way, 3 final."""
    if game.is_final(now):
        overtime = "" if game.overtimes == 0 else "/OT" if game.overtimes == 1 else f"/OT{game.overtimes}"
        return 3, f"Final{overtime}"
    if game.tip <= now:
        return 2, "In Progress"
    return 1, game.tip.astimezone(EASTERN).strftime("%I:%M %p ET").lstrip("0").replace("AM", "am").replace("PM", "pm")


def game_code(game: Game) -> str:
    """`20240304/CHISAC`: date, away team, home team."""
    return f"{game.game_date:%Y%m%d}/{game.away}{game.home}"
