"""The three sources of box scores, each figure of a line with a value of its own."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.domain.balldontlie import parse_box_scores
from services.scraper.domain.box import COUNTS, Box, Line, counts, optional_number
from services.scraper.domain.boxscore import parse_boxscore
from services.scraper.domain.gamelog import parse_gamelog
from services.scraper.domain.wire import BadRecord, Fault, Parsed, Refusal
from tests.unit.scraper import wire

LINE = Line(
    player_id=201,
    player_name="Jo Doe",
    team="NYK",
    starter=True,
    minutes=34.2,
    points=31,
    rebounds=12,
    offensive_rebounds=4,
    defensive_rebounds=8,
    assists=9,
    field_goals_made=11,
    field_goals_attempted=22,
    threes=5,
    threes_attempted=13,
    free_throws_made=6,
    free_throws_attempted=7,
    steals=3,
    blocks=2,
    turnovers=1,
    fouls=10,
    plus_minus=-14.0,
)
ABBREVIATIONS = (
    "pts",
    "reb",
    "oreb",
    "dreb",
    "ast",
    "fgm",
    "fga",
    "fg3m",
    "fg3a",
    "ftm",
    "fta",
    "stl",
    "blk",
    "turnover",
    "pf",
)
"""BallDontLie's names of the counts, in the order of the table's columns."""


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


# --- the CDN --------------------------------------------------------------------------------------------------------


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
            ),
        ),
        refused=(),
        seen=2,
        stamp=datetime(2024, 3, 5, 4, 24, 13, tzinfo=UTC),
    )


@pytest.mark.parametrize("played", ["0", 0, False, None, "", "2", 2])
def test_who_is_listed_but_did_not_play_is_no_line(played: object) -> None:
    """And is no refusal, whatever his other figures are."""
    [box] = _cdn(_cdn_player(played=played, minutes=None), _cdn_player()).records
    assert (box.lines, box.refused) == ((LINE,), ())


@pytest.mark.parametrize("yes", ["1", 1, True])
def test_played_and_started_come_as_text_number_or_truth(yes: object) -> None:
    """The CDN has written all three."""
    assert _cdn(_cdn_player(played=yes, starter=yes)).records[0].lines == (LINE,)


@pytest.mark.parametrize("no", ["0", 0, False, None, ""])
def test_a_substitute_comes_as_text_number_or_truth(no: object) -> None:
    """Or as nothing at all."""
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
    assert _cdn(_cdn_player(played="0"), status=status).seen == 1


def test_a_final_game_without_a_line_is_an_empty_answer() -> None:
    """The upstream has not filled it in yet."""
    parsed = _cdn(_cdn_player(played="0"))
    assert (parsed.records[0].final, parsed.seen) == (True, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gameId": "7"}, "not a box score: game id '7' is not an NBA game id (ten digits, 00x...)"),
        ({"gameStatus": "3"}, "not a box score: gameStatus is '3', not a whole number"),
        ({"homeTeam": 5}, "not a box score: not an object where 'teamTricode' is expected"),
        ({"homeTeam": {"teamTricode": ""}}, "not a box score: teamTricode is '', not a text"),
        (
            {"awayTeam": {"teamTricode": "XXX"}},
            "not a box score: unknown team 'XXX': add its spelling to shared/identity.py",
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


# --- the game log ---------------------------------------------------------------------------------------------------

LOG: dict[str, Any] = {
    "SEASON_ID": "22023", "PLAYER_ID": 201, "PLAYER_NAME": "Jo Doe", "TEAM_ID": 1610612752, "TEAM_ABBREVIATION": "NYK",
    "TEAM_NAME": "New York Knicks", "GAME_ID": "0022300900", "GAME_DATE": "2024-03-04", "MATCHUP": "NYK vs. BOS",
    "WL": "W", "MIN": 34, "FGM": 11, "FGA": 22, "FG_PCT": 0.5, "FG3M": 5, "FG3A": 13, "FTM": 6, "FTA": 7, "OREB": 4,
    "DREB": 8, "REB": 12, "AST": 9, "STL": 3, "BLK": 2, "TOV": 1, "PF": 10, "PTS": 31, "PLUS_MINUS": -14,
    "FANTASY_PTS": 60.9, "VIDEO_AVAILABLE": 1,
}  # fmt: skip
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
        {"GAME_ID": "none"},
        {"MIN": None},
        {},
        {"GAME_ID": "0022300901", "PLAYER_NAME": None},
        {"GAME_ID": "0022300901", "TEAM_ABBREVIATION": 7},
        {"GAME_ID": "0022300902", "TEAM_ABBREVIATION": "XXX", "PLAYER_NAME": "Al Roe"},
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
                Refusal("Al Roe", "unknown team 'XXX': add its spelling to shared/identity.py"),
                Refusal("Jo Doe", "PLAYER_ID is '201', not a whole number"),
                Refusal("Jo Doe", "assists is 9.5, not a whole number"),
                Refusal("Jo Doe", "plus_minus is 'x', not a number"),
            ),
        ),
    )
    assert parsed.refused == (Refusal("Jo Doe none", "game id 'none' is not an NBA game id (ten digits, 00x...)"),)
    assert parsed.seen == 9


def test_f17_a_numeric_game_id_gets_its_zeros_back() -> None:
    """As a column of numbers loses them."""
    assert _log({"GAME_ID": 22300900}).records[0].game_id == "0022300900"


def test_f30_a_log_without_a_column_is_a_fault_that_names_it() -> None:
    """A renamed column is not 27,000 empty rows."""
    headers = tuple(name for name in LOG if name not in ("MIN", "PTS"))
    with pytest.raises(Fault, match=r"^result set LeagueGameLog lacks MIN, PTS$"):
        _log({}, headers=headers)


# --- BallDontLie ----------------------------------------------------------------------------------------------------


def _bdl_player(**changes: object) -> wire.Json:
    """LINE as BallDontLie writes it, but for what it lacks."""
    values = (31, 12, 4, 8, 9, 11, 22, 5, 13, 6, 7, 3, 2, 1, 10)
    player = {"id": 77, "first_name": "Jo", "last_name": "Doe"}
    return {**dict(zip(ABBREVIATIONS, values, strict=True)), "fg_pct": 0.5, "min": "34", "player": player, **changes}


NO_PLAYER = "not an object where 'first_name' is expected"
READ = replace(LINE, player_id=None, starter=None, minutes=34.0, plus_minus=None)


def _bdl_game(*home: object, away: tuple[object, ...] = (), **changes: object) -> wire.Json:
    return {
        "id": 7,
        "date": "2024-03-04",
        "status": "Final",
        "home_team_score": 101,
        "visitor_team_score": 99,
        "home_team": {"abbreviation": "NYK", "players": list(home)},
        "visitor_team": {"abbreviation": "BOS", "players": list(away)},
        **changes,
    }


def _bdl(*games: object) -> Parsed[Box]:
    return parse_box_scores(wire.body({"data": list(games)}))


def test_balldontlie_gives_every_figure_of_a_line() -> None:
    """Home and visitors, with the score; ids, starters and plus-minus it has none of."""
    parsed = _bdl(_bdl_game(_bdl_player(), away=(_bdl_player(min="20:45", ast=8),)))
    assert parsed == Parsed(
        (
            Box(
                game_id=None,
                final=True,
                lines=(READ, replace(READ, team="BOS", minutes=20.75, assists=8)),
                refused=(),
                score={"NYK": 101, "BOS": 99},
            ),
        ),
        (),
        1,
    )


@pytest.mark.parametrize(
    ("status", "final"), [("Final", True), ("Final/OT", True), ("3rd Qtr", False), ("Semi-Final", False), ("1", False)]
)
def test_f18_balldontlies_status_says_whether_a_game_is_over(status: str, *, final: bool) -> None:
    """It begins with the word, overtimes follow."""
    assert _bdl(_bdl_game(status=status)).records[0].final is final


@pytest.mark.parametrize("absent", ["", "0", "00", None])
def test_who_has_no_minutes_and_no_figure_did_not_play(absent: str | None) -> None:
    """Whichever way the minutes are left out; the player after him is read."""
    nothing = dict.fromkeys(ABBREVIATIONS, 0)
    [box] = _bdl(_bdl_game(_bdl_player(min=absent, **nothing), _bdl_player())).records
    assert (box.lines, box.refused) == ((READ,), ())


@pytest.mark.parametrize("figure", ABBREVIATIONS)
def test_a_single_figure_shows_that_somebody_played(figure: str) -> None:
    """Less than a minute, that is."""
    nothing = dict.fromkeys(ABBREVIATIONS, 0)
    [box] = _bdl(_bdl_game(_bdl_player(min="00", **(nothing | {figure: 1})))).records
    assert [(line.player_name, line.minutes) for line in box.lines] == [("Jo Doe", 0.0)]


def test_minutes_without_a_figure_are_played() -> None:
    """A quiet evening."""
    [box] = _bdl(_bdl_game(_bdl_player(min="1", **dict.fromkeys(ABBREVIATIONS, 0)))).records
    assert [(line.minutes, line.points) for line in box.lines] == [(1.0, 0)]


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (_bdl_player(min="all"), Refusal("Jo Doe", "minutes is 'all', in no known spelling")),
        (_bdl_player(min=""), Refusal("Jo Doe", "minutes is '', in no known spelling")),
        (_bdl_player(pf=None), Refusal("Jo Doe", "pf is None, not a whole number")),
        ({"player": {"first_name": "Jo"}}, Refusal("Jo None", "no 'min'")),
        (_bdl_player(player={"last_name": "Doe"}), Refusal("None Doe", "no 'first_name'")),
        (_bdl_player(player={"first_name": "Jo", "last_name": " "}), Refusal("Jo  ", "last_name is ' ', not a text")),
        (
            {"min": "5", "player": 3},
            Refusal("{'min': '5', 'player': 3}", "not an object where 'first_name' is expected"),
        ),
        ({"min": "5"}, Refusal("{'min': '5'}", "no 'player'")),
        (5, Refusal("5", "not an object where 'min' is expected")),
    ],
)
def test_f11_an_unreadable_line_of_balldontlie_is_refused_by_name(entry: object, refusal: Refusal) -> None:
    """The lines after it are read."""
    parsed = _bdl(_bdl_game(entry, _bdl_player(), away=(_bdl_player(),)))
    [box] = parsed.records
    assert [line.team for line in box.lines] == ["NYK", "BOS"]
    assert box.refused == (refusal,)
    assert (parsed.refused, parsed.seen) == ((), 1)


@pytest.mark.parametrize(
    ("game", "refusal"),
    [
        (
            _bdl_game(home_team={"abbreviation": "XXX", "players": []}),
            Refusal("7", "unknown team 'XXX': add its spelling to shared/identity.py"),
        ),
        (_bdl_game(id="", home_team_score="9"), Refusal("2024-03-04", "home_team_score is '9', not a whole number")),
        (_bdl_game(visitor_team_score=None), Refusal("7", "visitor_team_score is None, not a whole number")),
        (_bdl_game(visitor_team={"players": []}), Refusal("7", "no 'abbreviation'")),
        (_bdl_game(visitor_team={"abbreviation": "BOS"}), Refusal("7", "no 'players'")),
        (_bdl_game(status=None), Refusal("7", "status is None, not a text")),
        ("game", Refusal("'game'", "not an object where 'home_team' is expected")),
    ],
)
def test_a_bad_balldontlie_game_costs_no_other(game: object, refusal: Refusal) -> None:
    """The game after it is read."""
    parsed = _bdl(game, _bdl_game(_bdl_player()))
    assert [box.lines for box in parsed.records] == [(READ,)]
    assert (parsed.refused, parsed.seen) == ((refusal,), 2)


def test_a_game_whose_players_are_not_there_yet_has_no_lines() -> None:
    """Null instead of a list is no refusal of the game."""
    [box] = _bdl(_bdl_game(home_team={"abbreviation": "NYK", "players": None})).records
    assert (box.lines, box.score) == ((), {"NYK": 101, "BOS": 99})


def test_an_empty_balldontlie_answer_is_seen_as_empty() -> None:
    """A date without games; what is no list at all is a fault."""
    assert _bdl() == Parsed((), (), 0)
    with pytest.raises(Fault, match=r"^the payload has no 'data'$"):
        parse_box_scores(b"[]")
