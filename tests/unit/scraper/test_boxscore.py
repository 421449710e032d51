"""Box scores of the CDN, and what all three sources' lines have in common."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.scraper.domain.box import COUNTS, Absence, Box, counts, optional_number
from services.scraper.domain.wire import BadRecord, Fault, Parsed, Refusal
from services.scraper.sources.nba_cdn.boxscore import parse_boxscore
from tests.unit.scraper import wire
from tests.unit.scraper.figures import LINE


def test_a_reason_names_the_player_and_his_id() -> None:
    """Without an id the name must do; an id of 0 is an id."""
    assert LINE.who == "Jo Doe (201)"
    assert replace(LINE, player_id=0).who == "Jo Doe (0)"
    assert replace(LINE, player_id=None).who == "Jo Doe"


def test_a_box_score_without_more_has_no_refusals_and_no_score() -> None:
    """Bulk logs give neither."""
    box = Box("0022300900", final=True, lines=())
    assert (box.refused, box.score) == ((), None)


def test_counts_are_read_in_the_order_of_the_columns() -> None:
    """The fifteen counting statistics, each from its own field."""
    keys = tuple("abcdefghijklmno")
    record = {key: number for number, key in enumerate(keys, start=1)} | {"z": 99}
    assert counts(record, keys) == {
        "points": 1,
        "rebounds": 2,
        "offensive_rebounds": 3,
        "defensive_rebounds": 4,
        "assists": 5,
        "field_goals_made": 6,
        "field_goals_attempted": 7,
        "threes": 8,
        "threes_attempted": 9,
        "free_throws_made": 10,
        "free_throws_attempted": 11,
        "steals": 12,
        "blocks": 13,
        "turnovers": 14,
        "fouls": 15,
    }
    assert len(COUNTS) == 15
    with pytest.raises(BadRecord, match=r"^no 'c'$"):
        counts({key: 1 for key in keys if key != "c"}, keys)
    with pytest.raises(BadRecord, match=r"^o is None, not a whole number$"):
        counts(record | {"o": None}, keys)
    with pytest.raises(ValueError, match="zip"):
        counts(record, (*keys, "z"))


def test_a_plus_minus_may_be_missing() -> None:
    """Null is none, zero is zero, a text is refused by name."""
    assert optional_number(None) is None
    assert optional_number(0) == 0.0
    assert optional_number(-3.5) == -3.5
    with pytest.raises(BadRecord, match=r"^plus_minus is '-3', not a number$"):
        optional_number("-3")


def _cdn_player(**changes: object) -> wire.Json:
    """LINE as the CDN writes it."""
    statistics: wire.Json = {
        "assists": 9,
        "blocks": 2,
        "blocksReceived": 40,
        "fieldGoalsAttempted": 22,
        "fieldGoalsMade": 11,
        "foulsDrawn": 41,
        "foulsPersonal": 10,
        "freeThrowsAttempted": 7,
        "freeThrowsMade": 6,
        "minutes": "PT34M12.00S",
        "minutesCalculated": "PT42M",
        "plusMinusPoints": -14.0,
        "points": 31,
        "reboundsDefensive": 8,
        "reboundsOffensive": 4,
        "reboundsTotal": 12,
        "steals": 3,
        "threePointersAttempted": 13,
        "threePointersMade": 5,
        "turnovers": 1,
        "turnoversTotal": 43,
    }
    entry: wire.Json = {"personId": 201, "name": "Jo Doe", "nameI": "J. Doe", "starter": "1", "played": "1"}
    for key, value in changes.items():
        (statistics if key in statistics else entry)[key] = value
    return {"statistics": statistics, **entry}


def _cdn(*home: object, away: tuple[object, ...] = (), status: object = 3, **changes: object) -> Parsed[Box]:
    sides = {"homeTeam": ("NYK", 101, home), "awayTeam": ("BOS", 99, away)}
    teams = {
        side: {"teamTricode": team, "score": score, "players": list(players)}
        for side, (team, score, players) in sides.items()
    }
    game = {"gameId": wire.BOS_AT_NYK, "gameStatus": status, **teams, **changes}
    return parse_boxscore(wire.body({"meta": {"time": "2024-03-04T23:24:13-05:00"}, "game": game}))


def test_the_cdn_gives_every_figure_of_a_line() -> None:
    """Home and away, with the game's id and score, and the payload's stamp."""
    parsed = _cdn(_cdn_player(), away=(_cdn_player(personId=202, name="Al Roe", starter="0", points=30),))
    assert parsed == Parsed(
        records=(
            Box(
                game_id="0022300900",
                final=True,
                lines=(
                    LINE,
                    replace(LINE, player_id=202, player_name="Al Roe", team="BOS", starter=False, points=30),
                ),
                refused=(),
                score={"NYK": 101, "BOS": 99},
                totals={"NYK": {}, "BOS": {}},
            ),
        ),
        refused=(),
        seen=2,
        stamp=datetime(2024, 3, 5, 4, 24, 13, tzinfo=UTC),
    )


@pytest.mark.parametrize("played", ["0", 0, False])
@pytest.mark.parametrize("minutes", [None, "", "PT00M00.00S", "PT00M"])
def test_who_is_listed_but_did_not_play_is_an_absence(played: object, minutes: object) -> None:
    """With the reason that the payload gives; no line and no refusal."""
    why = {"status": "INACTIVE", "notPlayingReason": "INACTIVE_INJURY", "notPlayingDescription": "Sore Knee"}
    absent = _cdn_player(personId=202, name="Al Roe", played=played, minutes=minutes, starter="0", **why)
    [box] = _cdn(absent, _cdn_player()).records
    assert (box.lines, box.refused) == ((LINE,), ())
    assert box.absences == (Absence(202, "Al Roe", "NYK", "INACTIVE_INJURY", "Sore Knee"),)


@pytest.mark.parametrize(
    ("why", "reason"),
    [({"status": "ACTIVE", "notPlayingReason": None}, "ACTIVE"), ({"notPlayingReason": " "}, "did not play")],
)
def test_an_absence_without_a_reason_has_its_status(why: wire.Json, reason: str) -> None:
    """And without that the fact alone."""
    [box] = _cdn(_cdn_player(played="0", minutes=None, **why)).records
    assert [(absence.reason, absence.description) for absence in box.absences] == [(reason, None)]


@pytest.mark.parametrize("unclear", [None, "", "2", 2, "true", [], 0.5])
@pytest.mark.parametrize("key", ["played", "starter"])
def test_f11_a_flag_of_another_type_refuses_the_player(key: str, unclear: object) -> None:
    """Read as no it would lose him, or a starter, without a word."""
    [box] = _cdn(_cdn_player(**{key: unclear})).records
    assert (box.lines, box.absences, [refusal.record for refusal in box.refused]) == ((), (), ["Jo Doe"])
    assert box.refused[0].reason == f"{key} is {unclear!r}, neither yes nor no"


def test_who_did_not_play_has_no_minutes() -> None:
    """A payload that says both contradicts itself."""
    [box] = _cdn(_cdn_player(played="0", minutes="PT01M00.00S")).records
    assert box.refused == (Refusal("Jo Doe", "has not played, but PT01M00.00S"),)


def test_what_the_team_has_as_a_whole_is_kept() -> None:
    """Its own rebounds are not counted, a null says nothing, and its minutes are whole ones."""
    team = {"minutes": "PT240M00.00S", "points": 101, "assists": None, "reboundsTotal": 60, "reboundsPersonal": 50}
    side = {"teamTricode": "NYK", "score": 101, "players": [], "statistics": team}
    totals = _cdn(homeTeam=side).records[0].totals
    assert totals == {"NYK": {"minutes": 240, "points": 101, "rebounds": 50}, "BOS": {}}


@pytest.mark.parametrize(
    ("statistics", "reason"),
    [([1], "the team's statistics are [1]"), ({"assists": "9"}, "the team's assists is '9', not a whole number")],
)
def test_totals_of_another_type_are_a_fault(statistics: object, reason: str) -> None:
    """They are not taken for absent."""
    side = {"teamTricode": "NYK", "score": 101, "players": [], "statistics": statistics}
    with pytest.raises(Fault) as raised:
        _cdn(homeTeam=side)
    assert str(raised.value) == f"not a box score: {reason}"


@pytest.mark.parametrize("yes", ["1", 1, True])
def test_played_and_started_come_as_text_number_or_truth(yes: object) -> None:
    """The CDN has written all three."""
    assert _cdn(_cdn_player(played=yes, starter=yes)).records[0].lines == (LINE,)


@pytest.mark.parametrize("no", ["0", 0, False])
def test_a_substitute_comes_as_text_number_or_truth(no: object) -> None:
    """The same of no."""
    assert _cdn(_cdn_player(starter=no)).records[0].lines == (replace(LINE, starter=False),)


def test_no_time_played_is_played() -> None:
    """Zero minutes are a line; a missing plus-minus is null."""
    line = replace(LINE, minutes=0.0, plus_minus=None)
    assert _cdn(_cdn_player(minutes="PT00M00.00S", plusMinusPoints=None)).records[0].lines == (line,)


def test_names_are_stripped() -> None:
    """Spaces around a name are no part of it."""
    assert _cdn(_cdn_player(name=" Jo Doe ")).records[0].lines == (LINE,)


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (_cdn_player(minutes="30 min"), Refusal("Jo Doe", "minutes is '30 min', in no known spelling")),
        (_cdn_player(points=None), Refusal("Jo Doe", "points is None, not a whole number")),
        (_cdn_player(assists="two"), Refusal("Jo Doe", "assists is 'two', not a whole number")),
        (_cdn_player(personId=None), Refusal("Jo Doe", "personId is None, not a whole number")),
        (_cdn_player(name=""), Refusal("201", "name is '', not a text")),
        (_cdn_player(plusMinusPoints="1"), Refusal("Jo Doe", "plus_minus is '1', not a number")),
        (_cdn_player() | {"statistics": {}}, Refusal("Jo Doe", "no 'minutes'")),
        (_cdn_player() | {"statistics": {"minutes": "1:00"}}, Refusal("Jo Doe", "no 'points'")),
        ({"name": "Jo Doe", "played": "1"}, Refusal("Jo Doe", "no 'statistics'")),
        ({"name": "Jo Doe", "played": "1", "statistics": {}}, Refusal("Jo Doe", "no 'personId'")),
        (5, Refusal("5", "not an object where 'statistics' is expected")),
    ],
)
def test_f11_an_unreadable_line_of_the_cdn_is_refused_by_name(entry: object, refusal: Refusal) -> None:
    """It is not loaded with nulls, and the lines after it are read."""
    parsed = _cdn(entry, _cdn_player(), away=(_cdn_player(personId=202),))
    [box] = parsed.records
    assert [line.player_id for line in box.lines] == [201, 202]
    assert box.refused == (refusal,)
    assert (parsed.refused, parsed.seen) == ((), 3)


@pytest.mark.parametrize("status", [1, 2, 4, 0])
def test_f18_a_game_under_way_is_not_final(status: int) -> None:
    """Its lines are there and must not be loaded; before tip-off it has none, and the answer is not empty."""
    parsed = _cdn(_cdn_player(), status=status)
    assert (parsed.records[0].final, parsed.records[0].lines) == (False, (LINE,))
    assert parsed.seen == 1
    assert _cdn(_cdn_player(played="0", minutes=None), status=status).seen == 1


def test_a_final_game_without_a_line_is_an_empty_answer() -> None:
    """The upstream has not filled it in yet."""
    parsed = _cdn(_cdn_player(played="0", minutes=None))
    assert (parsed.records[0].final, parsed.seen) == (True, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gameId": "7"}, "not a box score: game id '7' is not an NBA game id (ten digits, 00x...)"),
        ({"gameStatus": "3"}, "not a box score: gameStatus is '3', not a whole number"),
        ({"homeTeam": 5}, "not a box score: not an object where 'teamTricode' is expected"),
        ({"homeTeam": {"teamTricode": ""}}, "not a box score: teamTricode is '', not a text"),
        (
            {"awayTeam": {"teamTricode": "ZZZ"}},
            "not a box score: unknown team 'ZZZ': add its spelling to shared/basketball/identity.py",
        ),
        ({"homeTeam": {"teamTricode": "NYK"}}, "not a box score: no 'score'"),
        (
            {"homeTeam": {"teamTricode": "NYK", "score": "101"}},
            "not a box score: homeTeam score is '101', not a whole number",
        ),
        (
            {"awayTeam": {"teamTricode": "BOS", "score": None}},
            "not a box score: awayTeam score is None, not a whole number",
        ),
        ({"homeTeam": {"teamTricode": "NYK", "score": 1}}, "the payload has no 'players'"),
    ],
)
def test_what_is_no_box_score_is_a_fault(changes: dict[str, object], message: str) -> None:
    """It is asked for again, and the reason says what is wrong with it."""
    with pytest.raises(Fault) as raised:
        _cdn(**changes)  # type: ignore[arg-type]  # fields of the game
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)


@pytest.mark.parametrize(
    ("body", "missing"),
    [(b"{}", "game"), (b'{"game": {}}', "gameId"), (b'{"game": {"gameId": 22300900}}', "gameStatus")],
)
def test_a_field_that_a_box_score_lacks_is_named(body: bytes, missing: str) -> None:
    """The first one missed."""
    with pytest.raises(Fault, match=rf"^not a box score: no '{missing}'$"):
        parse_boxscore(body)
