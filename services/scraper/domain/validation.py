"""Is a box score consistent in itself, and with the final score? An inconsistent game is quarantined whole.

Not a criterion: points = 2 FGM + 3PM + FTM. Two real rows break it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from services.scraper.domain.box import COUNTS, Box, Line

MAX_MINUTES = 70.0
MAX_POINTS = 110
"""Beyond any game ever played: 69 minutes (1989, five overtimes) and 100 points (1962)."""
MIN_PLAYERS = 5
STARTERS = 5


def inconsistency(box: Box, home_team: str, away_team: str, final_score: tuple[int, int] | None) -> str | None:
    """Why the box score must not be loaded, in one line; None when it may.

    `final_score`: (home, away) points from the schedule, where known.
    """
    return next(_problems(box, home_team, away_team, final_score), None)


def _problems(box: Box, home_team: str, away_team: str, final_score: tuple[int, int] | None) -> Iterator[str]:
    if box.refused:
        first = box.refused[0]
        yield f"{len(box.refused)} unreadable lines, the first of {first.record}: {first.reason}"
    teams: defaultdict[str, list[Line]] = defaultdict(list)
    for line in box.lines:
        teams[line.team].append(line)
        yield from _line_problems(line)
    if strangers := teams.keys() - {home_team, away_team}:
        yield f"players of {', '.join(sorted(strangers))} in a game of {home_team} and {away_team}"
    for (who, _), listed in Counter((line.who, line.player_id) for line in box.lines).items():
        if listed > 1:
            yield f"{who} is listed {listed} times"
    scores: list[Mapping[str, int]] = []
    if final_score is not None:
        scores.append({home_team: final_score[0], away_team: final_score[1]})
    if box.score is not None:
        scores.append(box.score)
    for team in (home_team, away_team):
        yield from _team_problems(team, teams[team], scores)


def _line_problems(line: Line) -> Iterator[str]:
    if line.minutes > MAX_MINUTES or line.points > MAX_POINTS:
        yield f"{line.who}: {line.points} points in {line.minutes:g} minutes"
    if negative := [name for name in COUNTS if getattr(line, name) < 0]:
        yield f"{line.who}: {negative[0]} is below zero"
    if line.rebounds != line.offensive_rebounds + line.defensive_rebounds:
        yield (
            f"{line.who}: {line.rebounds} rebounds, but {line.offensive_rebounds} offensive"
            f" and {line.defensive_rebounds} defensive"
        )
    for part, total in (
        ("field_goals_made", "field_goals_attempted"),
        ("threes", "field_goals_made"),
        ("threes", "threes_attempted"),
        ("free_throws_made", "free_throws_attempted"),
    ):
        if getattr(line, part) > getattr(line, total):
            yield f"{line.who}: {getattr(line, part)} {part}, but {getattr(line, total)} {total}"


def _team_problems(team: str, lines: Sequence[Line], scores: Sequence[Mapping[str, int]]) -> Iterator[str]:
    if len(lines) < MIN_PLAYERS:
        yield f"{len(lines)} players of {team}"
    points = sum(line.points for line in lines)
    for score in scores:
        if team not in score:
            yield f"the payload gives no score of {team}"
        elif points != score[team]:
            yield f"the players of {team} have {points} points, the team {score[team]}"
    if all(line.starter is not None for line in lines):
        starters = sum(line.starter is True for line in lines)
        if starters != STARTERS:
            yield f"{team} started {starters} players"
