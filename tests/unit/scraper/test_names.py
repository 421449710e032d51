"""Matching names to players: exactly one, or none."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.domain.names import Known, Names, Settled, UnresolvedName
from services.scraper.domain.wire import BadRecord
from shared.basketball.identity import player_key

NAMES = Names(
    [
        Known(1, "Jalen Williams", "OKC"),
        Known(2, "Jaylin Williams", "OKC"),
        Known(3, "P.J. Washington Jr.", "DAL"),
        Known(3, "P.J. Washington", "CHA"),
        Known(4, "Nikola Jokić", "DEN"),
        Known(5, "Nic Claxton", "BKN"),
        Known(16, "Sam Same", "NYK"),
        Known(9, "Sam Same", "BOS"),
    ]
)


@pytest.mark.parametrize(
    ("name", "teams", "player_id"),
    [
        ("Jalen Williams", ("OKC",), 1),
        ("Jaylin Williams", ("OKC", "DEN"), 2),
        ("PJ Washington", ("DAL",), 3),
        ("P. J. WASHINGTON, Jr.", ("CHA", "DAL"), 3),
        ("Nikola Jokic", ("DEN", "DAL"), 4),
        ("nikola-jokič III", ("DEN",), 4),
        ("Nicolas Claxton", ("BKN",), 5),
        ("Sam Same", ("BOS",), 9),
        ("Sam Same", ("NYK",), 16),
    ],
)
def test_a_name_finds_its_player_among_the_teams(name: str, teams: tuple[str, ...], player_id: int) -> None:
    """Accents, punctuation, suffixes and known nicknames do not matter; the team does."""
    assert NAMES.find(name, teams) == player_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cameron Johnson", "Cam Johnson"),
        ("Cameron Thomas", "Cam Thomas"),
        ("Christian James McCollum", "C.J. McCollum"),
        ("Gregory Jackson II", "GG Jackson"),
        ("Herbert Jones", "Herb Jones"),
        ("Joshua Giddey", "Josh Giddey"),
        ("Kenyon Martin Jr.", "KJ Martin"),
        ("Mohamed Bamba", "Mo Bamba"),
        ("Moritz Wagner", "Moe Wagner"),
        ("Nicholas Batum", "Nicolas Batum"),
        ("Nicolas Claxton", "Nic Claxton"),
        ("Obadiah Toppin", "Obi Toppin"),
        ("Vincent Williams Jr.", "Vince Williams"),
    ],
)
def test_nicknames_are_known_both_ways(one: str, other: str) -> None:
    """Whichever of the two spellings the roster has."""
    assert Names([Known(11, one, "OKC")]).find(other, ("OKC",)) == 11
    assert Names([Known(12, other, "OKC")]).find(one, ("OKC",)) == 12


def test_a_traded_player_is_found_elsewhere_only_on_request() -> None:
    """If nobody of the team fits, the only one anywhere may."""
    assert NAMES.find("Nic Claxton", ("LAL",), elsewhere=True) == 5
    with pytest.raises(BadRecord, match=r"^no known player of LAL is called 'Nic Claxton'$"):
        NAMES.find("Nic Claxton", ("LAL",))


def test_a_player_of_two_teams_is_one_player() -> None:
    """Also when both are asked about, or neither."""
    assert NAMES.find("PJ Washington", ("DAL", "CHA")) == 3
    assert NAMES.find("PJ Washington", ("LAL",), elsewhere=True) == 3


def test_the_team_goes_before_elsewhere() -> None:
    """A namesake of another team does not make the name ambiguous."""
    assert NAMES.find("Sam Same", ("BOS",), elsewhere=True) == 9


@pytest.mark.parametrize("teams", [("BOS", "NYK"), ("LAL",)])
def test_two_players_of_one_name_are_never_guessed(teams: tuple[str, ...]) -> None:
    """Neither among the teams nor elsewhere; the reason gives their ids."""
    with pytest.raises(BadRecord, match=r"^2 players are called 'Sam Same' \(9, 16\)$"):
        NAMES.find("Sam Same", teams, elsewhere=True)


@pytest.mark.parametrize("name", ["M. Jokic", "Jokic", "Nikola", "Nobody", "", ".", "Jr."])
def test_a_name_that_fits_nobody_is_refused(name: str) -> None:
    """A last name alone is no name; the teams are named in order."""
    with pytest.raises(BadRecord) as raised:
        NAMES.find(name, ("NYK", "DEN"), elsewhere=True)
    assert str(raised.value) == f"no known player of DEN or NYK is called {name!r}"


GAME = Names(
    [
        Known(20, "Jaylen Brown", "BOS"),
        Known(21, "Marcus Morris Sr.", "BOS"),
        Known(22, "Monte Morris", "NYK"),
        Known(23, "Karl-Anthony Towns", "NYK"),
        Known(24, "Miles Bridges", "NYK"),
        Known(25, "Mikal Bridges", "NYK"),
        Known(26, "Royce O'Neale", "BOS"),
        Known(27, "Shai Gilgeous-Alexander", "BOS"),
        Known(28, "Brook Lopez", "BOS"),
        Known(29, "Dennis Smith Jr.", "NYK"),
        Known(30, "CJ McCollum", "NYK"),
        Known(31, "B. Elm", "BOS"),
        Known(32, "LeBron James", "BOS"),
        Known(33, "Bronny James", "BOS"),
        Known(34, "Jan Vesely", "NYK"),
        Known(35, "Jan Vesely", "BOS"),
    ]
)
TEAMS = ("NYK", "BOS")


@pytest.mark.parametrize(
    ("name", "player_id"),
    [
        ("J. Brown", 20),
        ("J Brown", 20),
        ("J.Brown", 20),
        ("Brown, Jaylen", 20),
        ("Brown, J.", 20),
        ("M. Morris Sr.", 21),
        ("K. Towns", 23),
        ("K. Anthony Towns", 23),
        ("Mil. Bridges", 24),
        ("Mik. Bridges", 25),
        ("R.O\u2019Neale", 26),
        ("S. Gilgeous Alexander", 27),
        ("S. Alexander", 27),
        ("Shai Alexander", 27),
        ("Brook Robert Lopez", 28),
        ("Smith Jr., Dennis", 29),
        ("Smith, Dennis, Jr.", 29),
        ("D. Smith", 29),
        ("Christian James McCollum", 30),
        ("C.J. McCollum", 30),
        ("Bob Elm", 31),
        ("LeBron James", 32),
        ("LeBron James Jr.", 33),
    ],
)
def test_a_shorter_or_longer_name_finds_the_one_player_of_the_game_that_it_fits(name: str, player_id: int) -> None:
    """Initials, cut-off names, middle names, parts of double names, family name first."""
    assert GAME.find(name, TEAMS) == player_id


@pytest.mark.parametrize(
    ("name", "ids"),
    [("M. Morris", [21, 22]), ("M. Bridges", [24, 25]), ("Jan Vesely", [34, 35]), ("J. Vesely", [34, 35])],
)
def test_a_name_that_fits_two_of_a_game_is_refused_with_both(name: str, ids: list[int]) -> None:
    """They are its candidates."""
    with pytest.raises(UnresolvedName, match=r"^2 players are called ") as raised:
        GAME.find(name, TEAMS)
    assert sorted(known["player_id"] for known in json.loads(raised.value.columns["candidates"])) == ids


def test_a_junior_is_not_the_third() -> None:
    """A suffix may be missing, but not another one."""
    names = Names([Known(1, "Tim Oak Jr.", "NYK")])
    assert names.find("Tim Oak", ("NYK",)) == 1
    with pytest.raises(UnresolvedName):
        names.find("Tim Oak III", ("NYK",))


def test_a_father_is_told_from_his_son_by_the_suffix() -> None:
    """Both in one game: the exact name wins."""
    names = Names([Known(1, "Gary Payton", "BOS"), Known(2, "Gary Payton II", "BOS")])
    assert (names.find("Gary Payton", ("BOS",)), names.find("Gary Payton II", ("BOS",))) == (1, 2)


def test_the_exact_name_beats_a_nickname_and_an_initial() -> None:
    """Although another player of the game fits the looser rule."""
    names = Names([Known(1, "Cam Oak", "BOS"), Known(2, "Cameron Oak", "NYK"), Known(3, "C. Oak", "NYK")])
    found = [names.find(name, TEAMS) for name in ("Cam Oak", "Cameron Oak", "C. Oak")]
    assert found == [1, 2, 3]


def test_elsewhere_only_the_whole_name_counts() -> None:
    """An initial or a nickname leaves too many to choose from."""
    names = Names([Known(1, "Cameron Oak", "MIA")])
    assert names.find("Cameron Oak Jr.", TEAMS, elsewhere=True) == 1
    for name in ("C. Oak", "Cam Oak"):
        with pytest.raises(UnresolvedName):
            names.find(name, TEAMS, elsewhere=True)


def test_what_a_person_has_settled_goes_before_every_rule() -> None:
    """Of several the closest: for the source and a team, for the source, for a team, for all."""
    key = player_key("Sam Same")
    settled = [Settled(key, "", "", 1), Settled(key, "NYK", "", 2), Settled(key, "", "espn", 3)]
    names = Names([Known(9, "Sam Same", "BOS")], [*settled, Settled(key, "MIA", "espn", 4)])
    assert names.find("sam  samé", ("BOS",)) == 1
    assert names.find("Sam Same", ("BOS", "NYK"), source="odds_api") == 2
    assert names.find("Sam Same", ("BOS", "NYK"), source="espn") == 3
    assert names.find("Sam Same", ("MIA",), source="espn") == 4
    assert Names([Known(9, "Sam Same", "BOS")], settled).find("Sam Same Jr.", ("BOS",)) == 9


def test_a_name_settled_differently_for_both_teams_of_a_game_is_refused() -> None:
    """Neither is closer."""
    key = player_key("S. Same")
    names = Names([], [Settled(key, "NYK", "", 2), Settled(key, "BOS", "", 3)])
    with pytest.raises(UnresolvedName, match=r"\(2, 3\)$"):
        names.find("S. Same", TEAMS)


def test_a_refused_name_says_who_it_may_be() -> None:
    """Namesakes of other teams, then the likest of the game's; with what it takes to settle the name."""
    names = Names([Known(1, "Jay Oak", "MIA"), Known(2, "Jo Oak", "BOS"), Known(3, "Al Elm", "NYK")])
    with pytest.raises(UnresolvedName) as raised:
        names.find("Jay Oak", TEAMS)
    candidates = [
        {"player_id": 1, "player_name": "Jay Oak", "team": "MIA"},
        {"player_id": 2, "player_name": "Jo Oak", "team": "BOS"},
    ]
    columns = dict(raised.value.columns)
    assert json.loads(columns.pop("candidates")) == candidates
    assert columns == {"player_name": "Jay Oak", "name_key": "jayoak", "teams": "BOS NYK"}


