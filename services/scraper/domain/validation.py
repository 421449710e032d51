"""Is a box score consistent in itself, and with the final score? An inconsistent game is quarantined whole.

Not a criterion: points = 2 FGM + 3PM + FTM. Two real rows break it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from services.scraper.domain.box import COUNTS, Box, Line

MAX_MINUTES = 70.0
MAX_POINTS = 110
"""Beyond any game ever played: 69 minutes (1989, five overtimes) and 100 points (1962)."""
MIN_PLAYERS = 5
STARTERS = 5
REGULATION, OVERTIME = 240, 25
"""A team's minutes: five players, 48 minutes, 5 more for each overtime."""
ROUNDING = 6.0
"""Minutes by which a sum of rounded minutes may be off: all of 10,266 real ones are within 4."""
MINUTES_OFF = 1.0
"""Minutes by which a team's may differ from the sum of its players': all of 10,266 real ones are within 0.2."""


def inconsistency(box: Box, home_team: str, away_team: str, final_score: tuple[int, int] | None) -> str | None:
    """Why the box score must not be loaded, in one line; None when it may.

    `final_score`: (home, away) points from the schedule, where known.
    """
    return next(_problems(box, home_team, away_team, final_score), None)


def _problems(box: Box, home_team: str, away_team: str, final_score: tuple[int, int] | None) -> Iterator[str]:
    if box.refused:
        first = box.refused[0]
        yield f"{len(box.refused)} unreadable lines, the first of {first.record}: {first.reason}"
    yield from chain.from_iterable(map(_line_problems, box.lines))
    yield from _who_problems(box, home_team, away_team)
    scores: list[Mapping[str, int]] = []
    if final_score is not None:
        scores.append({home_team: final_score[0], away_team: final_score[1]})
    if box.score is not None:
        scores.append(box.score)
    for team in (home_team, away_team):
        lines = [line for line in box.lines if line.team == team]
        yield from _team_problems(team, lines, scores)
        if box.totals is not None:
            yield from _total_problems(team, lines, box.totals.get(team, {}))


def _who_problems(box: Box, home_team: str, away_team: str) -> Iterator[str]:
    if strangers := {line.team for line in box.lines} - {home_team, away_team}:
        yield f"players of {', '.join(sorted(strangers))} in a game of {home_team} and {away_team}"
    people = [(line.who, line.player_id) for line in box.lines]
    absent = [(f"{absence.player_name} ({absence.player_id})", absence.player_id) for absence in box.absences]
    for listed in (people, absent):
        for (who, _), times in Counter(listed).items():
            if times > 1:
                yield f"{who} is listed {times} times"
    played = {line.player_id for line in box.lines}
    for absence in box.absences:
        if absence.player_id in played:
            yield f"{absence.player_name} ({absence.player_id}) has played and is {absence.reason}"


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


def _total_problems(team: str, lines: Sequence[Line], totals: Mapping[str, int]) -> Iterator[str]:
    for name, total in totals.items():
        summed = sum(getattr(line, name) for line in lines)
        if abs(summed - total) > (MINUTES_OFF if name == "minutes" else 0):
            yield f"the players of {team} have {summed:g} {name}, the team {total}"


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
    minutes = sum(line.minutes for line in lines)
    overtimes = max(0, round((minutes - REGULATION) / OVERTIME))
    if abs(minutes - REGULATION - overtimes * OVERTIME) > ROUNDING:
        yield f"the players of {team} have {minutes:g} minutes"
