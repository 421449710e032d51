"""What is known of a slate before it: docs/analytics.md, "Definitions", "Phase 3"."""

import math
import statistics
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from shared.basketball.arenas import ARENAS, Arena
from shared.basketball.slate import RETROSPECT, Mode, cutoff
from shared.ports import Row
from tests.oracle.known import WINDOW, Tables, by, known, mean, of_slate
from tests.oracle.quotes import fair, newest, overround

INACTIVE_LIST = timedelta(minutes=90)
"""An Out reported so shortly before tip-off is final."""
EARTH_RADIUS_KM = 6371.0


def upcoming_team_game_context(tables: Tables, slate: date, mode: Mode, asked_at: datetime = RETROSPECT) -> list[Row]:
    """Two rows per game of the slate that is not postponed."""
    rows = []
    for game, team, opponent in _sides(tables, slate):
        at = cutoff(mode, slate, game["tip_utc"], asked_at)
        before = _earlier(tables, game, team, at)
        row = _heading(game, team, opponent, mode, at)
        row["neutral_site"] = game["neutral_site"]
        row["games_season"] = len(before)
        row["days_rest"] = _rest(slate, before)
        row["opponent_days_rest"] = _rest(slate, _earlier(tables, game, opponent, at))
        for length in (4, 7, 14):
            row[f"games_last_{length}_days"] = sum((slate - each["game_date"]).days <= length for each in before)
        row["travel_km"] = row["clock_shift"] = None
        if before:
            here, origin = ARENAS[game["home_team"]], ARENAS[before[-1]["home_team"]]
            row["travel_km"] = round(_kilometres(origin, here))
            row["clock_shift"] = origin.clock - here.clock
        rows.append(row)
    return rows


def team_daily_record(tables: Tables, slate: date, mode: Mode, _: datetime = RETROSPECT) -> list[Row]:
    """One row per team of the slate: its regular-season games of this season, known at its cutoff."""
    allowed = {
        (game["game_id"], game["team_abbr"]): game["points_allowed"]
        for game in tables["analytics.team_defense_game_summary"]
    }
    of_team = by("team_abbr", tables["analytics.team_offense_game_summary"])
    rows = []
    for team in of_slate(tables["analytics.upcoming_team_game_context"], slate, mode):
        games = [
            game
            for game in known(of_team.get(team["team_abbr"], []), slate, team["cutoff_at"])
            if (game["season"], game["season_type"]) == (team["season"], "regular")
        ]
        margins = [game["points"] - allowed[game["game_id"], game["team_abbr"]] for game in games]
        at_home = [margin for game, margin in zip(games, margins, strict=True) if game["is_home"]]
        rows.append(
            {
                "game_date": slate,
                "mode": mode.value,
                "team_abbr": team["team_abbr"],
                "wins": sum(margin > 0 for margin in margins),
                "losses": sum(margin < 0 for margin in margins),
                "home_wins": sum(margin > 0 for margin in at_home),
                "home_losses": sum(margin < 0 for margin in at_home),
                "wins_last_10": sum(margin > 0 for margin in margins[:10]),
                "margin_mean": mean(margins),
            }
        )
    return rows


def upcoming_player_game_context(tables: Tables, slate: date, mode: Mode, asked_at: datetime = RETROSPECT) -> list[Row]:
    """One row per rostered player of a team that plays."""
    rosters = by("team", [row for row in tables["raw.rosters"] if row["game_date"] == slate])
    reports = by("player_id", [row for row in tables["raw.injuries"] if row["game_date"] == slate])
    rows = []
    for game, team, opponent in _sides(tables, slate):
        at = cutoff(mode, slate, game["tip_utc"], asked_at)
        rest = _rest(slate, _earlier(tables, game, team, at))
        for player in _known(rosters.get(team, []), at):
            player_id = player["player_id"]
            row = _heading(game, team, opponent, mode, at)
            row |= {"player_id": player_id, "player_name": player["player_name"], "days_rest": rest}
            row |= _status(_known(reports.get(player_id, []), at), game["tip_utc"], at)
            rows.append(row)
    return rows


