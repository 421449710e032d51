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
        Known(6, "Sam Same", "BOS"),
        Known(7, "Sam Same", "NYK"),
    ]
)


@pytest.mark.parametrize(
    ("name", "teams", "player_id"),
    [
        ("Jalen Williams", ("OKC",), 1),
        ("Jaylin Williams", ("OKC", "DEN"), 2),
        ("PJ Washington", ("DAL",), 3),
        ("Nikola Jokic", ("DEN", "DAL"), 4),
        ("Nicolas Claxton", ("BKN",), 5),
        ("Sam Same", ("BOS",), 6),
    ],
)
def test_a_name_finds_its_player_among_the_teams(name: str, teams: tuple[str, ...], player_id: int) -> None:
    """Accents, punctuation, suffixes and known nicknames do not matter; the team does."""
    assert NAMES.find(name, teams) == player_id


def test_a_traded_player_is_found_elsewhere_only_on_request() -> None:
    """If nobody of the team fits, the only one anywhere may."""
    assert NAMES.find("Nic Claxton", ("LAL",), elsewhere=True) == 5
    with pytest.raises(BadRecord, match="no known player of LAL"):
        NAMES.find("Nic Claxton", ("LAL",))


@pytest.mark.parametrize("teams", [("BOS", "NYK"), ("LAL",)])
def test_two_players_of_one_name_are_never_guessed(teams: tuple[str, ...]) -> None:
    """Neither among the teams nor elsewhere."""
    with pytest.raises(BadRecord, match="2 players are called"):
        NAMES.find("Sam Same", teams, elsewhere=True)


@pytest.mark.parametrize("name", ["N. Jokic", "Nobody", ""])
def test_a_name_that_fits_nobody_is_refused(name: str) -> None:
    """An initial is no first name."""
    with pytest.raises(BadRecord, match="no known player of DEN"):
        NAMES.find(name, ("DEN",), elsewhere=True)
