"""Matching names to players: exactly one, or none."""

import pytest

from services.scraper.domain.names import Known, Names
from services.scraper.domain.wire import BadRecord

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


@pytest.mark.parametrize("name", ["N. Jokic", "Nobody", ""])
def test_a_name_that_fits_nobody_is_refused(name: str) -> None:
    """An initial is no first name; the teams are named in order."""
    with pytest.raises(BadRecord) as raised:
        NAMES.find(name, ("NYK", "DEN"), elsewhere=True)
    assert str(raised.value) == f"no known player of DEN or NYK is called {name!r}"
