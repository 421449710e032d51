"""Failure 36: every hand-made adjustment has the sign that the literature says, and opportunity follows who is out."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.analytics.processors import PROCESSORS
from shared.basketball.arenas import ARENAS
from shared.basketball.identity import TEAMS
from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import Process
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load, row

GAME = "0022300900"
TONIGHT = {"game_date": SLATE, "mode": "overnight"}
PLAYERS = "analytics.upcoming_player_game_context"
ATTACK, DEFENCE = "analytics.team_offense_game_summary", "analytics.team_defense_game_summary"
LIKELIHOODS = {
    ("not known", None): (0.93, 0.64, 0.47, 0.46, 0.19, 0.19, 0.19),
    ("not known", "Out"): (0.01, 0.34, 0.21, 0.17, 0.08, 0.08, 0.08),
    ("not known", "Doubtful"): (0.01, 0.34, 0.21, 0.17, 0.08, 0.08, 0.08),
    ("not known", "Questionable"): (0.05, 0.48, 0.42, 0.30, 0.17, 0.17, 0.17),
    ("not known", "Day-To-Day"): (0.05, 0.48, 0.42, 0.30, 0.17, 0.17, 0.17),
    ("not known", "Available"): (0.93, 0.64, 0.47, 0.46, 0.19, 0.19, 0.19),
    ("not known", "Probable"): (0.93, 0.64, 0.47, 0.46, 0.19, 0.19, 0.19),
    ("not known", "Suspension"): (0.01, 0.34, 0.21, 0.17, 0.08, 0.08, 0.08),
    ("not known", "Not With Team"): (0.01, 0.34, 0.21, 0.17, 0.08, 0.08, 0.08),
    ("known", None): (0.97, 0.72, 0.58, 0.58, 0.55, 0.55, 0.55),
    ("known", "Out"): (0.17, 0.88, 0.77, 0.75, 0.62, 0.62, 0.62),
    ("known", "Doubtful"): (0.17, 0.88, 0.77, 0.75, 0.62, 0.62, 0.62),
    ("known", "Questionable"): (0.10, 0.62, 0.53, 0.44, 0.44, 0.44, 0.44),
    ("known", "Day-To-Day"): (0.10, 0.62, 0.53, 0.44, 0.44, 0.44, 0.44),
    ("known", "Available"): (0.97, 0.72, 0.58, 0.58, 0.55, 0.55, 0.55),
    ("known", "Probable"): (0.97, 0.72, 0.58, 0.58, 0.55, 0.55, 0.55),
    ("known", "Suspension"): (0.17, 0.88, 0.77, 0.75, 0.62, 0.62, 0.62),
    ("known", "Not With Team"): (0.17, 0.88, 0.77, 0.75, 0.62, 0.62, 0.62),
}
"""How often somebody played, by whether the inactive list is known and by status."""
MISSED = (0, 1, 2, 3, 4, 10, None)
"""Team games missed in a row, the columns of the table."""


def player(number: int, team: str = "BOS", opponent: str = "GSW", **values: object) -> Row:
    """A player's context."""
    return row(PLAYERS, player_id=number, team_abbr=team, opponent_team_abbr=opponent, **TONIGHT) | values


def form(number: int, **values: object) -> Row:
    """A regular's form: 30 minutes, and per minute half a possession, 0.2 rebounds and 0.1 assists."""
    rates = {"possessions_used_per_minute": 0.5, "rebounds_per_minute": 0.2, "assists_per_minute": 0.1}
    known = {"player_id": number, "minutes_ewma": 30.0, "missed_in_row": 0}
    return row("features.player_daily_cache", **TONIGHT, **known, **rates) | values


def team(name: str, opponent: str = "GSW", **values: object) -> Row:
    """A team's context."""
    known = {"team_abbr": name, "opponent_team_abbr": opponent}
    return row("analytics.upcoming_team_game_context", **TONIGHT, **known) | values


async def factors(
    process: Process,
    warehouse: Warehouse,
    players: Sequence[Row],
    forms: Sequence[Row],
    teams: Sequence[Row],
    **more: list[Row],
) -> dict[int, Row]:
    """The composite factors by player, made of these rows alone."""
    await load(
        warehouse,
        analytics__upcoming_player_game_context=list(players),
        features__player_daily_cache=list(forms),
        analytics__upcoming_team_game_context=list(teams),
        **more,
    )
    return {row["player_id"]: row for row in await process("player_composite_factors")}


