"""Names as people write them: teams, players, games, and what they may have meant."""

from collections.abc import Callable
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.games import Game, of_game
from cli.suggest import Choice, check_player, near, team
from shared.basketball.identity import TEAMS
from shared.errors import Permanent

KNOWN = {1: "Nikola Jokić", 2: "P.J. Washington Jr.", 3: "Luka Dončić", 4: "Shai Gilgeous-Alexander", 5: "PJ Tucker"}


@pytest.mark.parametrize("wanted", ["jokic", "pj washington", "gilgeousalexander", "3"])
def test_a_player_is_known_by_parts_of_his_name_or_his_id(wanted: str) -> None:
    """As the API finds him."""
    check_player(wanted, KNOWN, "there")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("jokci", "Nikola Jokić"), ("doncik", "Luka Dončić"), ("99", "give a part of a name"), ("zzz", "an NBA id")],
)
def test_nobody_of_the_name_is_said_with_who_is_nearly_called_so(wanted: str, words: str) -> None:
    """The slate is named, too."""
    with pytest.raises(Permanent, match=f"no player '{wanted}' on Monday: .*{words}"):
        check_player(wanted, KNOWN, "on Monday")


@given(st.sampled_from(sorted(TEAMS)), st.sampled_from([str.lower, str.upper, str.title]))
def test_a_team_is_known_by_any_of_its_names(code: str, written: Callable[[str], str]) -> None:
    """Its tricode, its name, both with its city, in whatever case."""
    known = TEAMS[code]
    assert {team(written(name)) for name in (code, known.name, known.full_name)} == {code}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("los angeles", "LAC (Los Angeles Clippers), LAL"),
        ("rapters", "did you mean TOR, Toronto Raptors"),
        ("", "no team"),
    ],
)
def test_no_team_or_several(text: str, words: str) -> None:
    """What may have been meant is named."""
    with pytest.raises(Permanent) as refused:
        team(text)
    assert words in str(refused.value)


ROWS = [
    {"game_id": "0022400001", "away_team": "MIL", "home_team": "BOS"},
    {"game_id": "0022400002", "away_team": "LAL", "home_team": "LAC"},
]


@pytest.mark.parametrize(
    "written", ["BOS", "celtics", "mil@bos", "BOS-MIL", "bucks at celtics", "bos vs mil", "0022400001"]
)
def test_a_game_is_known_by_its_teams(written: str) -> None:
    """One of them, both in any order, or the game's id."""
    assert of_game(ROWS, Game().convert(written, None, None), "tonight") == ROWS[:1]


@pytest.mark.parametrize(
    ("written", "words"),
    [("NYK", "NYK does not play"), ("BOS@LAL", "no game BOS@LAL"), ("0022499999", "no game 0022499999")],
)
def test_a_game_that_is_not_played_is_refused_with_those_that_are(written: str, words: str) -> None:
    """Of a slate without games there is nothing to refuse."""
    wanted = Game().convert(written, None, None)
    with pytest.raises(Permanent, match=f"{words} tonight: the games are LAL@LAC, MIL@BOS"):
        of_game(ROWS, wanted, "tonight")
    assert of_game([], wanted, "tonight") == []


def test_a_wrong_choice_is_answered_with_the_likely_one() -> None:
    """Beside all there are."""
    kind: Choice[str] = Choice(["points", "rebounds"])
    assert kind.convert("POINTS", None, None) == "points"
    with pytest.raises(click.BadParameter, match=r"'rebounds'.*\(did you mean points\?\)"):
        kind.convert("pionts", None, None)


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=10), max_size=5))
def test_what_is_suggested_is_known(text: str, known: list[Any]) -> None:
    """Whatever was written."""
    assert set(near(text, known)) <= set(known)
