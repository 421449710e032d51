"""stats.nba.com's bulk game log: every final game of a season as rows of players or of teams."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.wire import Answer, nba_name, share, stats_table
from shared.basketball.identity import TEAMS

SEASON_TYPES = {
    "Regular Season": ("regular", "2"),
    "Playoffs": ("playoffs", "4"),
    "PlayIn": ("playin", "5"),
    "IST": ("cup_final", "6"),
}
"""SeasonType parameter -> kind of game, first character of SEASON_ID."""

_COUNTS = (
    "FGM", "FGA", "FG_PCT", "FG3M", "FG3A", "FG3_PCT", "FTM", "FTA", "FT_PCT",
    "OREB", "DREB", "REB", "AST", "STL", "BLK", "TOV", "PF", "PTS", "PLUS_MINUS",
)  # fmt: skip
_TEAM = ("TEAM_ID", "TEAM_ABBREVIATION", "TEAM_NAME", "GAME_ID", "GAME_DATE", "MATCHUP", "WL", "MIN", *_COUNTS)
LOG_HEADERS = {
    "P": ("SEASON_ID", "PLAYER_ID", "PLAYER_NAME", *_TEAM, "FANTASY_PTS", "VIDEO_AVAILABLE"),
    "T": ("SEASON_ID", *_TEAM, "VIDEO_AVAILABLE"),
}
_FANTASY = {"pts": 1.0, "reb": 1.2, "ast": 1.5, "stl": 3.0, "blk": 3.0, "tov": -1.0}


class GameLog:
    """`leaguegamelog`: one row per player (P) or team (T) and final game. A game's rows are written once a version."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._written: dict[tuple[str, str, datetime | None], str] = {}

    def answer(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The log asked for; 400 for a parameter stats.nba.com refuses."""
        kind, season = query.get("PlayerOrTeam", "T"), query.get("Season", "")
        season_type, direction = query.get("SeasonType", "Regular Season"), query.get("Direction", "DESC")
        try:
            first, last = _day(query.get("DateFrom", "")), _day(query.get("DateTo", ""))
        except ValueError:
            return _refused("DateFrom and DateTo")
        if season_type not in SEASON_TYPES or kind not in LOG_HEADERS:
            return _refused("SeasonType" if season_type not in SEASON_TYPES else "PlayerOrTeam")
        games = [
            game
            for game in self._history.games.values()
            if game.season == season
            and game.season_type == SEASON_TYPES[season_type][0]
            and game.is_final(now)
            and (first is None or first <= game.game_date)
            and (last is None or game.game_date <= last)
        ]
        games.sort(key=lambda game: (game.game_date, game.game_id), reverse=direction != "ASC")
        parameters = {
            "LeagueID": query.get("LeagueID", "00"),
            "Season": season,
            "SeasonType": season_type,
            "PlayerOrTeam": kind,
            "Counter": int(query.get("Counter", "0")) if query.get("Counter", "0").isdigit() else 0,
            "Sorter": query.get("Sorter", "DATE"),
            "Direction": direction,
            "DateFrom": query.get("DateFrom") or None,
            "DateTo": query.get("DateTo") or None,
        }
        history = self._history.at(now)
        rows = ",".join(filter(None, (self._rows(history, game, kind) for game in games)))
        return stats_table("leaguegamelog", parameters, "LeagueGameLog", LOG_HEADERS[kind], rows)

    def _rows(self, history: History, game: Game, kind: str) -> str:
        """The game's rows as JSON, without the brackets around them."""
        key = (game.game_id, kind, history.corrected_at(game.game_id))
        if key not in self._written:
            rows = _player_rows(history, game) if kind == "P" else _team_rows(history, game)
            self._written[key] = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)[1:-1]
        return self._written[key]


def _player_rows(history: History, game: Game) -> list[list[Any]]:
    return [
        [
            _season_id(game),
            row["player_id"],
            row["player_name"],
            *_team_of(game, row["team"]),
            None if row["minutes"] is None else round(row["minutes"]),
            *_counts(row),
            row["plus_minus"],
            _fantasy_points(row),
            1,
        ]
        for row in history.players(game.game_id)
    ]


def _team_rows(history: History, game: Game) -> list[list[Any]]:
    rows = []
    for tricode, row in history.teams(game.game_id).items():
        own, other = _points(game, tricode)
        head = [_season_id(game), *_team_of(game, tricode), 240 + 25 * game.overtimes]
        rows.append([*head, *_counts(row), own - other, 1])
    return rows


def _refused(parameter: str) -> Answer:
    return Answer(f"The {parameter} property is not valid".encode(), status=400, content_type="text/plain")


def _day(text: str) -> date | None:
    """A date as `2024-03-04` or `03/04/2024`; None for none."""
    if not text:
        return None
    return datetime.strptime(text, "%m/%d/%Y").date() if "/" in text else date.fromisoformat(text)  # noqa: DTZ007 - a date


def _season_id(game: Game) -> str:
    prefix = next(prefix for kind, prefix in SEASON_TYPES.values() if kind == game.season_type)
    return prefix + game.season[:4]


def _points(game: Game, tricode: str) -> tuple[int, int]:
    """(own, opponent's) final score."""
    home, away = game.home_points or 0, game.away_points or 0
    return (home, away) if tricode == game.home else (away, home)


def _team_of(game: Game, tricode: str) -> list[Any]:
    """TEAM_ID to WL."""
    own, other = _points(game, tricode)
    matchup = f"{tricode} vs. {game.away}" if tricode == game.home else f"{tricode} @ {game.home}"
    team = TEAMS[tricode]
    won = "W" if own > other else "L"
    return [team.nba_id, tricode, nba_name(team), game.game_id, game.game_date.isoformat(), matchup, won]


def _counts(row: Row) -> list[Any]:
    """FGM to PTS."""
    shots: list[Any] = []
    for made, attempted in (("fgm", "fga"), ("fg3m", "fg3a"), ("ftm", "fta")):
        shots += [row[made], row[attempted], share(row[made], row[attempted], 3)]
    return shots + [row[name] for name in ("oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts")]


def _fantasy_points(row: Row) -> float | None:
    """FanDuel's points, as stats.nba.com shows them; None where a count is missing."""
    if any(row[name] is None for name in _FANTASY):
        return None
    points: float = sum(weight * row[name] for name, weight in _FANTASY.items())
    return round(points, 1)
