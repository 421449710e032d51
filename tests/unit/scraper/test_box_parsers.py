"""The three sources of box scores give the same lines."""

from dataclasses import replace

import pytest

from services.scraper.domain.balldontlie import parse_box_scores
from services.scraper.domain.box import Box
from services.scraper.domain.boxscore import parse_boxscore
from services.scraper.domain.gamelog import parse_gamelog
from services.scraper.domain.wire import Fault
from tests.unit.scraper import wire


def _cdn(body: bytes) -> Box:
    [box] = parse_boxscore(body).records
    return box


def test_the_three_sources_agree_on_a_game() -> None:
    """But for what a source lacks (ids, starters, plus-minus, seconds), the lines are equal."""
    cdn = _cdn(wire.boxscore())
    [log] = parse_gamelog(wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS"))).records
    [bdl] = parse_box_scores(wire.bdl(wire.bdl_game())).records
    assert len(cdn.lines) == 16
    assert [replace(line, starter=None, minutes=30.0) for line in cdn.lines] == list(log.lines)
    assert [replace(line, player_id=None, plus_minus=None) for line in log.lines] == list(bdl.lines)
    assert cdn.score == bdl.score == {"NYK": 76, "BOS": 76}
    assert cdn.game_id == log.game_id == wire.BOS_AT_NYK


def test_cdn_starters_and_seconds() -> None:
    """The CDN says who started, and minutes to the second."""
    lines = _cdn(wire.boxscore()).lines
    assert [line.starter for line in lines[:8]] == [True] * 5 + [False] * 3
    assert lines[0].minutes == 30.5


def test_cdn_players_who_did_not_play_are_no_lines() -> None:
    """Listed but inactive is not played; played for no time at all is."""
    players = [wire.cdn_player("NYK", 0, played="0"), wire.cdn_player("NYK", 1, minutes="PT00M00.00S")]
    box = _cdn(wire.boxscore(home=wire.cdn_team("NYK", players)))
    assert [(line.player_name, line.minutes) for line in box.lines if line.team == "NYK"] == [("Nyk Birch", 0.0)]


@pytest.mark.parametrize(
    "changes",
    [
        {"minutes": "30 min"},
        {"points": None},
        {"assists": "two"},
        {"personId": None},
        {"statistics": {"minutes": "1:00"}},
    ],
)
def test_f11_an_unreadable_line_is_refused_by_name(changes: dict[str, object]) -> None:
    """It is not loaded with nulls, and the rest of the lines are read."""
    players = [wire.cdn_player("NYK", 0, **changes), wire.cdn_player("NYK", 1)]
    box = _cdn(wire.boxscore(home=wire.cdn_team("NYK", players)))
    assert [refusal.record for refusal in box.refused] == ["Nyk Ash"]
    assert len(box.lines) == 9


def test_a_missing_plus_minus_is_null() -> None:
    """It is the one figure that sources lack."""
    box = _cdn(wire.boxscore(home=wire.cdn_team("NYK", [wire.cdn_player("NYK", 0, plusMinusPoints=None)])))
    assert box.lines[0].plus_minus is None


@pytest.mark.parametrize("status", [1, 2])
def test_f18_a_game_under_way_is_not_final(status: int) -> None:
    """Its lines are there and must not be loaded."""
    assert not _cdn(wire.boxscore(status=status)).final
    assert not parse_box_scores(wire.bdl(wire.bdl_game(status="3rd Qtr"))).records[0].final


@pytest.mark.parametrize(
    "body", [b"{}", b'{"game": {}}', b'{"game": {"gameId": "1", "gameStatus": 3}}', b"[]", b'{"game": {"gameId": 7}}']
)
def test_what_is_no_box_score_is_a_fault(body: bytes) -> None:
    """It is asked for again."""
    with pytest.raises(Fault):
        parse_boxscore(body)


def test_a_log_is_read_by_its_headers() -> None:
    """Columns may come in any order."""
    turned = [list(reversed(row)) for row in wire.log_of(wire.BOS_AT_NYK, "NYK")]
    [box] = parse_gamelog(wire.gamelog(*turned, headers=wire.LOG_HEADERS[::-1])).records
    [straight] = parse_gamelog(wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK"))).records
    assert box == straight


def test_a_log_row_that_cannot_be_read_stays_with_its_game() -> None:
    """The game has one refusal; the other game is untouched; a row of no game is refused on its own."""
    rows = [
        wire.log_row(wire.BOS_AT_NYK, "NYK", 0, MIN=None),
        wire.log_row(wire.BOS_AT_NYK, "NYK", 1),
        wire.log_row(wire.LAL_AT_DEN, "DEN", 0),
        wire.log_row(wire.LAL_AT_DEN, "LAL", 0, PLAYER_NAME=None),
        wire.log_row("none", "DEN", 2),
    ]
    parsed = parse_gamelog(wire.gamelog(*rows))
    assert {box.game_id: (len(box.lines), len(box.refused)) for box in parsed.records} == {
        wire.BOS_AT_NYK: (1, 1),
        wire.LAL_AT_DEN: (1, 1),
    }
    assert len(parsed.refused) == 1


def test_f30_a_log_without_a_column_is_a_fault_that_names_it() -> None:
    """A renamed column is not 27,000 empty rows."""
    headers = ["MINUTES" if name == "MIN" else name for name in wire.LOG_HEADERS]
    with pytest.raises(Fault, match="lacks MIN"):
        parse_gamelog(wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK"), headers=headers))


@pytest.mark.parametrize(
    "payload",
    [
        {"resultSets": []},
        {"resultSets": [{"name": "LeagueGameLog", "headers": wire.LOG_HEADERS, "rowSet": [[1, 2]]}]},
        {"resultSets": {}},
    ],
)
def test_a_broken_result_set_is_a_fault(payload: object) -> None:
    """No such set, or rows that do not fit the headers."""
    with pytest.raises(Fault):
        parse_gamelog(wire.body(payload))


def test_balldontlie_players_with_zero_minutes_and_zeros_did_not_play() -> None:
    """Without any figure "00" is absence; with one it is less than a minute."""
    zeros = dict.fromkeys(("fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk"), 0)
    absent = wire.bdl_player("NYK", 0, min="00", turnover=0, pf=0, pts=0, **zeros)
    brief = wire.bdl_player("NYK", 1, min="00", turnover=0, pts=0, **{**zeros, "pf": 1})
    [box] = parse_box_scores(wire.bdl(wire.bdl_game(home=[absent, brief]))).records
    assert [line.player_name for line in box.lines if line.team == "NYK"] == ["Nyk Birch"]


def test_a_bad_balldontlie_game_costs_no_other() -> None:
    """A game of an unknown team is refused, its neighbour is read; a bad line is refused by name."""
    strange = wire.bdl_game() | {"home_team": {"abbreviation": "XXX", "players": []}, "id": 7}
    good = wire.bdl_game(home=[wire.bdl_player("NYK", 0, min="all"), 5])  # type: ignore[list-item]  # a broken entry
    parsed = parse_box_scores(wire.bdl(strange, good))
    assert [refusal.record for refusal in parsed.refused] == ["7"]
    assert [refusal.record for refusal in parsed.records[0].refused] == ["Nyk Ash", "5"]


def test_an_empty_balldontlie_answer_is_seen_as_empty() -> None:
    """A date without games."""
    assert parse_box_scores(wire.bdl()).seen == 0
