"""The statistics blocks of the NBA CDN's box score. What a history does not know is zero."""

from typing import Any

from devstack.columns import Row
from devstack.upstream.wire import share

_PLAYER_UNKNOWN = (
    *("blocksReceived", "foulsDrawn", "foulsOffensive", "foulsTechnical"),
    *("pointsFastBreak", "pointsInThePaint", "pointsSecondChance"),
)
_TEAM_UNKNOWN = (
    *("benchPoints", "biggestLead", "biggestScoringRun", "leadChanges", "timesTied"),
    *("blocksReceived", "foulsDrawn", "foulsOffensive", "foulsTeam", "foulsTeamTechnical", "foulsTechnical"),
    *("fastBreakPointsAttempted", "fastBreakPointsMade", "pointsFastBreak", "pointsFromTurnovers", "turnoversTeam"),
    *("pointsInThePaint", "pointsInThePaintAttempted", "pointsInThePaintMade"),
    *("pointsSecondChance", "secondChancePointsAttempted", "secondChancePointsMade"),
    *("reboundsTeam", "reboundsTeamDefensive", "reboundsTeamOffensive"),
)


def clock(minutes: float | None) -> str | None:
    """Decimal minutes as `PT20M46.00S`."""
    if minutes is None:
        return None
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"PT{whole:02d}M{seconds:02d}.00S"


def _shooting(row: Row) -> dict[str, Any]:
    """Field goals, threes, free throws and twos: made, attempted, share."""
    made, attempted = row.get("fgm", 0), row.get("fga", 0)
    threes, threes_attempted = row.get("fg3m", 0), row.get("fg3a", 0)
    twos = made - threes if made is not None and threes is not None else None
    twos_attempted = attempted - threes_attempted if attempted is not None and threes_attempted is not None else None
    kinds = {
        "fieldGoals": (made, attempted),
        "threePointers": (threes, threes_attempted),
        "freeThrows": (row.get("ftm", 0), row.get("fta", 0)),
        "twoPointers": (twos, twos_attempted),
    }
    shots: dict[str, Any] = {}
    for kind, (hits, tries) in kinds.items():
        portion = share(hits, tries)
        shots |= {f"{kind}Made": hits, f"{kind}Attempted": tries, f"{kind}Percentage": portion or 0.0}
    return shots


def _counts(row: Row) -> dict[str, Any]:
    return {
        "assists": row.get("ast", 0),
        "blocks": row.get("blk", 0),
        "foulsPersonal": row.get("pf", 0),
        "points": row.get("pts", 0),
        "reboundsDefensive": row.get("dreb", 0),
        "reboundsOffensive": row.get("oreb", 0),
        "reboundsTotal": row.get("reb", 0),
        "steals": row.get("stl", 0),
        "turnovers": row.get("tov", 0),
        **_shooting(row),
    }


def player_statistics(row: Row) -> dict[str, Any]:
    """The block of a player from his `player_games` row; all zeros from an empty one."""
    minutes, plus_minus = row.get("minutes", 0.0), row.get("plus_minus", 0)
    return {
        **_counts(row),
        **dict.fromkeys(_PLAYER_UNKNOWN, 0),
        "minus": 0.0,
        "plus": 0.0,
        "plusMinusPoints": None if plus_minus is None else float(plus_minus),
        "minutes": clock(minutes),
        "minutesCalculated": None if minutes is None else f"PT{round(minutes):02d}M",
    }


def team_statistics(row: Row, against: int, minutes: int) -> dict[str, Any]:
    """The block of a team from its `team_games` row, the opponent's score and the team's minutes."""
    counts = _counts(row)
    made, attempted, threes = (
        counts[key] or 0 for key in ("fieldGoalsMade", "fieldGoalsAttempted", "threePointersMade")
    )
    shots = attempted + 0.44 * (counts["freeThrowsAttempted"] or 0)
    return {
        **counts,
        **dict.fromkeys(_TEAM_UNKNOWN, 0),
        "assistsTurnoverRatio": share(counts["assists"], counts["turnovers"]) or 0.0,
        "biggestLeadScore": "0-0",
        "biggestScoringRunScore": "0-0",
        "fastBreakPointsPercentage": 0.0,
        "fieldGoalsEffectiveAdjusted": (made + 0.5 * threes) / attempted if attempted else 0.0,
        "minutes": f"PT{minutes}M00.00S",
        "minutesCalculated": f"PT{minutes}M",
        "pointsAgainst": against,
        "pointsInThePaintPercentage": 0.0,
        "reboundsPersonal": counts["reboundsTotal"],
        "secondChancePointsPercentage": 0.0,
        "timeLeading": "PT00M00.00S",
        "trueShootingAttempts": shots,
        "trueShootingPercentage": (counts["points"] or 0) / (2 * shots) if shots else 0.0,
        "turnoversTotal": counts["turnovers"],
    }
