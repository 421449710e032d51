"""stats.nba.com's player index: who is with each team."""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from devstack.facts import Game
from devstack.history import History
from devstack.upstream.wire import Answer, http_date, nba_city, nba_slug, split_name, stats_table
from shared.basketball.identity import TEAMS
from shared.basketball.slate import eastern_date, eastern_instant

INDEX_HEADERS = (
    *("PERSON_ID", "PLAYER_LAST_NAME", "PLAYER_FIRST_NAME", "PLAYER_SLUG"),
    *("TEAM_ID", "TEAM_SLUG", "IS_DEFUNCT", "TEAM_CITY", "TEAM_NAME", "TEAM_ABBREVIATION"),
    *("JERSEY_NUMBER", "POSITION", "HEIGHT", "WEIGHT", "COLLEGE", "COUNTRY"),
    *("DRAFT_YEAR", "DRAFT_ROUND", "DRAFT_NUMBER"),
    *("ROSTER_STATUS", "FROM_YEAR", "TO_YEAR", "PTS", "REB", "AST", "STATS_TIMEFRAME"),
)


class PlayerIndex:
    """`playerindex`, as it stands on an Eastern date.

    A team's roster is everyone listed with it in its latest game of that date or earlier, played or not: on a game day
    that is tonight's game, so a roster tells nothing of who will play. A player on the lists of two teams belongs to
    that of the later game.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._games: dict[str, list[Game]] = defaultdict(list)
        for game in sorted(history.games.values(), key=lambda game: (game.game_date, game.tip)):
            self._games[game.home].append(game)
            self._games[game.away].append(game)
        self._recent = lru_cache(8)(self._body)
        self.roster = lru_cache(8)(self._roster)
        """Season and date -> player_id -> (team, name)."""

    def answer(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The index of a season, as it stands on the Eastern date of `now`."""
        season, today = query.get("Season", ""), eastern_date(now)
        return Answer(self._recent(season, today), headers={"Last-Modified": http_date(eastern_instant(today))})

    def _roster(self, season: str, today: date) -> dict[int, tuple[str, str]]:
        latest = []
        for tricode, games in self._games.items():
            upto = games[: bisect_right(games, today, key=lambda game: game.game_date)]
            known = [game for game in upto if game.season <= season]
            if known:
                latest.append((known[-1].game_date, known[-1].tip, tricode, known[-1].game_id))
        members: dict[int, tuple[str, str]] = {}
        for _, _, tricode, game_id in sorted(latest):
            for row in self._history.players(game_id) + self._history.absences(game_id):
                if row["team"] == tricode:
                    members[row["player_id"]] = (tricode, row["player_name"])
        return members

    def _body(self, season: str, today: date) -> bytes:
        rows = [
            _index_row(player_id, name, tricode, season)
            for player_id, (tricode, name) in self.roster(season, today).items()
        ]
        rows.sort(key=lambda row: (row[1], row[2], row[0]))
        none = dict.fromkeys(
            ("Country", "College", "DraftYear", "DraftPick", "PlayerPosition", "Height", "Weight", "Active", "AllStar")
        )
        parameters = {"LeagueID": "00", "Season": season, "Historical": 0, "TeamID": 0, **none}
        written = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)[1:-1]
        return stats_table("playerindex", parameters, "PlayerIndex", INDEX_HEADERS, written).body


def _index_row(player_id: int, name: str, tricode: str, season: str) -> list[Any]:
    first, family = split_name(name)
    team = TEAMS[tricode]
    slug = "-".join(name.casefold().replace(".", "").replace("'", "").split())
    place = [team.nba_id, nba_slug(team), 0, nba_city(team), team.name, tricode]
    return [
        *(player_id, family, first, slug),
        *place,
        *(None, None, None, None, "", None, None, None, None),
        *(1.0, season[:4], season[:4], None, None, None, "Season"),
    ]
