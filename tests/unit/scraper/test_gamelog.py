"""Game logs: a box score for every game of the log."""

from dataclasses import replace
from typing import Any

import pytest

from services.scraper.domain.box import Box
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.nba_stats.leaguegamelog import parse_gamelog
from tests.unit.scraper import wire
from tests.unit.scraper.figures import LINE

LOG: dict[str, Any] = {
    "SEASON_ID": "22023", "PLAYER_ID": 201, "PLAYER_NAME": "Jo Doe", "TEAM_ID": 1610612752, "TEAM_ABBREVIATION": "NYK",
    "TEAM_NAME": "New York Knicks", "GAME_ID": "0022300900", "GAME_DATE": "2024-03-04", "MATCHUP": "NYK vs. BOS",
    "WL": "W", "MIN": 34, "FGM": 11, "FGA": 22, "FG_PCT": 0.5, "FG3M": 5, "FG3A": 13, "FTM": 6, "FTA": 7, "OREB": 4,
    "DREB": 8, "REB": 12, "AST": 9, "STL": 3, "BLK": 2, "TOV": 1, "PF": 10, "PTS": 31, "PLUS_MINUS": -14,
    "FANTASY_PTS": 60.9, "VIDEO_AVAILABLE": 1,
}  # fmt: skip
BOSTON = {"TEAM_ABBREVIATION": "BOS", "TEAM_NAME": "Boston Celtics", "PTS": 30}
LOGGED = replace(LINE, starter=None, minutes=34.0)


def _log(*changes: dict[str, Any], headers: tuple[str, ...] = tuple(LOG)) -> Parsed[Box]:
    rows = [[(LOG | change)[name] for name in headers] for change in changes]
    return parse_gamelog(wire.gamelog(*rows, headers=list(headers)))


@pytest.mark.parametrize("headers", [tuple(LOG), tuple(reversed(LOG))])
def test_a_log_gives_every_figure_of_a_line_by_its_header(headers: tuple[str, ...]) -> None:
    """In whatever order the columns come; starters and scores it has none of, and every game in it is over."""
    assert _log({}, headers=headers) == Parsed((Box("0022300900", final=True, lines=(LOGGED,)),), (), 1)


def test_a_log_has_a_box_score_for_every_game_in_order_of_ids() -> None:
    """The rows of a game come together, in their own order."""
    later, second = {"GAME_ID": "0022300901"}, {"PLAYER_ID": 202, "PLUS_MINUS": None}
    parsed = _log(later, {}, later | second, second)
    assert [(box.game_id, [line.player_id for line in box.lines]) for box in parsed.records] == [
        ("0022300900", [201, 202]),
        ("0022300901", [201, 202]),
    ]
    assert parsed.records[0].lines[1].plus_minus is None
    assert parsed.seen == 4


def test_a_log_row_that_cannot_be_read_stays_with_its_game() -> None:
    """The other rows and games are untouched; a row of no game is refused on its own."""
    parsed = _log(
        {"GAME_ID": "none", "GAME_DATE": "2024-03-05"},
        {"MIN": None},
        {},
        {"GAME_ID": "0022300901", "PLAYER_NAME": None},
        {"GAME_ID": "0022300901", "TEAM_ABBREVIATION": 7},
        {"GAME_ID": "0022300902", "TEAM_ABBREVIATION": "ZZZ", "PLAYER_NAME": "Al Roe"},
        {"GAME_ID": "0022300902", "PLAYER_ID": "201"},
        {"GAME_ID": "0022300902", "AST": 9.5},
        {"GAME_ID": "0022300902", "PLUS_MINUS": "x"},
    )
    assert parsed.records == (
        Box("0022300900", final=True, lines=(LOGGED,), refused=(Refusal("Jo Doe", "minutes is None, not a number"),)),
        Box(
            "0022300901",
            final=True,
            lines=(),
            refused=(
                Refusal("None", "name None or team 'NYK' is not a text"),
                Refusal("Jo Doe", "name 'Jo Doe' or team 7 is not a text"),
            ),
        ),
        Box(
            "0022300902",
            final=True,
            lines=(),
            refused=(
                Refusal("Al Roe", "unknown team 'ZZZ': add its spelling to shared/basketball/identity.py"),
                Refusal("Jo Doe", "PLAYER_ID is '201', not a whole number"),
                Refusal("Jo Doe", "assists is 9.5, not a whole number"),
                Refusal("Jo Doe", "plus_minus is 'x', not a number"),
            ),
        ),
    )
    assert parsed.refused == (Refusal("Jo Doe none", "game id 'none' is not an NBA game id (ten digits, 00x...)"),)
    assert parsed.seen == 9


