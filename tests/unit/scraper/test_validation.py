"""Which box scores are refused, and why."""

from dataclasses import replace

import pytest

from services.scraper.domain.box import Box
from services.scraper.domain.boxscore import parse_boxscore
from services.scraper.domain.validation import inconsistency
from services.scraper.domain.wire import Refusal
from tests.unit.scraper import wire


def _box() -> Box:
    [box] = parse_boxscore(wire.boxscore()).records
    return box


def _with(**changes: object) -> Box:
    """The box score with its first line (13 points in 30.5 minutes) changed."""
    box = _box()
    return replace(box, lines=(replace(box.lines[0], **changes), *box.lines[1:]))  # type: ignore[arg-type]  # any field


def _problem(box: Box, score: tuple[int, int] | None = (76, 76)) -> str | None:
    return inconsistency(box, "NYK", "BOS", score)


def test_a_consistent_game_passes() -> None:
    """With or without a final score to compare with."""
    assert _problem(_box()) is None
    assert _problem(_box(), None) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"points": 14}, "players of NYK have 77 points, the team 76"),
        ({"points": 111}, "111 points in 30.5 minutes"),
        ({"minutes": 70.5}, "13 points in 70.5 minutes"),
        ({"rebounds": 6}, "6 rebounds, but 2 offensive and 3 defensive"),
        ({"field_goals_made": 9}, "9 field_goals_made, but 8 field_goals_attempted"),
        ({"threes": 4, "threes_attempted": 5}, "4 threes, but 3 field_goals_made"),
        ({"threes_attempted": 0}, "1 threes, but 0 threes_attempted"),
        ({"free_throws_made": 7}, "7 free_throws_made, but 6 free_throws_attempted"),
        ({"steals": -1}, "steals is below zero"),
        ({"team": "MIA"}, "players of MIA in a game of NYK and BOS"),
        ({"starter": False}, "NYK started 4 players"),
        ({"player_id": 5201, "player_name": "Nyk Birch"}, "Nyk Birch (5201) is listed 2 times"),
    ],
)
def test_an_inconsistent_line_refuses_the_game(changes: dict[str, object], reason: str) -> None:
    """The reason names the player or team and the figures."""
    problem = _problem(_with(**changes))
    assert problem is not None
    assert reason in problem


def test_points_need_not_be_the_sum_of_shots() -> None:
    """Two real rows break 2 FGM + 3PM + FTM: it is no criterion."""
    assert _problem(_with(field_goals_made=4)) is None


def test_the_final_score_of_the_schedule_counts_too() -> None:
    """A box score that agrees with itself but not with the final score is refused."""
    problem = _problem(_box(), (76, 77))
    assert problem == "the players of BOS have 76 points, the team 77"


def test_a_handful_of_players_is_no_game() -> None:
    """Fewer than five of a team."""
    box = _box()
    problem = _problem(replace(box, lines=box.lines[4:], score=None), None)
    assert problem == "4 players of NYK"


def test_a_score_of_another_team_is_refused() -> None:
    """The payload's score must be of the teams that played."""
    problem = _problem(replace(_box(), score={"NYK": 76, "MIA": 76}))
    assert problem == "the payload gives no score of BOS"


def test_f11_an_unreadable_line_refuses_the_game() -> None:
    """A game without one of its players is not a game: it is tried again, not loaded in part."""
    problem = _problem(replace(_box(), refused=(Refusal("Nyk Ash", "minutes is None"),)))
    assert problem == "1 unreadable lines, the first of Nyk Ash: minutes is None"


def test_unknown_starters_are_no_problem() -> None:
    """Bulk logs do not say who started."""
    box = _box()
    assert _problem(replace(box, lines=tuple(replace(line, starter=None) for line in box.lines))) is None