def player_market_context(tables: Tables, slate: date, mode: Mode, _: datetime = RETROSPECT) -> list[Row]:
    """One row per player of the slate and market that he has a main line in, known at his game's cutoff."""
    lines = by("player_id", [row for row in tables["raw.prop_lines"] if row["game_date"] == slate and row["is_main"]])
    rows = []
    for context in of_slate(tables["analytics.upcoming_player_game_context"], slate, mode):
        key = {name: context[name] for name in ("game_date", "mode", "game_id", "player_id")}
        of_game = [line for line in lines.get(key["player_id"], []) if line["game_id"] == key["game_id"]]
        for market, of_market in by("market", _known(of_game, context["cutoff_at"])).items():
            rows.append(key | {"market": market} | consensus(of_market))
    return rows


def consensus(lines: Sequence[Row]) -> Row:
    """What the books say of one player's market, from their main lines known at the cutoff."""
    books = [newest(of_book) for of_book in by("bookmaker", lines).values()]
    line = statistics.median(each["line"] for each in books)
    at_line = [each for each in books if each["line"] == line]
    chances = [chance for each in at_line if (chance := fair(each)) is not None]
    best: Row = min(at_line, key=_preference) if at_line else {}
    return {
        "line": line,
        "line_books": len(books),
        "line_at": max(each["available_at"] for each in books),
        "line_spread": max(each["line"] for each in books) - min(each["line"] for each in books),
        "p_market": statistics.fmean(chances) if chances else None,
        "book": best.get("bookmaker"),
        "over_price": best.get("over_price"),
        "under_price": best.get("under_price"),
    }


def _preference(line: Row) -> tuple[int, float, str]:
    """The book of the least margin first; then any with a price; then any."""
    margin = overround(line)
    if margin is not None:
        return 0, margin, line["bookmaker"]
    priced = line["over_price"] is not None or line["under_price"] is not None
    return 1 if priced else 2, 0.0, line["bookmaker"]


def _status(reports: Sequence[Row], tip: datetime, at: datetime) -> Row:
    """The latest report; of several of one instant the first by name."""
    if not reports:
        return {"injury_status": None, "injury_status_days": None, "ruled_out": False}
    newest = max(report["available_at"] for report in reports)
    status = min(report["status"] for report in reports if report["available_at"] == newest)
    return {
        "injury_status": status,
        "injury_status_days": None if status == "Available" else (at - newest) // timedelta(days=1),
        "ruled_out": status == "Out" and tip - newest <= INACTIVE_LIST,
    }


def _sides(tables: Tables, slate: date) -> Iterator[tuple[Row, str, str]]:
    """(game, team, opponent) of both teams of every game of the slate that will be played."""
    for game in tables["raw.games"]:
        if game["game_date"] == slate and not game["postponed"]:
            yield game, game["home_team"], game["away_team"]
            yield game, game["away_team"], game["home_team"]


def _heading(game: Row, team: str, opponent: str, mode: Mode, at: datetime) -> Row:
    return {
        "game_date": game["game_date"],
        "mode": mode,
        "game_id": game["game_id"],
        "team_abbr": team,
        "opponent_team_abbr": opponent,
        "is_home": team == game["home_team"],
        "season": game["season"],
        "tip_utc": game["tip_utc"],
        "cutoff_at": at,
    }


def _earlier(tables: Tables, game: Row, team: str, at: datetime) -> list[Row]:
    """The team's games of the season before a game's date, as the schedule was known; the last one last."""
    found = [
        each
        for each in _known(tables["raw.games"], at)
        if team in (each["home_team"], each["away_team"])
        and each["season"] == game["season"]
        and game["game_date"] - WINDOW <= each["game_date"] < game["game_date"]
        and not each["postponed"]
    ]
    return sorted(found, key=lambda each: (each["game_date"], each["game_id"]))


def _rest(slate: date, before: Sequence[Row]) -> int | None:
    """Days since the last of these games."""
    return (slate - before[-1]["game_date"]).days if before else None


def _known(rows: Sequence[Row], at: datetime) -> list[Row]:
    return [row for row in rows if row["available_at"] <= at]


def _kilometres(one: Arena, other: Arena) -> float:
    """Great-circle distance, from the angle between the two places as seen from the centre of the earth."""
    cosine = sum(a * b for a, b in zip(_direction(one), _direction(other), strict=True))
    return EARTH_RADIUS_KM * math.acos(min(1.0, cosine))


def _direction(arena: Arena) -> tuple[float, float, float]:
    latitude, longitude = math.radians(arena.latitude), math.radians(arena.longitude)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )
