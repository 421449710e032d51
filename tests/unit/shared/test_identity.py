"""Names, ids and teams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basketball.identity import TEAMS, canonical_game_id, is_part_of, player_key, player_lookup, tricode
from shared.errors import Permanent


@pytest.mark.parametrize(
    ("names", "lookup"),
    [
        (["P.J. Washington Jr.", "PJ Washington", "P.J. Washington, Jr."], "pjwashington"),
        (["Luka Dončić", "Luka Doncic", "LUKA DONČIĆ"], "lukadoncic"),
        (["Nikola Jokić", "Nikola Jokic"], "nikolajokic"),
        (["Dennis Schröder", "Dennis Schroder"], "dennisschroder"),
        (["Alperen Şengün", "Alperen Sengun"], "alperensengun"),
        (["Kristaps Porziņģis", "Kristaps Porzingis"], "kristapsporzingis"),
        (["De'Aaron Fox", "De\u2019Aaron Fox", "DeAaron Fox"], "deaaronfox"),
        (["Robert Williams III", "Robert Williams"], "robertwilliams"),
        (["Gary Payton II", "Gary  Payton\u00a0II"], "garypayton"),
        (["Tim Hardaway sr", "Tim Hardaway Sr.", "Tim Hardaway IV", "Tim Hardaway V"], "timhardaway"),
        (["Nene"], "nene"),
        (["Ivica Zubac"], "ivicazubac"),
        (["Jr", "JR", " jr. "], "jr"),
        (["Trey Murphy Jr. III"], "treymurphyjr"),
        (["Sviii Iv Vjr"], "sviiiivvjr"),
        (["  Jalen  Williams "], "jalenwilliams"),
        (["Player 2"], "player2"),
    ],
)
def test_spellings_of_one_player_have_one_lookup(names: list[str], lookup: str) -> None:
    """Accents, punctuation, case and one generational suffix, a word of its own, do not matter."""
    assert {player_lookup(name) for name in names} == {lookup}


@pytest.mark.parametrize(
    ("letters", "plain"),
    [("øØ", "oo"), ("đĐ", "dd"), ("łŁ", "ll"), ("ß", "ss"), ("æÆ", "aeae"), ("œŒ", "oeoe"), ("\u0131", "i"),
     ("ðÐ", "dd"), ("þÞ", "thth"), ("éÉ", "ee")],
)  # fmt: skip
def test_letters_that_are_no_accents_are_written_out(letters: str, plain: str) -> None:
    """Those of Danish, Croatian, Polish, German, French, Turkish and Icelandic names."""
    assert player_lookup(f"a{letters}z") == f"a{plain}z"


@pytest.mark.parametrize(
    ("name", "key"),
    [("P.J. Washington Jr.", "pjwashingtonjr"), ("Luka Dončić", "lukadoncic"), (" 姚明 ", "姚明"), ("...", "...")],
)
def test_a_name_is_settled_with_its_suffix(name: str, key: str) -> None:
    """Otherwise as it is looked up; in other letters as it is."""
    assert player_key(name) == key


@pytest.mark.parametrize(
    ("words", "name", "fits"),
    [
        ("JOKIĆ", "Nikola Jokic", True), ("jok nik", "Nikola Jokić", True), ("pj", "P.J. Washington Jr.", True),
        ("gilgeousalexander", "Shai Gilgeous-Alexander", True), ("gilgeous-alex", "Shai Gilgeous-Alexander", True),
        ("nikola doncic", "Nikola Jokić", False), ("-", "Shai Gilgeous-Alexander", False),
    ],
)  # fmt: skip
def test_a_name_is_known_by_its_parts(words: str, name: str, *, fits: bool) -> None:
    """Each word is somewhere in it, whatever its case, accents, points and blanks."""
    assert is_part_of(words, name) is fits


@pytest.mark.parametrize("hyphen", ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015"])
def test_a_hyphen_parts_words(hyphen: str) -> None:
    """What comes after the last may be a suffix."""
    assert player_lookup(f"Shai Gilgeous{hyphen}Alexander") == "shaigilgeousalexander"
    assert player_lookup(f"Gilgeous{hyphen}Jr") == "gilgeous"


@given(st.text(max_size=30))
def test_a_lookup_is_plain_and_stable(name: str) -> None:
    """Letters and digits only; looking it up again changes nothing."""
    found = player_lookup(name)
    assert found == "" or (found.isascii() and found.isalnum() and found == found.lower())
    assert player_lookup(found) == found


@pytest.mark.parametrize("number", ["0010000000", "0022300900", "0042300101", "0099999999"])
def test_f17_one_canonical_game_id(number: str) -> None:
    """Ten characters, however the source wrote it: with its zeros, without, as a number, with spaces."""
    raws = (number, number[1:], number[2:], int(number), f" {number} ", f" {int(number)}\n")
    assert {canonical_game_id(raw) for raw in raws} == {number}


@pytest.mark.parametrize(
    "raw",
    ["", "401585001", "0122300900", "00223009001", "002230090", "20240304/BOSGSW", "22300900.0", -1, "0002300900", 0,
     "100223009", "00 2300900", "002230090a", 22300900.0, None, "9999999", "0009999999", "00223009\u0660\u0660"],
)  # fmt: skip
def test_f17_another_format_of_id_is_refused(raw: str | int) -> None:
    """ESPN's, a date-based one, a float's, one in Arabic digits: never guessed."""
    with pytest.raises(Permanent) as raised:
        canonical_game_id(raw)
    assert str(raised.value) == f"game id {raw!r} is not an NBA game id (ten digits, 00x...)"


FRANCHISES = """
ATL 1610612737  1  1 Atlanta Hawks
BKN 1610612751 17  3 Brooklyn Nets
BOS 1610612738  2  2 Boston Celtics
CHA 1610612766 30  4 Charlotte Hornets
CHI 1610612741  4  5 Chicago Bulls
CLE 1610612739  5  6 Cleveland Cavaliers
DAL 1610612742  6  7 Dallas Mavericks
DEN 1610612743  7  8 Denver Nuggets
DET 1610612765  8  9 Detroit Pistons
GSW 1610612744  9 10 Golden State Warriors
HOU 1610612745 10 11 Houston Rockets
IND 1610612754 11 12 Indiana Pacers
LAC 1610612746 12 13 Los Angeles Clippers
LAL 1610612747 13 14 Los Angeles Lakers
MEM 1610612763 29 15 Memphis Grizzlies
MIA 1610612748 14 16 Miami Heat
MIL 1610612749 15 17 Milwaukee Bucks
MIN 1610612750 16 18 Minnesota Timberwolves
NOP 1610612740  3 19 New Orleans Pelicans
NYK 1610612752 18 20 New York Knicks
OKC 1610612760 25 21 Oklahoma City Thunder
ORL 1610612753 19 22 Orlando Magic
PHI 1610612755 20 23 Philadelphia 76ers
PHX 1610612756 21 24 Phoenix Suns
POR 1610612757 22 25 Portland Trail Blazers
SAC 1610612758 23 26 Sacramento Kings
SAS 1610612759 24 27 San Antonio Spurs
TOR 1610612761 28 28 Toronto Raptors
UTA 1610612762 26 29 Utah Jazz
WAS 1610612764 27 30 Washington Wizards
"""
"""Tricode, ids of the NBA, ESPN and BallDontLie, full name, as their documents give them."""


def test_thirty_teams_with_the_ids_of_every_upstream() -> None:
    """A wrong id is another team's; each is found by its tricode and by its full name in any case."""
    rows = [line.split(maxsplit=4) for line in FRANCHISES.split("\n") if line]
    assert [row[0] for row in rows] == sorted(TEAMS)
    assert len(rows) == 30
    for code, nba_id, espn_id, bdl_id, full_name in rows:
        team = TEAMS[code]
        assert (team.tricode, str(team.nba_id), team.espn_id, str(team.bdl_id)) == (code, nba_id, espn_id, bdl_id)
        assert team.full_name == full_name
        assert tricode(code) == tricode(full_name) == tricode(full_name.upper()) == code


