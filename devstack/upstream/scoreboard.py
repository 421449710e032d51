"""The NBA CDN's scoreboard of the day. It turns to a new day at noon Eastern, as the real one does."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.periods import REGULATION, periods, scores
from devstack.upstream.schedule import game_code, status_of
from devstack.upstream.standings import Standings
from devstack.upstream.wire import Answer, eastern, nba_city, utc
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN, eastern_date

TURN = timedelta(hours=12)
"""This long after midnight Eastern the games of the day before are still shown."""
_LIVE = 2


class Scoreboard:
    """`todaysScoreboard_00.json`."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._standings = Standings(history)
        self._best = lru_cache(32)(self._leaders)

    def answer(self, now: datetime) -> Answer:
        """The games of the day that is shown at `now`."""
        day = eastern_date(now - TURN)
        body = {
            "meta": {
                "version": 1,
                "request": "https://nba-prod-us-east-1-mediaops-stats.s3.amazonaws.com/NBA/liveData/scoreboard/"
                "todaysScoreboard_00.json",
                "time": now.astimezone(EASTERN).strftime("%Y-%m-%d %I:%M:%S.%f"),
                "code": 200,
            },
            "scoreboard": {
                "gameDate": day.isoformat(),
                "leagueId": "00",
                "leagueName": "National Basketball Association",
                "games": [self._game(game, now) for game in self._history.on(day)],
            },
        }
        return Answer.json(body)

    def _game(self, game: Game, now: datetime) -> dict[str, Any]:
        status, text = status_of(game, now)
        final = game.is_final(now)
        played = REGULATION + game.overtimes if final else int(status == _LIVE)
        return {
            "gameId": game.game_id,
            "gameCode": game_code(game),
            "gameStatus": status,
            "gameStatusText": "Q1 12:00" if status == _LIVE else text,
            "period": played,
            "gameClock": "PT12M00.00S" if status == _LIVE else "",
            "gameTimeUTC": utc(game.tip),
            "gameEt": game.tip.astimezone(EASTERN).isoformat() if status == _LIVE else eastern(game.tip),
            "regulationPeriods": REGULATION,
            "ifNecessary": False,
            "seriesGameNumber": "",
            "gameLabel": "",
            "gameSubLabel": "",
            "seriesText": "",
            "seriesConference": "",
            "poRoundDesc": "",
            "gameSubtype": "",
            "isNeutral": game.neutral,
            "homeTeam": self._team(game, game.home, status, now),
            "awayTeam": self._team(game, game.away, status, now),
            "gameLeaders": self._best(game.game_id) if final else {**_leader("home", game), **_leader("away", game)},
            "pbOdds": {"team": None, "odds": 0.0, "suspended": 0},
        }

    def _team(self, game: Game, tricode: str, status: int, now: datetime) -> dict[str, Any]:
        team = TEAMS[tricode]
        won, lost = self._standings.record(game.season, tricode, now)
        final = game.is_final(now)
        score = scores(game, now)[tricode]
        return {
            "teamId": team.nba_id,
            "teamName": team.name,
            "teamCity": nba_city(team),
            "teamTricode": tricode,
            "wins": won,
            "losses": lost,
            "score": score,
            "seed": None,
            "inBonus": "0" if status == _LIVE else None,
            "timeoutsRemaining": 0,
            "periods": periods(score, REGULATION + game.overtimes if final else REGULATION),
        }

    def _leaders(self, game_id: str) -> dict[str, Any]:
        """Each side's top scorer."""
        game, rows = self._history.games[game_id], self._history.players(game_id)
        best: dict[str, Any] = {}
        for side, tricode in (("home", game.home), ("away", game.away)):
            own = [row for row in rows if row["team"] == tricode and row["pts"] is not None]
            best |= _leader(side, game, max(own, key=lambda row: row["pts"], default=None))
        return best


def _leader(side: str, game: Game, row: Row | None = None) -> dict[str, Any]:
    return {
        f"{side}Leaders": {
            "personId": row["player_id"] if row else 0,
            "name": row["player_name"] if row else "",
            "jerseyNum": "",
            "position": "",
            "teamTricode": game.home if side == "home" else game.away,
            "playerSlug": None,
            **{
                name: row[column] if row else 0
                for name, column in (("points", "pts"), ("rebounds", "reb"), ("assists", "ast"))
            },
        }
    }