async def test_f36_more_rest_and_fewer_minutes_are_never_more_tired(warehouse: Warehouse, process: Process) -> None:
    """0 for a rested player, 1 for one who played yesterday and 160 minutes in a week; between them it never falls."""
    rests = {"BOS": None, "CHI": 7, "DEN": 3, "LAL": 2, "MIA": 1}
    minutes = (0.0, 40.0, 80.0, 160.0, 200.0)
    numbers = {
        (name, of_week): 10 * place + at for place, name in enumerate(rests) for at, of_week in enumerate(minutes)
    }
    found = await factors(
        process,
        warehouse,
        [player(number, name) for (name, _), number in numbers.items()],
        [form(number, minutes_last_7_days=of_week) for (_, of_week), number in numbers.items()],
        [team(name, days_rest=rest) for name, rest in rests.items()],
    )
    table = [[found[numbers[name, of_week]]["fatigue"] for of_week in minutes] for name in rests]
    assert table[0] == [0, 0.125, 0.25, 0.5, 0.5]
    assert table[3] == [0.25, 0.375, 0.5, 0.75, 0.75]  # 0.5 / 2 days, and 0.5 for 160 minutes or more
    assert table[4] == [0.5, 0.625, 0.75, 1, 1]
    assert all(line == sorted(line) for line in table)
    assert all(list(column) == sorted(column) for column in zip(*table, strict=True))


async def test_f36_a_worse_defence_where_he_scores_raises_the_mismatch(warehouse: Warehouse, process: Process) -> None:
    """His share of points in a zone times what the opponent allows there above the league's; 0 if that is average."""
    shares = {"two_points_share": 0.5, "three_points_share": 0.3, "free_throw_points_share": 0.2}
    allowed = {
        "ATL": (1, 1, 1, 0),
        "CHA": (1.1, 1, 1, 0.05),  # 0.5 x 0.1
        "CHI": (1, 1.1, 1, 0.03),
        "CLE": (1, 1, 1.1, 0.02),
        "DAL": (0.9, 0.9, 0.9, -0.1),
    }
    zones, defence = "features.player_shot_zone_analysis", "features.team_defense_zone_analysis"
    factor = ("two_points_factor", "threes_factor", "free_throws_factor")
    found = await factors(
        process,
        warehouse,
        [player(number, "BOS", name) for number, name in enumerate(allowed)],
        [form(number) for number in range(len(allowed))],
        [team("BOS")],
        features__player_shot_zone_analysis=[
            row(zones, **TONIGHT, player_id=number, **shares) for number in range(len(allowed))
        ],
        features__team_defense_zone_analysis=[
            row(defence, **TONIGHT, team_abbr=name, **dict(zip(factor, values[:3], strict=True)))
            for name, values in allowed.items()
        ],
    )
    expected = [values[3] for values in allowed.values()]
    assert [found[number]["zone_mismatch"] for number in range(len(allowed))] == pytest.approx(expected)


async def test_f36_pace_and_ratings_point_the_right_way(warehouse: Warehouse, process: Process) -> None:
    """A quick opponent quickens the game, a slow one slows it; who scores more and allows less has the larger gap."""
    paces = {"BOS": 100.0, "GSW": 104.0, "UTA": 96.0}
    points = {"BOS": (120, 110), "GSW": (110, 100), "UTA": (105, 115)}
    known = {"game_id": "0022300100", "game_date": YESTERDAY}
    found = await factors(
        process,
        warehouse,
        [player(1, "BOS", "GSW"), player(2, "BOS", "UTA")],
        [form(1), form(2)],
        [team(name) for name in paces],
        analytics__team_offense_game_summary=[
            row(ATTACK, **known, team_abbr=name, pace=pace, possessions=100.0, points=points[name][0])
            for name, pace in paces.items()
        ],
        analytics__team_defense_game_summary=[
            row(DEFENCE, **known, team_abbr=name, possessions_allowed=100.0, points_allowed=points[name][1])
            for name in paces
        ],
    )
    names = ("expected_pace", "pace_factor", "team_offensive_rating", "opponent_defensive_rating", "rating_gap")
    against_quick, against_slow = ([found[number][name] for name in names] for number in (1, 2))
    assert against_quick == [104, 1.04, 120, 100, 0]  # 100 + 104 - 100; (120 - 110) - (110 - 100)
    assert against_slow == [96, 0.96, 120, 115, 20]  # (120 - 110) - (105 - 115)


