"""Rosters and injuries."""

from datetime import UTC, datetime

import pytest

from services.scraper.domain.injuries import Injury, parse_injuries
from services.scraper.domain.rosters import Rostered, parse_playerindex
from services.scraper.domain.wire import Fault
from tests.unit.scraper import wire


def test_only_players_with_a_team_are_rostered() -> None:
    """Without a team, or not on its roster: none of ours, and no refusal."""
    free_agent = [1, "Young", "Chris", 0, None, "G", None]
    former = [2, "Old", "Al", 1610612752, "NYK", "G", 0.0]
    parsed = parse_playerindex(wire.playerindex(free_agent, former, wire.index_row("NYK", 3)))
    assert parsed.records == (Rostered(5203, "Nyk Doum", "NYK", "G"),)
    assert parsed.refused == ()
    assert parsed.seen == 3


def test_players_with_one_name() -> None:
    """The other name is null or blank."""
    row = [3, "Nene", None, 1610612745, "HOU", "", 1]
    assert parse_playerindex(wire.playerindex(row)).records == (Rostered(3, "Nene", "HOU", None),)


@pytest.mark.parametrize(
    "row",
    [
        [4, "Doe", "Jo", 1, "XXX", "G", 1],
        [4, "Doe", "Jo", 1, None, "G", 1],
        ["4", "Doe", "Jo", 1610612752, "NYK", "G", 1],
        [4, None, "", 1610612752, "NYK", "G", 1],
        [5203, "Doum", "Nyk", 1610612738, "BOS", "G", 1],
    ],
)
def test_a_bad_roster_row_is_refused_and_costs_no_other(row: list[object]) -> None:
    """Unknown team, no team name, no numeric id, no name, or on two teams at once."""
    parsed = parse_playerindex(wire.playerindex(wire.index_row("NYK", 3), row))
    assert [player.player_name for player in parsed.records] == ["Nyk Doum"]
    assert len(parsed.refused) == 1


def test_an_injury() -> None:
    """Status and comment as ESPN writes them, its date as the time of publication."""
    parsed = parse_injuries(wire.injuries("NYK", wire.injury("Nyk Elm"), wire.injury("Nyk Fir", shortComment=None)))
    assert parsed.records == (
        Injury("Nyk Elm", "NYK", "Out", "Sore.", datetime(2024, 3, 4, 10, 48, tzinfo=UTC)),
        Injury("Nyk Fir", "NYK", "Out", None, datetime(2024, 3, 4, 10, 48, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    "changes", [{"status": ""}, {"date": "today"}, {"athlete": {}}, {"athlete": None}, {"date": None}]
)
def test_a_bad_injury_is_refused_and_costs_no_other(changes: dict[str, object]) -> None:
    """The one beside it is read."""
    parsed = parse_injuries(wire.injuries("NYK", wire.injury("Nyk Elm", **changes), wire.injury("Nyk Fir")))
    assert [injury.player_name for injury in parsed.records] == ["Nyk Fir"]
    assert len(parsed.refused) == 1


def test_a_team_of_another_league_is_refused() -> None:
    """ESPN numbers each league's teams from 1: id and name must agree."""
    parsed = parse_injuries(wire.injuries("NYK", wire.injury("Nyk Elm"), espn_id="20"))
    assert parsed.records == ()
    assert "ESPN id 20, not 18" in parsed.refused[0].reason


def test_no_injuries_are_an_empty_feed() -> None:
    """A well-formed feed without entries."""
    assert parse_injuries(wire.injuries("NYK")).seen == 0


def test_what_is_no_feed_is_a_fault() -> None:
    """It is asked for again."""
    with pytest.raises(Fault):
        parse_injuries(b'{"status": "error"}')
