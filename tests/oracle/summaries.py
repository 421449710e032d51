"""Facts of finished games, from box scores: docs/analytics.md, "Definitions", "Phase 3"."""

from collections.abc import Iterator, Sequence
from datetime import date

from shared.ports import Row
from shared.tables import TABLES
from tests.oracle.known import Tables, ratio

TOTALS = (
    "points",
    "rebounds",
    "offensive_rebounds",
    "assists",
    "field_goals_made",
    "field_goals_attempted",
    "threes",
    "threes_attempted",
    "free_throws_made",
    "free_throws_attempted",
    "turnovers",
)
"""What the players of a team add up to."""
FREE_THROW_WEIGHT = 0.44
"""Possessions that a free throw attempt stands for (Oliver 2004)."""


def player_game_summary(tables: Tables, first: date, last: date) -> list[Row]:
    """One row per box score."""
    rows = []
    for team in _sides(tables, first, last).values():
        team_minutes = sum(box["minutes"] for box in team)
        ranked = [box["player_id"] for box in sorted(team, key=lambda box: (-box["minutes"], box["player_id"]))]
        team_used = sum(used(box) for box in team)
        for box in team:
            row = {column.name: box.get(column.name) for column in TABLES["analytics.player_game_summary"].columns}
            row["team_abbr"] = box["team"]
            row["opponent_team_abbr"] = box["opponent"]
            row["seconds"] = seconds(box)
            row["minutes_rank"] = ranked.index(box["player_id"]) + 1
            row["true_shooting"] = true_shooting(box)
            row["usage_rate"] = ratio(100 * used(box) * (team_minutes / 5), box["minutes"] * team_used)
            rows.append(row)
    return rows


def team_offense_game_summary(tables: Tables, first: date, last: date) -> list[Row]:
    """Two rows per game with box scores of both teams."""
    rows = []
    for team, opponent in _games(tables, first, last):
        own, other = totals(team), totals(opponent)
        both = (own["possessions"] + other["possessions"]) / 2
        minutes = own["seconds"] / 60
        rows.append(
            _heading(team, opponent)
            | own
            | {
                "pace": ratio(48 * both, minutes / 5),
                "offensive_rating": rating(own),
                "true_shooting": true_shooting(own),
            }
        )
    return rows


def team_defense_game_summary(tables: Tables, first: date, last: date) -> list[Row]:
    """Two rows per game with box scores of both teams."""
    rows = []
    for team, opponent in _games(tables, first, last):
        did = totals(opponent)
        rows.append(
            _heading(team, opponent)
            | {
                "points_allowed": did["points"],
                "rebounds_allowed": did["rebounds"],
                "assists_allowed": did["assists"],
                "twos_allowed": did["field_goals_made"] - did["threes"],
                "twos_attempted_allowed": did["field_goals_attempted"] - did["threes_attempted"],
                "threes_allowed": did["threes"],
                "threes_attempted_allowed": did["threes_attempted"],
                "free_throws_allowed": did["free_throws_made"],
                "free_throws_attempted_allowed": did["free_throws_attempted"],
                "possessions_allowed": did["possessions"],
                "defensive_rating": rating(did),
            }
        )
    return rows


def seconds(box: Row) -> int:
    """Whole seconds played."""
    whole: int = round(60 * box["minutes"])
    return whole


def used(box: Row) -> float:
    """Possessions used."""
    spent: float = box["field_goals_attempted"] + FREE_THROW_WEIGHT * box["free_throws_attempted"] + box["turnovers"]
    return spent


def true_shooting(counts: Row) -> float | None:
    """Points per two true attempts."""
    attempts = counts["field_goals_attempted"] + FREE_THROW_WEIGHT * counts["free_throws_attempted"]
    return ratio(counts["points"], 2 * attempts)


def rating(counts: Row) -> float | None:
    """Points per 100 possessions."""
    return ratio(100 * counts["points"], counts["possessions"])


def totals(team: Sequence[Row]) -> Row:
    """What a team's players add up to, and its possessions."""
    row: Row = {name: sum(box[name] for box in team) for name in TOTALS}
    row["seconds"] = sum(seconds(box) for box in team)
    row["possessions"] = (
        row["field_goals_attempted"]
        + row["turnovers"]
        + FREE_THROW_WEIGHT * row["free_throws_attempted"]
        - row["offensive_rebounds"]
    )
    return row


def _heading(team: Sequence[Row], opponent: Sequence[Row]) -> Row:
    box = team[0]
    return {
        "game_id": box["game_id"],
        "game_date": box["game_date"],
        "season": box["season"],
        "season_type": box["season_type"],
        "team_abbr": box["team"],
        "opponent_team_abbr": opponent[0]["team"],
        "is_home": box["is_home"],
        "available_at": max(row["available_at"] for row in (*team, *opponent)),
    }


def _sides(tables: Tables, first: date, last: date) -> dict[tuple[str, str], list[Row]]:
    """(game, team) -> its players' box scores."""
    sides: dict[tuple[str, str], list[Row]] = {}
    for box in tables["raw.player_box_scores"]:
        if first <= box["game_date"] <= last:
            sides.setdefault((box["game_id"], box["team"]), []).append(box)
    return sides


def _games(tables: Tables, first: date, last: date) -> Iterator[tuple[list[Row], list[Row]]]:
    """(own, opponent's) box scores of every team of every game that has both."""
    sides = _sides(tables, first, last)
    for (game_id, _), team in sides.items():
        opponent = sides.get((game_id, team[0]["opponent"]))
        if opponent is not None:
            yield team, opponent