async def test_f36_an_absent_teammate_leaves_opportunity(warehouse: Warehouse, process: Process) -> None:
    """With the other man out there are minutes, shots, rebounds and assists to be had that used to be his."""
    appeared = {"game_id": "0022300100", "game_date": YESTERDAY, "team_abbr": "BOS"}
    found = await factors(
        process,
        warehouse,
        [player(1), player(2, injury_status="Out"), player(3)],
        [form(1), form(2), form(3, missed_in_row=10)],
        [team("BOS")],
        analytics__team_offense_game_summary=[row(ATTACK, **appeared)],
        analytics__player_game_summary=[
            row("analytics.player_game_summary", **appeared, player_id=number) for number in (1, 2)
        ],
    )
    # The other two play with 1 % and 19 %, and each is worth 30 minutes; one of them was there lately.
    left, taken, returned = found[1], found[2], found[3]
    assert left["teammates_minutes"] == pytest.approx(6)  # 30 x (0.01 + 0.19)
    assert left["teammates_absent_minutes"] == pytest.approx(29.7)  # 30 x 0.99; who missed ten is no recent teammate
    assert left["vacated_minutes"] == pytest.approx(24)  # 30 + 30 there, minus 30 and 6
    assert left["vacated_possessions"] == pytest.approx(12)
    assert left["vacated_rebounds"] == pytest.approx(4.8)
    assert left["vacated_assists"] == pytest.approx(2.4)
    assert taken["vacated_minutes"] == pytest.approx(-3.6)  # 30 + 30 there, minus 30, 0.93 x 30 and 0.19 x 30
    assert (returned["games_with_team_10"], returned["vacated_minutes"]) == (0, None)
    assert [found[number]["rotation_rank"] for number in (1, 3, 2)] == [1, 2, 3]


@pytest.mark.parametrize("inactive_list", ["not known", "known"])
async def test_who_plays_by_list_status_and_absence(warehouse: Warehouse, process: Process, inactive_list: str) -> None:
    """The table of the definitions; somebody ruled out never plays, and shows that the list is known."""
    cases = [
        (status, missed, likely)
        for (listed, status), line in LIKELIHOODS.items()
        if listed == inactive_list
        for missed, likely in zip(MISSED, line, strict=True)
    ]
    out = player(900, injury_status="Out", ruled_out=inactive_list == "known")
    found = await factors(
        process,
        warehouse,
        [player(number, injury_status=case[0]) for number, case in enumerate(cases)] + [out],
        [form(number, missed_in_row=case[1]) for number, case in enumerate(cases)] + [form(900)],
        [team("BOS")],
    )
    assert [found[number]["play_likelihood"] for number in range(len(cases))] == [case[2] for case in cases]
    assert found[900]["play_likelihood"] == (0 if inactive_list == "known" else 0.01)


def test_the_arenas_of_sql_are_those_of_the_registry() -> None:
    """The statement has every arena of the registry, and that one has every team."""
    text = PROCESSORS["upcoming_team_game_context"].select
    assert ARENAS.keys() == TEAMS.keys()
    for team, arena in ARENAS.items():
        row = f"SELECT '{team}' AS team, {arena.latitude} AS latitude, {arena.longitude} AS longitude, "
        assert f"{row}{arena.clock} AS clock" in text


async def test_travel_rest_and_density_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Boston to Los Angeles is 4,170 km and three time zones westward; games are counted by days."""
    await load(
        warehouse,
        raw__games=[
            game(GAME, home="LAL", away="BOS"),
            game("0022300101", SLATE - timedelta(days=2), "BOS", "NYK"),
            game("0022300102", SLATE - timedelta(days=6), "MIA", "BOS"),
        ],
    )
    away, home = await process("upcoming_team_game_context")
    assert (away["team_abbr"], away["days_rest"], away["opponent_days_rest"]) == ("BOS", 2, None)
    assert (away["games_last_4_days"], away["games_last_7_days"], away["games_last_14_days"]) == (1, 2, 2)
    assert away["travel_km"] == pytest.approx(4170, abs=15)
    assert away["clock_shift"] == -3
    assert (home["team_abbr"], home["travel_km"], home["clock_shift"]) == ("LAL", None, None)
