"""Factors made from several tables: features.player_composite_factors."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor

from shared.basketball.slate import Mode
from shared.ports import Row
from tests.oracle.known import Tables, by, known, mean, of_slate, ratio, weighted

ALPHA = 0.05
TEAM_GAMES, RATED_GAMES = 10, 25

PLAYED_PERCENT = {
    (False, "none"): (93, 64, 47, 46, 19),
    (False, "out"): (1, 34, 21, 17, 8),
    (False, "other"): (5, 48, 42, 30, 17),
    (True, "none"): (97, 72, 58, 58, 55),
    (True, "out"): (17, 88, 77, 75, 62),
    (True, "other"): (10, 62, 53, 44, 44),
}
"""By whether the inactive list is known and the status: percent after 0, 1, 2, 3, and more or unknown games missed."""


@dataclass(frozen=True)
class Worth:
    """What somebody is worth in a game: seconds, and thousandths of possessions used, rebounds and assists."""

    seconds: float
    used: float
    rebounds: float
    assists: float

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(*(one + two for one, two in zip(self._all(), other._all(), strict=True)))

    def __sub__(self, other: "Worth") -> "Worth":
        return self + other.times(-1)

    def times(self, factor: float) -> "Worth":
        """Each of them multiplied."""
        return Worth(*(factor * value for value in self._all()))

    def _all(self) -> tuple[float, float, float, float]:
        return self.seconds, self.used, self.rebounds, self.assists


NOTHING = Worth(0, 0, 0, 0)


@dataclass(frozen=True)
class Member:
    """Somebody of tonight's roster who has form."""

    context: Row
    form: Row
    likely: int
    """Percent."""
    worth: Worth


def player_composite_factors(tables: Tables, slate: date, mode: Mode) -> list[Row]:
    """Fatigue, mismatch, pace, ratings and opportunity of every player with form."""
    teams = {row["team_abbr"]: row for row in of_slate(tables["analytics.upcoming_team_game_context"], slate, mode)}
    zones = {row["player_id"]: row for row in of_slate(tables["features.player_shot_zone_analysis"], slate, mode)}
    defenses = {row["team_abbr"]: row for row in of_slate(tables["features.team_defense_zone_analysis"], slate, mode)}
    summaries = by("game_id", tables["analytics.player_game_summary"])
    offense = by("team_abbr", tables["analytics.team_offense_game_summary"])
    pace = _pace_of_league(tables, slate, min((team["cutoff_at"] for team in teams.values()), default=None))
    strength = {team: _strength(tables, offense.get(team, []), row) for team, row in teams.items()}
    rows = []
    for team, members in _rosters(tables, slate, mode).items():
        cutoff = teams[team]["cutoff_at"]
        last_ten = known(offense.get(team, []), slate, cutoff)[:TEAM_GAMES]
        worths = {member.context["player_id"]: member.worth for member in members}
        appearances = [
            {
                row["player_id"]: worths[row["player_id"]] if row["player_id"] in worths else _did(row)
                for row in summaries[game["game_id"]]
                if row["team_abbr"] == team
            }
            for game in last_ten
        ]
        recent = [(appeared.keys(), sum(appeared.values(), NOTHING)) for appeared in appearances]
        for member in members:
            context = member.context
            opponent = context["opponent_team_abbr"]
            row: Row = {"game_date": slate, "mode": mode.value, "player_id": context["player_id"]}
            row["play_likelihood"] = member.likely / 100
            row["fatigue"] = _fatigue(teams[team]["days_rest"], member.form["minutes_last_7_days"])
            row["zone_mismatch"] = _mismatch(zones.get(context["player_id"]), defenses.get(opponent))
            row |= _pace(strength[team], strength.get(opponent, NO_GAMES), pace)
            row |= _opportunity(member, members, recent)
            rows.append(row)
    return rows


def _rosters(tables: Tables, slate: date, mode: Mode) -> dict[str, list[Member]]:
    form = {row["player_id"]: row for row in of_slate(tables["features.player_daily_cache"], slate, mode)}
    contexts = of_slate(tables["analytics.upcoming_player_game_context"], slate, mode)
    contexts = [context for context in contexts if context["player_id"] in form]
    listed = {context["team_abbr"] for context in contexts if context["ruled_out"]}
    rosters: dict[str, list[Member]] = {}
    for context in contexts:
        his, team = form[context["player_id"]], context["team_abbr"]
        likely = _likely(context, his["missed_in_row"], list_known=team in listed)
        rosters.setdefault(team, []).append(Member(context, his, likely, _worth(his)))
    return rosters


def _likely(context: Row, missed: int | None, *, list_known: bool) -> int:
    if context["ruled_out"]:
        return 0
    status = context["injury_status"]
    well, out = (None, "Available", "Probable"), ("Out", "Doubtful", "Suspension", "Not With Team")
    group = "none" if status in well else "out" if status in out else "other"
    return PLAYED_PERCENT[list_known, group][4 if missed is None else min(missed, 4)]