@pytest.mark.parametrize("game_id", ["none", None, ["0022300900"], 1e9])
def test_f11_a_row_of_no_game_spoils_its_teams_game_of_that_date(game_id: object) -> None:
    """Which misses a line: it would be loaded in part. Nobody else's game is touched."""
    parsed = _log({}, {"TEAM_ABBREVIATION": "BOS", "GAME_ID": "0022300901"}, {"GAME_ID": game_id})
    assert [(box.game_id, len(box.lines), len(box.refused)) for box in parsed.records] == [
        ("0022300900", 1, 1),
        ("0022300901", 1, 0),
    ]
    assert parsed.refused == parsed.records[0].refused


ROW = list(LOG.values())


@pytest.mark.parametrize(
    ("misfit", "spoilt"),
    [
        (ROW[:-1], {"0022300900"}),
        ([*ROW, 0], {"0022300900"}),
        ([22300901 if value == "0022300900" else value for value in ROW[:-1]], {"0022300901"}),
        ([value for value in ROW if value != "0022300900"], {"0022300900"}),
        (ROW[:5], set()),
        (5, set()),
        ({}, set()),
    ],
)
def test_f11_a_row_that_does_not_fit_spoils_the_game_it_names(misfit: Any, spoilt: set[str]) -> None:  # noqa: ANN401 - JSON
    """Or its team's of that date, and no other: what a game lacks that no row names, its sums must show."""
    boston = list((LOG | BOSTON | {"GAME_ID": "0022300901"}).values())
    parsed = parse_gamelog(wire.gamelog(ROW, misfit, boston, headers=[*LOG]))
    assert [(box.game_id, len(box.lines)) for box in parsed.records] == [("0022300900", 1), ("0022300901", 1)]
    assert {box.game_id for box in parsed.records if box.refused} == spoilt
    assert [refusal.reason for refusal in parsed.refused] == ["the row does not fit its headers"]
    assert parsed.seen == 3


TEAM_LOG = {name: value for name, value in LOG.items() if name not in ("PLAYER_ID", "PLAYER_NAME")} | {"MIN": 240}
FIGURES = {
    "points": 31, "rebounds": 12, "offensive_rebounds": 4, "defensive_rebounds": 8, "assists": 9,
    "field_goals_made": 11, "field_goals_attempted": 22, "threes": 5, "threes_attempted": 13,
    "free_throws_made": 6, "free_throws_attempted": 7, "steals": 3, "blocks": 2, "turnovers": 1, "fouls": 10,
}  # fmt: skip


def _team_log(*changes: dict[str, Any]) -> Parsed[Box]:
    return parse_gamelog(wire.gamelog(*[list((TEAM_LOG | change).values()) for change in changes], headers=[*TEAM_LOG]))


def test_a_log_of_teams_gives_scores_and_totals() -> None:
    """One record per game, without lines; it is told by its columns."""
    assert _team_log(BOSTON, {}) == Parsed(
        (
            Box(
                "0022300900",
                final=True,
                lines=(),
                score={"NYK": 31, "BOS": 30},
                totals={"NYK": FIGURES, "BOS": FIGURES | {"points": 30}},
            ),
        ),
        (),
        2,
    )


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (({},), [("0022300900", "has readable lines of NYK")]),
        (({}, BOSTON, BOSTON | {"TEAM_ABBREVIATION": "MIA"}), [("0022300900", "has readable lines of NYK, BOS, MIA")]),
        (
            ({}, BOSTON, {"PTS": 32}),
            [
                ("NYK 0022300900", "NYK is listed twice, not with the same figures"),
                ("0022300900", "has readable lines of BOS"),
            ],
        ),
        (
            ({"PTS": "31"}, BOSTON),
            [
                ("NYK 0022300900", "points is '31', not a whole number"),
                ("0022300900", "has readable lines of BOS"),
            ],
        ),
    ],
)
def test_f11_a_game_has_two_teams(rows: tuple[dict[str, Any], ...], refused: list[tuple[str, str]]) -> None:
    """Another number of them, or two versions of one, refuses that game alone."""
    other = ({"GAME_ID": "0022300901"}, BOSTON | {"GAME_ID": "0022300901"})
    parsed = _team_log(*rows, *other)
    assert [box.game_id for box in parsed.records] == ["0022300901"]
    assert [(refusal.record, refusal.reason) for refusal in parsed.refused] == refused


def test_f17_a_numeric_game_id_gets_its_zeros_back() -> None:
    """As a column of numbers loses them."""
    assert _log({"GAME_ID": 22300900}).records[0].game_id == "0022300900"


def test_f30_a_log_without_a_column_is_a_fault_that_names_it() -> None:
    """A renamed column is not 27,000 empty rows."""
    headers = tuple(name for name in LOG if name not in ("MIN", "PTS"))
    with pytest.raises(Fault, match=r"^result set LeagueGameLog lacks MIN, PTS$"):
        _log({}, headers=headers)
