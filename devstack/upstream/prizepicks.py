"""PrizePicks' projections: one standard line per player and statistic, in the middle of what the books have posted."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

from devstack.facts import Game
from devstack.history import History
from devstack.upstream.wire import Answer
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN

HOST = "api.prizepicks.com"
HORIZON = timedelta(days=1)
"""How far ahead lines are shown."""
_NBA = "7"
_STATISTICS = {
    "points": "Points",
    "rebounds": "Rebounds",
    "assists": "Assists",
    "threes": "3-PT Made",
    "pra": "Pts+Rebs+Asts",
    "pr": "Pts+Rebs",
    "pa": "Pts+Asts",
    "ra": "Rebs+Asts",
    "steals": "Steals",
    "blocks": "Blocked Shots",
}


class Projections:
    """The board at an instant."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._games = sorted(history.games.values(), key=lambda game: game.tip)
        self._tips = [game.tip for game in self._games]

    def answer(self, query: Mapping[str, str], now: datetime) -> Answer:
        """Everything on the board; of another league nothing."""
        projections: list[dict[str, Any]] = []
        players: dict[str, dict[str, Any]] = {}
        if query.get("league_id", _NBA) == _NBA:
            for game in self._games[bisect_right(self._tips, now) : bisect_right(self._tips, now + HORIZON)]:
                self._add(game, now, projections, players)
        league = {"type": "league", "id": _NBA, "attributes": {"name": "NBA", "active": True}, "relationships": {}}
        body = {
            "data": projections,
            "included": [*players.values(), league],
            "links": {"self": f"{HOST}/projections"},
            "meta": {"current_page": 1, "total_pages": 1},
        }
        return Answer.json(body)

    def _add(
        self, game: Game, now: datetime, projections: list[dict[str, Any]], players: dict[str, dict[str, Any]]
    ) -> None:
        # Those who will not play, too: who is on the board tells nothing.
        listed = self._history.players(game.game_id) + self._history.absences(game.game_id)
        teams = {row["player_name"]: row for row in listed}
        posted: defaultdict[tuple[str, str], dict[str, tuple[float, datetime]]] = defaultdict(dict)
        for line in self._history.lines(game.game_id):
            if line.posted_at <= now and line.is_main and line.market in _STATISTICS and line.player in teams:
                posted[line.player, line.market][line.bookmaker] = line.line, line.posted_at
        for (name, market), quotes in sorted(posted.items()):
            row = teams[name]
            player_id, team = str(row["player_id"]), row["team"]
            players.setdefault(player_id, _player(player_id, name, team))
            projections.append(
                {
                    "type": "projection",
                    "id": f"{game.game_id}{player_id}{list(_STATISTICS).index(market)}",
                    "attributes": {
                        "description": game.away if team == game.home else game.home,
                        "is_promo": False,
                        "line_score": median_low(line for line, _ in quotes.values()),
                        "odds_type": "standard",
                        "projection_type": "Single Stat",
                        "start_time": _eastern(game.tip),
                        "stat_type": _STATISTICS[market],
                        "status": "pre_game",
                        "updated_at": _eastern(max(at for _, at in quotes.values())),
                    },
                    "relationships": {
                        "duration": {"data": None},
                        "league": {"data": {"type": "league", "id": _NBA}},
                        "new_player": {"data": {"type": "new_player", "id": player_id}},
                    },
                }
            )


def _player(player_id: str, name: str, tricode: str) -> dict[str, Any]:
    team = TEAMS[tricode]
    about = {
        "name": name,
        "team": tricode,
        "market": team.city,
        "team_name": team.name,
        "league": "NBA",
        "league_id": 7,
    }
    return {"type": "new_player", "id": player_id, "attributes": about, "relationships": {}}


def _eastern(instant: datetime) -> str:
    return instant.astimezone(EASTERN).isoformat(timespec="seconds")
