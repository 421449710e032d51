from datetime import date
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from cli import show
from cli.progress import NightProgress, SeasonProgress
from tests.unit.client.coordinator import run as shown


def printed(table: Table) -> str:
    """The table as text."""
    console = Console(width=160, record=True, quiet=False, file=None, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def prediction(**changes: object) -> dict[str, Any]:
    """A prediction as the API shows it."""
    return {
        "game_id": "0022400001", "player_name": "Ann One", "team_abbr": "BOS", "opponent_team_abbr": "PHI",
        "is_home": True, "tip_utc": "2024-11-02T00:00:00+00:00", "injury_status": None, "mean": 12.34, "q10": 5.2,
        "q90": 20.9, "line": None, "p_over": None, "voided": None, "actual": None, "system": "moving_average",
        "shadow": False, "p_market": None, "edge": None, "recommendation": "no_line", "pass_reason": None,
        "book": None, "over_price": None, "under_price": None, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(("is_home", "expected"), [(True, "BOS vs PHI 20:00"), (False, "BOS @ PHI 20:00")])
def test_matchup_has_the_players_team_first_and_eastern_time(is_home: bool, expected: str) -> None:  # noqa: FBT001 - a case
    """A tip-off at midnight UTC is 20:00 Eastern in summer time."""
    assert show.matchup(prediction(is_home=is_home)) == expected


def test_f14_prediction_without_a_line_shows_none() -> None:
    """Without a real line the columns of line and P(over) stay empty: no placeholder is printed."""
    row = printed(show.predictions_table([prediction()], "points")).splitlines()[-1]
    assert row.split() == ["Ann", "One", "BOS", "vs", "PHI", "20:00", "12.3", "5", "-", "21"]


def test_f31_zero_is_a_number() -> None:
    """A line, a probability and an outcome of zero are printed as zeros."""
    row = printed(show.predictions_table([prediction(line=0.0, p_over=0.0, actual=0.0, voided=False)], "points"))
    assert row.splitlines()[-1].split()[-4:] == ["0", "0", "%", "0"]


LINED = {"line": 11.5, "p_over": 0.6, "p_market": 0.52, "edge": 0.08, "book": "betmgm", "over_price": 105.0}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"recommendation": "over"}, "over +105 betmgm"),
        ({"recommendation": "under", "under_price": -125.0}, "under -125 betmgm"),
        ({"recommendation": "pass", "pass_reason": "few books"}, "pass: few books"),
        ({"recommendation": "no_line"}, ""),
        ({"recommendation": None}, ""),  # published before there were recommendations
    ],
)
def test_a_pick_names_price_and_book_and_a_pass_its_reason(changes: dict[str, Any], expected: str) -> None:
    """What to do, at which price and where; or why nothing."""
    assert show.pick(prediction(**LINED, **changes)) == expected


def test_the_edge_is_shown_beside_the_market() -> None:
    """Both probabilities and their difference; systems only where there are several, one on trial marked."""
    made = prediction(**LINED, recommendation="pass", pass_reason="few books")
    row = printed(show.predictions_table([made], "points")).splitlines()[-1]
    assert row.split()[-9:] == ["60", "%", "52", "%", "+8", "%", "pass:", "few", "books"]
    both = printed(show.predictions_table([made, prediction(system="boosted", shadow=True)], "points"))
    assert "boosted (shadow)" in both
    assert "moving_average" in both


def test_prediction_shows_status_line_and_outcome() -> None:
    """An injury status follows the name; a void prediction says that the player did not play."""
    table = show.predictions_table(
        [prediction(injury_status="Questionable", line=11.5, p_over=0.534, voided=True)], "points"
    )
    row = printed(table).splitlines()[-1]
    assert row.startswith("Ann One (Questionable)")
    assert row.split()[-6:] == ["11.5", "53", "%", "did", "not", "play"]


def test_accuracy_without_a_baseline_leaves_it_empty() -> None:
    """On a season's first night there is no season-to-date mean: its column is empty, not zero."""
    graded = {"system": "boosted", "n": 3, "mae": 4.0, "season_to_date_mae": None, "coverage_80": 2 / 3}
    assert printed(show.accuracy_table({"points": graded})).splitlines()[-1].split() == [
        "points",
        "3",
        "4.00",
        "67",
        "%",
    ]


def test_reasons_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Why nights are not complete is told per night and step."""
    show.reasons([{"game_date": "2024-11-16", "reasons": {"injuries": "espn: HTTP 503", "lines": "empty"}}])
    assert capsys.readouterr().out.splitlines() == ["2024-11-16 injuries: espn: HTTP 503", "2024-11-16 lines: empty"]


def test_progress_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Piped output has no progress bars."""
    run = shown(date(2024, 11, 16), "complete", {"schedule": "done"})
    with NightProgress("night of") as night, SeasonProgress("replay", 2) as season:
        night(run)
        season(run)
    assert capsys.readouterr() == ("", "")