FIRST = st.sampled_from(["Jaylen", "Jay", "Cam", "Cameron", "J.", "Jalen", "Karl-Anthony", "De'Aaron", "José", "C.J."])
FAMILY = st.sampled_from(["Brown", "Smith", "Gilgeous-Alexander", "Alexander", "O'Neale", "Jokić", "Lopez"])
SUFFIX = st.sampled_from(["", " Jr.", " III", " Sr."])
NAME = st.builds("{} {}{}".format, FIRST, FAMILY, SUFFIX)
PLAYERS = st.lists(st.builds(Known, st.integers(1, 40), NAME, st.sampled_from(["NYK", "BOS"])), max_size=12)
OTHERS = st.lists(st.builds(Known, st.integers(1, 80), NAME, st.sampled_from(["MIA", "LAL"])), max_size=8)


def _answer(names: Names, name: str, *, elsewhere: bool = False) -> int | str:
    try:
        return names.find(name, TEAMS, elsewhere=elsewhere)
    except UnresolvedName as refused:
        return str(refused)


@given(PLAYERS, OTHERS, NAME)
def test_players_of_other_teams_change_nothing(players: list[Known], others: list[Known], name: str) -> None:
    """Whoever is found is with one of the two teams; only where nobody is found may others be asked about."""
    alone, among = Names(players), Names([*players, *others])
    answer = _answer(alone, name)
    assert _answer(among, name) == answer
    if isinstance(answer, int):
        assert answer in {player.player_id for player in players}
    if isinstance(answer, int) or answer.startswith("2 players"):
        assert _answer(among, name, elsewhere=True) == answer


