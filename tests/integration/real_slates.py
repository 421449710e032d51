"""Raw rows of real games around a slate, its future included, as the design says when each was available."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from devstack.driver import last_cutoff
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.rosters import PlayerIndex
from shared.basketball.slate import Mode, eastern_instant, season_of
from shared.ports import Row
from shared.registries.markets import MARKETS
from tests.unit.shared.rows import row

AROUND = timedelta(days=4)
"""Rosters, injuries and lines are of the slate and the days next to it; box scores after it end here too."""
_BOX = {
    "minutes": "minutes",
    "plus_minus": "plus_minus",
    "pts": "points",
    "reb": "rebounds",
    "oreb": "offensive_rebounds",
    "dreb": "defensive_rebounds",
    "ast": "assists",
    "fgm": "field_goals_made",
    "fga": "field_goals_attempted",
    "fg3m": "threes",
    "fg3a": "threes_attempted",
    "ftm": "free_throws_made",
    "fta": "free_throws_attempted",
    "stl": "steals",
    "blk": "blocks",
    "tov": "turnovers",
    "pf": "fouls",
}


def raw(history: History, slate: date, days: int, around: timedelta = AROUND) -> dict[str, list[Row]]:
    """Rows by raw table: `days` of box scores before the slate, and everything of the days around it."""
    games = [game for day in _dates(history, slate - timedelta(days=days), slate + around) for game in history.on(day)]
    near = _dates(history, slate - around, slate + around)
    return {
        "raw.games": [_game(game) for game in games],
        "raw.player_box_scores": [box for game in games for box in _boxes(history, game)],
        "raw.prop_lines": [line for day in near for game in history.on(day) for line in _lines(history, game)],
        "raw.rosters": list(_rosters(PlayerIndex(history), near)),
        "raw.injuries": list(_injuries(history, near)),
    }


def _dates(history: History, first: date, last: date) -> list[date]:
    return [day for day in history.dates if first <= day <= last]


def _game(game: Game) -> Row:
    return row(
        "raw.games",
        game_id=game.game_id,
        season=game.season,
        season_type=game.season_type,
        game_date=game.game_date,
        tip_utc=game.tip,
        home_team=game.home,
        away_team=game.away,
        neutral_site=game.neutral,
        available_at=eastern_instant(game.game_date),
    )


def _boxes(history: History, game: Game) -> Iterator[Row]:
    for player in history.players(game.game_id):
        home = player["team"] == game.home
        yield row(
            "raw.player_box_scores",
            game_id=game.game_id,
            season=game.season,
            season_type=game.season_type,
            game_date=game.game_date,
            player_id=player["player_id"],
            player_name=player["player_name"],
            team=player["team"],
            opponent=game.away if home else game.home,
            is_home=home,
            starter=player["starter"],
            available_at=game.final_at,
            **{name: player[column] for column, name in _BOX.items()},
        )


def _lines(history: History, game: Game) -> Iterator[Row]:
    players = {each["player_name"]: each["player_id"] for each in history.players(game.game_id)}
    players |= {each["player_name"]: each["player_id"] for each in history.absences(game.game_id)}
    for line in history.lines(game.game_id):
        if line.market in MARKETS and line.player in players:
            yield row(
                "raw.prop_lines",
                game_id=game.game_id,
                game_date=game.game_date,
                player_id=players[line.player],
                player_lookup=line.player,
                market=line.market,
                bookmaker=line.bookmaker,
                line=line.line,
                over_price=line.over,
                under_price=line.under,
                is_main=line.is_main,
                available_at=line.posted_at,
            )


def _rosters(index: PlayerIndex, days: list[date]) -> Iterator[Row]:
    for day in days:
        for player, (team, name) in index.roster(season_of(day), day).items():
            known = {"game_date": day, "player_id": player, "player_name": name, "team": team}
            yield row("raw.rosters", **known, available_at=eastern_instant(day))


def _injuries(history: History, days: list[date]) -> Iterator[Row]:
    feed = InjuryFeed(history)
    for day in days:
        reports: Mapping[tuple[int, datetime, str], Row] = {
            (player, entry["stamp"], entry["status"]): entry
            for mode in (Mode.OVERNIGHT, Mode.SAME_DAY)
            for player, entry in feed.entries(last_cutoff(history, day, mode)).items()
        }
        for (player, stamp, status), entry in reports.items():
            known = {"game_date": day, "player_id": player, "team": entry["team"], "status": status}
            yield row("raw.injuries", **known, comment=entry["note"], available_at=stamp)
