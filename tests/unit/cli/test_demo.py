"""The screen that a demo ends with."""

from typing import Any

import pytest

from cli.demo import EDGES, best_edges, screen
from devstack.demo import Demo

Row = dict[str, Any]


def test_the_screen_fits_a_terminal_of_eighty_columns() -> None:
    """With the longest names, books and reasons it has at most 24 lines, none wider than 80."""
    lines = list(screen(_demo([_row(n) for n in range(300)]), 15, products=False))
    assert len(lines) <= 24
    assert [line for line in lines if len(line) > 80] == []


def test_reasons_are_whole() -> None:
    """What moved a forecast is left out rather than cut."""
    [line] = [line for line in screen(_demo([_row(1)]), 1, products=False) if "boosted: " in line]
    assert line == "  boosted: rate x minutes 21.8, teammates absent minutes +0.4"


def test_the_best_edges_are_one_a_player_the_largest_first() -> None:
    """His markets move together; what is passed is no edge, and an under counts as an over does."""
    rows = [
        _row(1) | {"edge": 0.04},
        _row(1) | {"edge": 0.09, "market": "points"},
        _row(1) | {"edge": 0.005, "market": "threes"},  # his worst pick says nothing of his best
        _row(2) | {"edge": -0.11, "recommendation": "under"},
        _row(3) | {"edge": 0.50, "recommendation": "pass"},
        _row(4) | {"edge": None, "recommendation": "no_line"},
        *(_row(n) | {"edge": 0.01} for n in range(5, 9)),
    ]
    best = best_edges(rows)
    assert [row["edge"] for row in best] == [-0.11, 0.09, 0.01, 0.01, 0.01]
    assert len(best) == EDGES


def test_an_under_s_chance_is_its_own() -> None:
    """What is neither over nor a push; the price is the under's."""
    under = _row(1) | {"recommendation": "under", "p_over": 0.3, "p_push": 0.1, "under_price": 105.0, "edge": -0.08}
    [line] = [each for each in screen(_demo([under]), 1, products=False) if "+105" in each]
    assert "60 %" in line
    assert "+8 %" in line


def test_a_night_without_an_edge_says_so() -> None:
    """No pick, nothing to explain."""
    lines = list(screen(_demo([_row(1) | {"recommendation": "pass"}]), 1, products=False))
    assert "No edge tonight: every line was passed" in lines
    assert not [line for line in lines if line.startswith("Why")]


@pytest.mark.parametrize(("different", "said"), [(0, "All 100 predictions are the same"), (3, "3 predictions DIFFER")])
def test_the_storm_says_whether_anything_differs(different: int, said: str) -> None:
    """Not a promise: what was found."""
    text = "\n".join(screen(_demo([_row(1)], different=different), 1, products=False))
    assert said in text
    assert "33 of 100 requests failed (33 %)" in text


def test_a_push_is_neither_won_nor_lost() -> None:
    """Only what was settled counts; a player who did not play settles nothing."""
    rows = [
        _row(1) | {"actual": 30.0},
        _row(2) | {"actual": 24.5},
        _row(3) | {"actual": None},
        _row(4) | {"actual": 20.0},
    ]
    assert any("1 of 2 picks won" in line for line in screen(_demo(rows), 1, products=False))


def test_the_product_s_home_is_not_offered_a_stack() -> None:
    """There, commands speak of the product."""
    text = "\n".join(screen(_demo([_row(1)]), 1, products=True))
    assert "TIPOFF_HOME" in text
    assert "dev up" not in text


def _demo(rows: list[Row], *, different: int = 0) -> Demo:
    night = {
        "game_date": "2024-11-21", "status": "complete", "graded": 12_345, "voided": 12_345,
        "accuracy": {"points": {"mae": 4.301, "season_to_date_mae": 4.565}},
    }  # fmt: skip
    storm = {"requests": 100, "failed": 33, "predictions": 100, "different": different}
    return Demo({"mode": "overnight", "nights": [night]}, rows, storm)


def _row(player: int) -> Row:
    drivers = '[["rate_x_minutes", 21.8], ["teammates_absent_minutes", 0.4], ["opponent_defensive_rating", -0.3]]'
    return {
        "player_id": player, "player_name": "Shai Gilgeous-Alexander-Longname III", "team_abbr": "OKC",
        "market": "rebounds", "system": "boosted", "recommendation": "over", "line": 24.5, "book": "williamhill_us",
        "over_price": -119.0, "under_price": -105.0, "p_over": 0.61, "p_push": 0.0, "p_market": 0.52,
        "edge": 0.09, "mean": 26.1, "q10": 17.0, "q90": 36.0, "drivers": drivers, "actual": None, "voided": None,
    }  # fmt: skip
