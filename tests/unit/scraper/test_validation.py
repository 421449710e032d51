"""Which box scores are refused, and why."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.scraper.domain.box import Absence, Box, Line
from services.scraper.domain.validation import inconsistency
from services.scraper.domain.wire import Refusal

PLAYER = Line(
    player_id=1,
    player_name="Jo Doe",
    team="NYK",
    starter=True,
    minutes=40.0,
    points=10,
    rebounds=5,
    offensive_rebounds=2,
    defensive_rebounds=3,
    assists=4,
    field_goals_made=4,
    field_goals_attempted=8,
    threes=1,
    threes_attempted=3,
    free_throws_made=1,
    free_throws_attempted=2,
    steals=0,
    blocks=0,
    turnovers=0,
    fouls=0,
    plus_minus=None,
)


def _team(team: str, first_id: int, points: int, players: int = 6) -> tuple[Line, ...]:
    """Players of one team, the first five of them starters; the first has `points`, the others none."""
    return tuple(
        replace(
            PLAYER,
            player_id=first_id + n,
            player_name=f"{team} {n}",
            team=team,
            starter=n < 5,
            points=points if n == 0 else 0,
        )
        for n in range(players)
    )


NYK, BOS = _team("NYK", 10, 60), _team("BOS", 20, 50)
BOX = Box("0022300900", final=True, lines=NYK + BOS, score={"BOS": 50, "NYK": 60})


def _with(**changes: object) -> Box:
    """The box score with its first line (NYK 0 with id 10 and 60 points in 40 minutes) changed."""
    return replace(BOX, lines=(replace(NYK[0], **changes), *NYK[1:], *BOS))  # type: ignore[arg-type]  # any field


def _problem(box: Box, score: tuple[int, int] | None = (60, 50)) -> str | None:
    return inconsistency(box, "NYK", "BOS", score)


@pytest.mark.parametrize("final_score", [(60, 50), None])
@pytest.mark.parametrize("score", [{"NYK": 60, "BOS": 50}, None])
def test_a_consistent_game_passes(final_score: tuple[int, int] | None, score: Mapping[str, int] | None) -> None:
    """With or without a final score, the payload's own or the schedule's, to compare with."""
    assert _problem(replace(BOX, score=score), final_score) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rebounds": 0, "offensive_rebounds": 0, "defensive_rebounds": 0},
        {"rebounds": 3, "offensive_rebounds": 0, "defensive_rebounds": 3},
        {"rebounds": 2, "offensive_rebounds": 2, "defensive_rebounds": 0},
        {"field_goals_made": 8, "field_goals_attempted": 8},
        {"threes": 4, "threes_attempted": 4, "field_goals_made": 4},
        {"free_throws_made": 2},
        {"threes": 0, "threes_attempted": 0, "free_throws_made": 0, "free_throws_attempted": 0},
        {"field_goals_made": 0, "field_goals_attempted": 0, "threes": 0},
        {"assists": 0},
        {"steals": 9, "blocks": 9, "turnovers": 9, "fouls": 6},
        {"player_id": None},
        {"player_id": 11},
        {"player_name": "NYK 1"},
    ],
)
def test_a_line_at_its_bounds_passes(changes: dict[str, object]) -> None:
    """Every part may equal its total, every count may be zero, and one name may belong to two ids."""
    assert _problem(_with(**changes)) is None


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [
        ((70.0, 10.0), None),
        ((10.0, 64.0), None),
        ((46.0, 40.0), None),
        ((34.0, 40.0), None),
        ((46.1, 40.0), "the players of NYK have 246.1 minutes"),
        ((33.9, 40.0), "the players of NYK have 233.9 minutes"),
        ((58.9, 40.0), "the players of NYK have 258.9 minutes"),
        ((59.0, 40.0), None),
        ((65.0, 65.0), None),
        ((0.0, 25.0), "the players of NYK have 185 minutes"),
    ],
)
def test_a_team_plays_whole_games(minutes: tuple[float, float], reason: str | None) -> None:
    """240 minutes and 25 for each overtime, give and take what rounding does: else somebody is missing, or too much."""
    lines = tuple(replace(line, minutes=played) for line, played in zip(NYK, minutes, strict=False))
    assert _problem(replace(BOX, lines=(*lines, *NYK[2:], *BOS))) == reason


def test_a_hundred_and_ten_points_pass() -> None:
    """That is the bound itself."""
    assert _problem(replace(_with(points=110), score=None), (110, 50)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"points": 111}, "NYK 0 (10): 111 points in 40 minutes"),
        ({"minutes": 70.25}, "NYK 0 (10): 60 points in 70.25 minutes"),
        ({"rebounds": 6}, "NYK 0 (10): 6 rebounds, but 2 offensive and 3 defensive"),
        ({"rebounds": 4}, "NYK 0 (10): 4 rebounds, but 2 offensive and 3 defensive"),
        ({"rebounds": 1}, "NYK 0 (10): 1 rebounds, but 2 offensive and 3 defensive"),
        ({"field_goals_made": 9}, "NYK 0 (10): 9 field_goals_made, but 8 field_goals_attempted"),
        ({"threes": 5, "threes_attempted": 6}, "NYK 0 (10): 5 threes, but 4 field_goals_made"),
        ({"threes_attempted": 0}, "NYK 0 (10): 1 threes, but 0 threes_attempted"),
        ({"free_throws_made": 3}, "NYK 0 (10): 3 free_throws_made, but 2 free_throws_attempted"),
        ({"player_id": None, "free_throws_made": 3}, "NYK 0: 3 free_throws_made, but 2 free_throws_attempted"),
        ({"points": 61}, "the players of NYK have 61 points, the team 60"),
        ({"points": 59}, "the players of NYK have 59 points, the team 60"),
        ({"team": "MIA"}, "players of MIA in a game of NYK and BOS"),
        ({"starter": False}, "NYK started 4 players"),
        ({"player_id": 11, "player_name": "NYK 1"}, "NYK 1 (11) is listed 2 times"),
    ],
)
def test_an_inconsistent_line_refuses_the_game(changes: dict[str, object], reason: str) -> None:
    """The reason names the player or team and the figures."""
    assert _problem(_with(**changes)) == reason


@pytest.mark.parametrize(
    "count",
    [
        "points",
        "rebounds",
        "offensive_rebounds",
        "defensive_rebounds",
        "assists",
        "field_goals_made",
        "field_goals_attempted",
        "threes",
        "threes_attempted",
        "free_throws_made",
        "free_throws_attempted",
        "steals",
        "blocks",
        "turnovers",
        "fouls",
    ],
)
def test_no_count_is_below_zero(count: str) -> None:
    """The count is named."""
    assert _problem(_with(**{count: -1})) == f"NYK 0 (10): {count} is below zero"


def test_points_need_not_be_the_sum_of_shots() -> None:
    """Two real rows break 2 FGM + 3PM + FTM: it is no criterion."""
    assert _problem(_with(field_goals_made=5)) is None


def test_strangers_are_named_in_order() -> None:
    """All four of them."""
    strangers = tuple(replace(line, team=team) for line, team in zip(NYK, ("MIA", "ATL", "UTA", "DEN"), strict=False))
    problem = _problem(replace(BOX, lines=strangers + NYK[4:] + BOS))
    assert problem == "players of ATL, DEN, MIA, UTA in a game of NYK and BOS"


@pytest.mark.parametrize(
    ("final_score", "reason"),
    [
        ((60, 51), "the players of BOS have 50 points, the team 51"),
        ((61, 50), "the players of NYK have 60 points, the team 61"),
        ((50, 60), "the players of NYK have 60 points, the team 50"),
    ],
)
def test_the_final_score_of_the_schedule_counts_too(final_score: tuple[int, int], reason: str) -> None:
    """A box score that agrees with itself but not with the final score, home first, is refused."""
    assert _problem(BOX, final_score) == reason


@pytest.mark.parametrize("final_score", [(60, 50), None])
def test_the_score_of_the_payload_counts_too(final_score: tuple[int, int] | None) -> None:
    """Whether or not the schedule has a score; and it must be of the teams that played."""
    assert (
        _problem(replace(BOX, score={"NYK": 60, "BOS": 49}), final_score)
        == "the players of BOS have 50 points, the team 49"
    )
    assert _problem(replace(BOX, score={"NYK": 60, "MIA": 50}), final_score) == "the payload gives no score of BOS"


@pytest.mark.parametrize(
    ("totals", "reason"),
    [
        ({"NYK": {"points": 60, "assists": 24, "minutes": 240}, "BOS": {"fouls": 0}}, None),
        ({"NYK": {"minutes": 241}}, None),
        ({"NYK": {"minutes": 242}}, "the players of NYK have 240 minutes, the team 242"),
        ({"BOS": {"assists": 25}}, "the players of BOS have 24 assists, the team 25"),
        ({"NYK": {}, "BOS": {"points": 50, "fouls": 1}}, "the players of BOS have 0 fouls, the team 1"),
    ],
)
def test_the_totals_of_the_payload_are_its_players_sums(
    totals: Mapping[str, Mapping[str, int]], reason: str | None
) -> None:
    """Each that it gives; minutes, which are rounded, within one."""
    assert _problem(replace(BOX, totals=totals)) == reason


def test_nobody_has_played_and_not() -> None:
    """An absence of a player who has a line contradicts it."""
    absences = (Absence(99, "NYK 9", "NYK", "DNP_COACH"), Absence(11, "NYK 1", "NYK", "INACTIVE_INJURY"))
    assert _problem(replace(BOX, absences=absences)) == "NYK 1 (11) has played and is INACTIVE_INJURY"
    assert _problem(replace(BOX, absences=absences[:1])) is None


def test_five_players_make_a_team_and_four_do_not() -> None:
    """At home as away."""
    five = _team("NYK", 10, 60, players=5) + _team("BOS", 20, 50, players=5)
    assert _problem(replace(BOX, lines=tuple(replace(line, minutes=48.0) for line in five))) is None
    assert _problem(replace(BOX, lines=_team("NYK", 10, 60, players=4) + BOS)) == "4 players of NYK"
    assert _problem(replace(BOX, lines=NYK + _team("BOS", 20, 50, players=4))) == "4 players of BOS"
    assert _problem(replace(BOX, lines=NYK)) == "0 players of BOS"


def test_six_starters_are_one_too_many() -> None:
    """Exactly five start."""
    lines = NYK + tuple(replace(line, starter=True) for line in BOS)
    assert _problem(replace(BOX, lines=lines)) == "BOS started 6 players"


def test_unknown_starters_are_no_problem() -> None:
    """Bulk logs do not say who started; of a team with one unknown nothing can be said."""
    assert _problem(replace(BOX, lines=tuple(replace(line, starter=None) for line in NYK + BOS))) is None
    assert _problem(_with(starter=None)) is None


def test_a_name_without_an_id_is_listed_once() -> None:
    """Three lines of one name are one too many, twice over."""
    lines = tuple(replace(line, player_id=None, player_name="Jo Doe") for line in NYK[:3])
    assert _problem(replace(BOX, lines=lines + NYK[3:] + BOS)) == "Jo Doe is listed 3 times"


def test_f11_an_unreadable_line_refuses_the_game() -> None:
    """A game without one of its players is not a game: it is tried again, not loaded in part."""
    refused = (Refusal("NYK 6", "minutes is None"), Refusal("NYK 7", "no 'assists'"))
    assert _problem(replace(BOX, refused=refused)) == "2 unreadable lines, the first of NYK 6: minutes is None"
