"""Box scores of BallDontLie."""

from dataclasses import replace

import pytest

from services.scraper.domain.box import Box
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.balldontlie.box_scores import parse_box_scores
from tests.unit.scraper import wire
from tests.unit.scraper.figures import LINE

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


def _bdl_player(**changes: object) -> wire.Json:
    """LINE as BallDontLie writes it, but for what it lacks."""
    values = (31, 12, 4, 8, 9, 11, 22, 5, 13, 6, 7, 3, 2, 1, 10)
    player = {"id": 77, "first_name": "Jo", "last_name": "Doe"}
    return {**dict(zip(ABBREVIATIONS, values, strict=True)), "fg_pct": 0.5, "min": "34", "player": player, **changes}


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
            _bdl_game(home_team={"abbreviation": "ZZZ", "players": []}),
            Refusal("7", "unknown team 'ZZZ': add its spelling to shared/basketball/identity.py"),
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