def _worth(form: Row) -> Worth:
    """By his form, in whole units."""
    minutes = form["minutes_ewma"]
    return Worth(
        _whole(60 * minutes),
        *(
            _whole(1000 * minutes * (form[name] if form[name] is not None else 0))
            for name in ("possessions_used_per_minute", "rebounds_per_minute", "assists_per_minute")
        ),
    )


def _whole(value: float) -> int:
    """Rounded, a half upwards."""
    return floor(value + 0.5)


def _fatigue(days_rest: int | None, minutes_of_the_week: float) -> float:
    short_rest = 0 if days_rest is None else 0.5 / max(days_rest, 1)
    return short_rest + 0.5 * min(minutes_of_the_week / 160, 1)


def _mismatch(zones: Row | None, defense: Row | None) -> float | None:
    if zones is None or defense is None:
        return None
    pairs = (
        ("two_points_share", "two_points_factor"),
        ("three_points_share", "threes_factor"),
        ("free_throw_points_share", "free_throws_factor"),
    )
    total = 0.0
    for share, factor in pairs:
        if defense[factor] is None:
            return None
        total += (zones[share] if zones[share] is not None else 0) * (defense[factor] - 1)
    return total


@dataclass(frozen=True)
class Strength:
    """A team's pace and ratings, newer games counting more."""

    pace: float | None
    offense: float | None
    defense: float | None


NO_GAMES = Strength(None, None, None)


def _strength(tables: Tables, games: Sequence[Row], team: Row) -> Strength:
    slate, name = team["game_date"], team["team_abbr"]
    games = [game for game in known(games, slate, team["cutoff_at"]) if game["pace"] is not None][:RATED_GAMES]
    if not games:
        return NO_GAMES
    wanted = {game["game_id"] for game in games}
    defended = {
        row["game_id"]: row
        for row in tables["analytics.team_defense_game_summary"]
        if row["team_abbr"] == name and row["game_id"] in wanted
    }
    both = [game | defended[game["game_id"]] for game in games]

    def total(column: str) -> float:
        return weighted(ALPHA, both, lambda game: game[column])

    pace = weighted(ALPHA, both, lambda game: _whole(1000 * game["pace"])) / 1000
    return Strength(
        ratio(pace, weighted(ALPHA, both, lambda _: 1)),
        ratio(100 * total("points"), total("possessions")),
        ratio(100 * total("points_allowed"), total("possessions_allowed")),
    )


def _pace_of_league(tables: Tables, slate: date, cutoff: datetime | None) -> float | None:
    if cutoff is None:
        return None
    games = known(tables["analytics.team_offense_game_summary"], slate, cutoff)
    return mean([_whole(1000 * game["pace"]) / 1000 for game in games if game["pace"] is not None])


def _pace(own: Strength, other: Strength, league: float | None) -> Row:
    expected = None
    if own.pace is not None and other.pace is not None and league is not None:
        expected = own.pace + other.pace - league
    gap = None
    if None not in (own.offense, own.defense, other.offense, other.defense):
        gap = (own.offense - own.defense) - (other.offense - other.defense)  # type: ignore[operator]  # none of them is null
    return {
        "expected_pace": expected,
        "pace_factor": None if expected is None or own.pace is None else expected / own.pace,
        "team_offensive_rating": own.offense,
        "opponent_defensive_rating": other.defense,
        "rating_gap": gap,
    }


def _opportunity(member: Member, members: Sequence[Member], recent: Sequence[tuple[Collection[int], Worth]]) -> Row:
    """`recent`: who played for the team in each of its last ten games, and what they are worth together."""
    player = member.context["player_id"]
    mates = [mate for mate in members if mate is not member]
    tonight, absent = NOTHING, 0.0
    for mate in mates:
        tonight += mate.worth.times(mate.likely / 100)
        missed = mate.form["missed_in_row"]
        if missed is not None and missed < TEAM_GAMES:
            absent += mate.worth.seconds * (100 - mate.likely) / 100
    ranked = sorted(members, key=lambda m: (-m.likely * m.worth.seconds, m.context["player_id"]))
    his = [together for played, together in recent if player in played]
    vacated = sum(his, NOTHING).times(1 / len(his)) - member.worth - tonight if his else None
    no_league = member.form["rebounds_per_minute"] is None
    return {
        "teammates_minutes": tonight.seconds / 60,
        "teammates_absent_minutes": absent / 60,
        "rotation_rank": 1 + [m.context["player_id"] for m in ranked].index(player),
        "games_with_team_10": len(his),
        "vacated_minutes": None if vacated is None else vacated.seconds / 60,
        "vacated_possessions": None if vacated is None else vacated.used / 1000,
        "vacated_rebounds": None if vacated is None or no_league else vacated.rebounds / 1000,
        "vacated_assists": None if vacated is None or no_league else vacated.assists / 1000,
    }


def _did(game: Row) -> Worth:
    """Somebody who has left is worth what he did in that game."""
    used = 1000 * game["field_goals_attempted"] + 440 * game["free_throws_attempted"] + 1000 * game["turnovers"]
    return Worth(game["seconds"], used, 1000 * game["rebounds"], 1000 * game["assists"])
