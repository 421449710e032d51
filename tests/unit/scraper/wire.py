"""Small payloads in the upstreams' wire formats, made up: two teams of eight who score 76 points each."""

import json
from datetime import date, datetime
from typing import Any

from shared.basketball.identity import TEAMS

BOS_AT_NYK = "0022300900"
LAL_AT_DEN = "0022300901"
GAME_DATE = date(2024, 3, 4)
TIP = "2024-03-05T00:30:00Z"
POINTS = 76
SURNAMES = ("Ash", "Birch", "Cedar", "Doum", "Elm", "Fir", "Gum", "Hazel")

Json = dict[str, Any]


def body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def player(team: str, number: int) -> tuple[int, str]:
    """(id, name): every team has the same surnames, and first names of its own."""
    return TEAMS[team].nba_id % 100 * 100 + number, f"{team.title()} {SURNAMES[number]}"


# --- schedule -------------------------------------------------------------------------------------------------------


def game(
    game_id: str = BOS_AT_NYK,
    *,
    home: str = "NYK",
    away: str = "BOS",
    day: date = GAME_DATE,
    tip: str = TIP,
    score: tuple[int, int] | None = None,
    **changes: object,
) -> Json:
    return {
        "gameId": game_id,
        "gameStatus": 1 if score is None else 3,
        "gameStatusText": "7:30 pm ET" if score is None else "Final",
        "gameDateEst": f"{day.isoformat()}T00:00:00Z",
        "gameDateTimeUTC": tip,
        "postponedStatus": "N",
        "isNeutral": False,
        "homeTeam": {"teamId": TEAMS[home].nba_id, "teamTricode": home, "score": score[0] if score else 0},
        "awayTeam": {"teamId": TEAMS[away].nba_id, "teamTricode": away, "score": score[1] if score else 0},
        **changes,
    }


def schedule(*games: Json, season: str = "2023-24", time: str = "2024-03-04T10:00:00.000Z") -> bytes:
    return body(
        {
            "meta": {"time": time},
            "leagueSchedule": {
                "seasonYear": season,
                "gameDates": [{"gameDate": "x", "games": list(games)}] if games else [],
            },
        }
    )


# --- box scores: everyone has 9 points on 3 of 8, 1 of 3 threes, 2 of 2 free throws; the first also makes 4 free throws


def cdn_player(team: str, number: int, **changes: object) -> Json:
    player_id, name = player(team, number)
    extra = 4 if number == 0 else 0
    statistics = {
        "minutes": "PT30M30.00S",
        "points": 9 + extra,
        "reboundsTotal": 5,
        "reboundsOffensive": 2,
        "reboundsDefensive": 3,
        "assists": 2,
        "fieldGoalsMade": 3,
        "fieldGoalsAttempted": 8,
        "threePointersMade": 1,
        "threePointersAttempted": 3,
        "freeThrowsMade": 2 + extra,
        "freeThrowsAttempted": 2 + extra,
        "steals": 1,
        "blocks": 0,
        "turnovers": 1,
        "foulsPersonal": 2,
        "plusMinusPoints": 0.0,
    }
    entry = {
        "personId": player_id,
        "name": name,
        "starter": "1" if number < 5 else "0",
        "played": "1",
        "statistics": statistics,
    }
    for key, value in changes.items():
        (statistics if key in statistics else entry)[key] = value
    return entry


def cdn_team(team: str, players: list[Json] | None = None, score: int = POINTS) -> Json:
    if players is None:
        players = [cdn_player(team, number) for number in range(8)]
    return {"teamId": TEAMS[team].nba_id, "teamTricode": team, "score": score, "players": players}


def boxscore(
    game_id: str = BOS_AT_NYK, home: Json | None = None, away: Json | None = None, *, status: int = 3
) -> bytes:
    return body(
        {
            "meta": {"time": "2024-03-04 23:24:13.537508"},
            "game": {
                "gameId": game_id,
                "gameStatus": status,
                "homeTeam": home if home is not None else cdn_team("NYK"),
                "awayTeam": away if away is not None else cdn_team("BOS"),
            },
        }
    )


LOG_HEADERS = [
    "SEASON_ID", "PLAYER_ID", "PLAYER_NAME", "TEAM_ID", "TEAM_ABBREVIATION", "GAME_ID", "GAME_DATE", "MATCHUP", "MIN",
    "FGM", "FGA", "FG3M", "FG3A", "FTM", "FTA", "OREB", "DREB", "REB", "AST", "STL", "BLK", "TOV", "PF", "PTS",
    "PLUS_MINUS",
]  # fmt: skip