WAYS: list[Callable[[str], str]] = [
    str.upper,
    str.lower,
    lambda name: name.replace("é", "e\u0301"),
    lambda name: name.replace("'", "\u2019"),
    lambda name: name.replace("ć", "c"),
    lambda name: f" {name}  ",
]


@given(PLAYERS, NAME, st.sampled_from(WAYS))
def test_the_way_of_writing_changes_nothing(players: list[Known], name: str, write: Callable[[str], str]) -> None:
    """Case, accents, apostrophes, spaces around."""
    names = Names(players)
    plain, other = _answer(names, name), _answer(names, write(name))
    assert plain == other or (isinstance(plain, str) and isinstance(other, str))


@given(PLAYERS, st.integers(100, 200), NAME)
def test_an_exact_name_always_wins(players: list[Known], player_id: int, name: str) -> None:
    """Whoever else fits by a looser rule."""
    others = [player for player in players if player_key(player.player_name) != player_key(name)]
    assert Names([*others, Known(player_id, name, "NYK")]).find(name, TEAMS) == player_id


@given(PLAYERS, NAME)
def test_the_order_of_the_players_changes_nothing(players: list[Known], name: str) -> None:
    """Nor do players who are listed twice."""
    assert _answer(Names(players), name) == _answer(Names([*reversed(players), *players]), name)


@given(PLAYERS, st.text(max_size=30))
def test_any_text_is_a_player_or_refused(players: list[Known], name: str) -> None:
    """Whatever a source writes; a name in other letters can be settled like any."""
    names = Names(players, [Settled(player_key("姚明"), "", "", 9)])
    assert isinstance(_answer(names, name), int | str)
    assert names.find("姚明", TEAMS) == 9
