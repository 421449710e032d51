"""Rosters and injuries asked for team by team: ESPN's and BallDontLie's, players by name."""

from collections.abc import Callable
from typing import Any

import pytest

from services.scraper.domain.people import Injury, Rostered
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.balldontlie.injuries import parse_injuries
from services.scraper.sources.balldontlie.players import parse_players
from services.scraper.sources.espn.roster import parse_roster
from tests.unit.scraper import wire

KNICKS = {"id": "18", "displayName": "New York Knicks", "abbreviation": "NY"}


def _athlete(name: object = "Jo Doe", position: object = "SG") -> wire.Json:
    return {"id": "1", "displayName": name, "position": {"abbreviation": position}}


def _bdl_player(**changes: object) -> wire.Json:
    team = {"id": 20, "abbreviation": "NYK"}
    return {"id": 3, "first_name": "Jo", "last_name": "Doe", "position": "G", "team": team, **changes}


def _injury(**changes: object) -> wire.Json:
    player = {"id": 3, "first_name": "Jo", "last_name": "Doe", "team_id": 20}
    return {
        "player": player,
        "status": "Out",
        "description": "Mar 4: Doe (hip) is out.",
        "return_date": "Oct 1",
        **changes,
    }


def _players(*entries: object, **meta: object) -> Parsed[Rostered]:
    return parse_players(wire.body({"data": [*entries], "meta": meta}))


def _injuries(*entries: object, **meta: object) -> Parsed[Injury]:
    return parse_injuries(wire.body({"data": [*entries], "meta": meta}))


@pytest.mark.parametrize(
    "payload",
    [
        {"team": KNICKS, "athletes": [_athlete(), _athlete("Al Roe", "C"), _athlete("Ed Poe", "?"), _athlete()]},
        {"team": {**KNICKS, "athletes": [_athlete(), _athlete("Al Roe", "C"), _athlete("Ed Poe", None), _athlete()]}},
    ],
)
def test_espns_roster_is_of_one_team(payload: wire.Json) -> None:
    """Beside the team or within it; positions as the NBA writes them; who is repeated is one player."""
    assert parse_roster(wire.body(payload)) == Parsed(
        (
            Rostered(None, "Jo Doe", "NYK", "G"),
            Rostered(None, "Al Roe", "NYK", "C"),
            Rostered(None, "Ed Poe", "NYK", None),
        ),
        (),
        4,
    )


def test_a_bad_athlete_costs_no_other() -> None:
    """He is refused."""
    parsed = parse_roster(wire.body({"team": KNICKS, "athletes": [_athlete(None), 5, _athlete()]}))
    assert [player.player_name for player in parsed.records] == ["Jo Doe"]
    assert parsed.refused == (
        Refusal("1", "displayName is None, not a text"),
        Refusal("5", "not an object where 'displayName' is expected"),
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "not a roster: no 'team'"),
        ({"team": {**KNICKS, "id": "20"}}, "not a roster: team New York Knicks has ESPN id 20, not 18"),
        ({"team": KNICKS}, "the payload has no 'athletes'"),
        ({"team": KNICKS, "athletes": {}}, "athletes is not a list"),
    ],
)
def test_what_is_no_roster_is_a_fault(payload: object, reason: str) -> None:
    """Another league's team, too."""
    with pytest.raises(Fault) as raised:
        parse_roster(wire.body(payload))
    assert (raised.value.kind, str(raised.value)) == ("malformed", reason)


def test_balldontlies_players_have_a_team() -> None:
    """Those without are left out; a player of one name has the other blank or null."""
    parsed = _players(
        _bdl_player(), _bdl_player(team=None), _bdl_player(first_name="Nene", last_name="", position=""), _bdl_player()
    )
    assert parsed == Parsed((Rostered(None, "Jo Doe", "NYK", "G"), Rostered(None, "Nene", "NYK", None)), (), 4)


def test_balldontlies_injuries_have_status_and_remarks() -> None:
    """And no time of report: the day of return has no year."""
    assert _injuries(_injury(), _injury(description=None, return_date=None)) == Parsed(
        (
            Injury("Jo Doe", "NYK", "Out", "Mar 4: Doe (hip) is out. Return: Oct 1.", None),
            Injury("Jo Doe", "NYK", "Out", None, None),
        ),
        (),
        2,
    )


@pytest.mark.parametrize(
    ("read", "bad", "reason"),
    [
        (_players, _bdl_player(first_name=None, last_name=" "), "has no name"),
        (_players, _bdl_player(first_name=5), "first_name is 5, not a text"),
        (_players, {"first_name": "Jo", "team": {"abbreviation": "NYK"}}, "no 'last_name'"),
        (_players, _bdl_player(team={"abbreviation": "BAL"}),
         "unknown team 'BAL': add its spelling to shared/basketball/identity.py"),
        (_players, _bdl_player(team={"id": 2, "abbreviation": "NYK"}), "team NYK has id 2, not 20"),
        (_injuries, _injury(status=None), "status is None, not a text"),
        (_injuries, _injury(player=None), "not an object where 'first_name' is expected"),
        (_injuries, _injury(player={"first_name": "Jo", "last_name": "Doe", "team_id": 99}),
         "team's id is 99, no team of the NBA"),
        (_injuries, 5, "not an object where 'player' is expected"),
    ],
)  # fmt: skip
def test_a_bad_entry_of_balldontlie_costs_no_other(read: Callable[..., Parsed[Any]], bad: object, reason: str) -> None:
    """It is refused with its reason; the one after it is read."""
    good = _bdl_player() if read is _players else _injury()
    parsed = read(bad, good)
    assert [player.player_name for player in parsed.records] == ["Jo Doe"]
    assert [refusal.reason for refusal in parsed.refused] == [reason]
    assert parsed.seen == 2


def test_f11_what_a_page_does_not_hold_is_refused() -> None:
    """It is not lost without a word."""
    page = (Refusal("next page", "the list goes on behind cursor 277"),)
    assert _players(_bdl_player(), next_cursor=277).refused == _injuries(_injury(), next_cursor=277).refused == page
