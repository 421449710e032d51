"""Wins and losses of the teams in a regular season, as of an instant."""

from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import datetime
from functools import lru_cache

from devstack.facts import Game
from devstack.history import History
from devstack.upstream.periods import scores

Record = tuple[int, int]
"""Wins, losses."""


class Standings:
    """Records that count only games that are final."""

    def __init__(self, history: History) -> None:
        self._games: dict[str, list[Game]] = defaultdict(list)
        for game in history.games.values():
            if game.season_type == "regular" and game.is_final(game.final_at):
                self._games[game.season].append(game)
        self._counted = lru_cache(8)(self._count)

    def record(self, season: str, tricode: str, now: datetime) -> Record:
        """A team's record at an instant."""
        won, lost = self._counted(season, bisect_right(self._games[season], now, key=lambda game: game.final_at))
        return won[tricode], lost[tricode]

    def _count(self, season: str, finals: int) -> tuple[Counter[str], Counter[str]]:
        won, lost = Counter[str](), Counter[str]()
        for game in self._games[season][:finals]:
            points = scores(game, game.final_at)
            won[max(points, key=points.__getitem__)] += 1
            lost[min(points, key=points.__getitem__)] += 1
        return won, lost