def log_row(game_id: str, team: str, number: int, **changes: object) -> list[Any]:
    player_id, name = player(team, number)
    extra = 4 if number == 0 else 0
    values = [
        "22023", player_id, name, TEAMS[team].nba_id, team, game_id, "2024-03-04", "BOS @ NYK", 30,
        3, 8, 1, 3, 2 + extra, 2 + extra, 2, 3, 5, 2, 1, 0, 1, 2, 9 + extra, 0,
    ]  # fmt: skip
    row = dict(zip(LOG_HEADERS, values, strict=True))
    return list((row | changes).values())


def gamelog(*rows: list[Any], headers: list[str] | None = None) -> bytes:
    result = {"name": "LeagueGameLog", "headers": headers or LOG_HEADERS, "rowSet": list(rows)}
    return body({"resource": "leaguegamelog", "resultSets": [result]})


def log_of(game_id: str, *teams: str) -> list[list[Any]]:
    return [log_row(game_id, team, number) for team in teams for number in range(8)]


def bdl_player(team: str, number: int, **changes: object) -> Json:
    extra = 4 if number == 0 else 0
    first, last = player(team, number)[1].split()
    line = {
        "min": "30", "fgm": 3, "fga": 8, "fg3m": 1, "fg3a": 3, "ftm": 2 + extra, "fta": 2 + extra, "oreb": 2, "dreb": 3,
        "reb": 5, "ast": 2, "stl": 1, "blk": 0, "turnover": 1, "pf": 2, "pts": 9 + extra,
        "player": {"id": number, "first_name": first, "last_name": last},
    }  # fmt: skip
    return line | changes


def bdl_game(home: list[Json] | None = None, away: list[Json] | None = None, *, status: str = "Final") -> Json:
    sides = {"home_team": ("NYK", home), "visitor_team": ("BOS", away)}
    return {
        "date": "2024-03-04",
        "status": status,
        "home_team_score": POINTS,
        "visitor_team_score": POINTS,
        **{
            side: {
                "abbreviation": team,
                "players": players if players is not None else [bdl_player(team, number) for number in range(8)],
            }
            for side, (team, players) in sides.items()
        },
    }


def bdl(*games: Json) -> bytes:
    return body({"data": list(games)})


# --- rosters, injuries, odds ----------------------------------------------------------------------------------------

INDEX_HEADERS = [
    "PERSON_ID", "PLAYER_LAST_NAME", "PLAYER_FIRST_NAME", "TEAM_ID", "TEAM_ABBREVIATION", "POSITION", "ROSTER_STATUS",
]  # fmt: skip


def index_row(team: str, number: int) -> list[Any]:
    player_id, name = player(team, number)
    first, last = name.split()
    return [player_id, last, first, TEAMS[team].nba_id, team, "G", 1.0]


def playerindex(*rows: list[Any]) -> bytes:
    result = {"name": "PlayerIndex", "headers": INDEX_HEADERS, "rowSet": list(rows)}
    return body({"resource": "playerindex", "resultSets": [result]})


def rosters_of(*teams: str) -> bytes:
    return playerindex(*(index_row(team, number) for team in teams for number in range(8)))


def injury(name: str, **changes: object) -> Json:
    return {
        "id": "1",
        "shortComment": "Sore.",
        "status": "Out",
        "date": "2024-03-04T10:48Z",
        "athlete": {"displayName": name},
        **changes,
    }


def injuries(team: str, *entries: Json, espn_id: str | None = None) -> bytes:
    feed = {
        "id": espn_id if espn_id is not None else TEAMS[team].espn_id,
        "displayName": TEAMS[team].full_name,
        "injuries": list(entries),
    }
    return body({"timestamp": "2024-03-04T12:00:00Z", "injuries": [feed] if entries else []})


def event(event_id: str = "e1", home: str = "NYK", away: str = "BOS", start: str = TIP) -> Json:
    return {
        "id": event_id,
        "commence_time": start,
        "home_team": TEAMS[home].full_name,
        "away_team": TEAMS[away].full_name,
    }


def outcomes(name: str, line: float, over: float | None = -110, under: float | None = -110) -> list[Json]:
    sides = (("Over", over), ("Under", under))
    return [
        {"name": side, "description": name, "price": price, "point": line} for side, price in sides if price is not None
    ]


def market(key: str, *quotes: list[Json], last_update: str | None = "2024-03-04T20:10:07Z") -> Json:
    entry: Json = {"key": key, "outcomes": [outcome for quote in quotes for outcome in quote]}
    return entry if last_update is None else {**entry, "last_update": last_update}


def odds(**bookmakers: list[Json]) -> Json:
    return {**event(), "bookmakers": [{"key": key, "markets": markets} for key, markets in bookmakers.items()]}


def historical(data: object, timestamp: datetime | str = "2024-03-05T00:10:00Z") -> Json:
    return {"timestamp": str(timestamp), "previous_timestamp": None, "next_timestamp": None, "data": data}
