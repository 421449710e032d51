"""Names, ids and teams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent
from shared.identity import TEAMS, canonical_game_id, player_lookup, tricode


@pytest.mark.parametrize(
    ("names", "lookup"),
    [
        (["P.J. Washington Jr.", "PJ Washington", "P.J. Washington, Jr."], "pjwashington"),
        (["Luka Dončić", "Luka Doncic", "LUKA DONČIĆ"], "lukadoncic"),
        (["Nikola Jokić", "Nikola Jokic"], "nikolajokic"),
        (["Dennis Schröder", "Dennis Schroder"], "dennisschroder"),
        (["Alperen Şengün", "Alperen Sengun"], "alperensengun"),
        (["Kristaps Porziņģis", "Kristaps Porzingis"], "kristapsporzingis"),
        (["Shai Gilgeous-Alexander", "Shai Gilgeous\u2013Alexander"], "shaigilgeousalexander"),
        (["De'Aaron Fox", "De\u2019Aaron Fox", "DeAaron Fox"], "deaaronfox"),
        (["Robert Williams III", "Robert Williams"], "robertwilliams"),
        (["Gary Payton II"], "garypayton"),
        (["Nene"], "nene"),
        (["Ivica Zubac"], "ivicazubac"),
        (["  Jalen  Williams "], "jalenwilliams"),
        (["Đorđe Ðevad Łuk Øre"], "dordedevadlukore"),
    ],
)
def test_spellings_of_one_player_have_one_lookup(names: list[str], lookup: str) -> None:
    """Accents, punctuation, case and generational suffixes do not matter."""
    assert {player_lookup(name) for name in names} == {lookup}


@given(st.text(max_size=30))
def test_a_lookup_is_plain_and_stable(name: str) -> None:
    """Letters and digits only; looking it up again changes nothing; case never matters for plain names."""
    found = player_lookup(name)
    assert found == "" or (found.isascii() and found.isalnum() and found == found.lower())
    assert player_lookup(found) == found


@given(
    st.from_regex(r"[A-Za-z]{2,8} [A-Za-z]{6,9}", fullmatch=True), st.sampled_from(["Jr.", "Sr.", "II", "III", "IV"])
)
def test_a_suffix_is_no_part_of_the_name(name: str, suffix: str) -> None:
    """Sources disagree about suffixes."""
    assert player_lookup(f"{name} {suffix}") == player_lookup(name) == player_lookup(name.upper())


@given(st.integers(20000000, 69999999))
def test_f17_one_canonical_game_id(number: int) -> None:
    """Ten characters, however the source wrote it: with its zeros, without, as a number, with spaces."""
    expected = f"00{number:08d}"
    assert {canonical_game_id(raw) for raw in (expected, str(number), number, f" {expected} ")} == {expected}
    assert canonical_game_id(canonical_game_id(number)) == expected


@pytest.mark.parametrize(
    "raw",
    ["", "401585001", "0122300900", "00223009001", "002230090", "20240304/BOSGSW", "22300900.0", -1, "0002300900", 0],
)  # fmt: skip
def test_f17_another_format_of_id_is_refused(raw: str | int) -> None:
    """ESPN's, a date-based one, a float's: never guessed."""
    with pytest.raises(Permanent, match="is not an NBA game id"):
        canonical_game_id(raw)


def test_thirty_teams_with_ids_of_their_own() -> None:
    """Every identifier names one team."""
    assert len(TEAMS) == 30
    assert all(key == team.tricode for key, team in TEAMS.items())
    for name in ("nba_id", "espn_id", "bdl_id", "full_name"):
        assert len({getattr(team, name) for team in TEAMS.values()}) == 30, name


@pytest.mark.parametrize(
    ("name", "team"),
    [("BOS", "BOS"), (" GS ", "GSW"), ("UTAH", "UTA"), ("WSH", "WAS"), ("Los Angeles Clippers", "LAC"),
     ("LA Clippers", "LAC"), ("los angeles lakers", "LAL"), ("Portland Trail Blazers", "POR"), ("PHO", "PHX")],
)  # fmt: skip
def test_teams_by_their_spellings(name: str, team: str) -> None:
    """Tricode, alias or full name."""
    assert tricode(name) == team


def test_every_team_is_found_by_its_own_names() -> None:
    """The registry knows itself."""
    assert all(tricode(team.full_name) == tricode(team.tricode) == key for key, team in TEAMS.items())


@pytest.mark.parametrize("name", ["", "Seattle SuperSonics", "XXX", "Los Angeles"])
def test_an_unknown_team_is_refused_with_the_remedy(name: str) -> None:
    """Never guessed."""
    with pytest.raises(Permanent, match=r"unknown team .* add its spelling"):
        tricode(name)