def test_a_full_name_is_city_and_name() -> None:
    """Either may have two words."""
    assert (TEAMS["POR"].city, TEAMS["POR"].name) == ("Portland", "Trail Blazers")
    assert (TEAMS["GSW"].city, TEAMS["GSW"].name) == ("Golden State", "Warriors")


@pytest.mark.parametrize(
    ("name", "team"),
    [(" GS ", "GSW"), ("NO", "NOP"), ("NY", "NYK"), ("SA", "SAS"), ("UTAH", "UTA"), ("WSH", "WAS"), ("PHO", "PHX"),
     ("BRK", "BKN"), ("CHO", "CHA"), ("LA Clippers", "LAC"), ("la clippers\n", "LAC"), (" BOS", "BOS"),
     (" los angeles lakers ", "LAL")],
)  # fmt: skip
def test_teams_by_their_spellings(name: str, team: str) -> None:
    """Alias or full name, with spaces around it."""
    assert tricode(name) == team


@pytest.mark.parametrize("name", ["", "Seattle SuperSonics", "ZZZ", "Los Angeles", "bos", "gs", "Celtics"])
def test_an_unknown_team_is_refused_with_the_remedy(name: str) -> None:
    """Never guessed; tricodes are capitals."""
    with pytest.raises(Permanent) as raised:
        tricode(name)
    assert str(raised.value) == f"unknown team {name!r}: add its spelling to shared/basketball/identity.py"
