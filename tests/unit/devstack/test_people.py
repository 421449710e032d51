"""Rosters and injuries under other sources' ids: the same people, known at the same instants."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.league import generate
from devstack.upstream.balldontlie import player_id
from devstack.upstream.balldontlie_lists import Lists
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.espn_roster import EspnRosters
from devstack.upstream.espn_wire import athlete_id
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.wire import Answer
from shared.basketball.identity import TEAMS, tricode
from shared.basketball.slate import eastern_date

LEAGUE = generate(days=20)
INDEX = PlayerIndex(LEAGUE)
ESPN, LISTS, FEED = EspnRosters(LEAGUE, INDEX), Lists(LEAGUE, INDEX), InjuryFeed(LEAGUE)
nows = st.datetimes(datetime(2024, 10, 20), datetime(2024, 11, 12), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
teams = st.sampled_from(sorted(TEAMS))
NOON = datetime(2024, 11, 5, 17, tzinfo=UTC)


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    assert answer.status == 200
    return json.loads(answer.body)


@given(nows, teams)
def test_rosters_are_those_of_the_player_index(now: datetime, team: str) -> None:
    """ESPN, in both of its forms, and BallDontLie have the index's people, and no NBA ids."""
    today = eastern_date(now)
    members = {pid: name for pid, (of, name) in INDEX.roster("2024-25", today).items() if of == team}
    known = TEAMS[team]
    beside = body(ESPN.roster(known.espn_id, now))
    inside = body(ESPN.team(known.espn_id, {"enable": "roster"}, now))["team"]
    assert beside["athletes"] == inside["athletes"]
    assert {(one["id"], one["displayName"]) for one in inside["athletes"]} == {
        (athlete_id(pid), name) for pid, name in members.items()
    }
    listed = body(LISTS.active_players([str(known.bdl_id)], {"per_page": "100"}, now))["data"]
    assert {(one["id"], f"{one['first_name']} {one['last_name']}".strip()) for one in listed} == {
        (player_id(pid), name) for pid, name in members.items()
    }
    assert {one["team"]["abbreviation"] for one in listed} <= {team}


@given(nows)
def test_injuries_are_the_entries_of_espns_feed(now: datetime) -> None:
    """BallDontLie lists who ESPN lists, at every instant, with the same status; so does ESPN's roster of its team."""
    entries = FEED.entries(now)
    listed = body(LISTS.injuries((), {"per_page": "100"}, now))["data"]
    assert {(raw["player"]["id"], raw["status"]) for raw in listed} == {
        (player_id(pid), entry["status"]) for pid, entry in entries.items()
    }
    for raw in listed:
        assert raw["player"]["team_id"] in {TEAMS[entry["team"]].bdl_id for entry in entries.values()}


def test_roster_says_who_is_hurt() -> None:
    """An athlete's injuries on ESPN's roster are his entry of the feed."""
    hurt = {athlete_id(pid): entry["status"] for pid, entry in FEED.entries(NOON).items()}
    athletes = [one for team in TEAMS.values() for one in body(ESPN.roster(team.espn_id, NOON))["athletes"]]
    seen = {one["id"]: one["injuries"][0]["status"] for one in athletes if one["injuries"]}
    assert seen == hurt != {}


def test_a_team_without_roster_is_asked_for() -> None:
    """The roster is there only where it is enabled; an id of nobody is 404; ESPN's abbreviations are understood."""
    assert "athletes" not in body(ESPN.team("2", {}, NOON))["team"]
    assert ESPN.team("99", {}, NOON).status == ESPN.roster("99", NOON).status == 404
    for team in TEAMS.values():
        shown = body(ESPN.team(team.espn_id, {}, NOON))["team"]
        assert tricode(shown["abbreviation"]) == team.tricode


def test_pages_follow_each_other() -> None:
    """Page by page, by the cursor, everyone comes once; 25 a page unless said otherwise, 100 at most."""
    whole = body(LISTS.active_players((), {"per_page": "100"}, NOON))
    assert (len(whole["data"]), whole["meta"]["per_page"]) == (100, 100)
    found, query = [], {"per_page": "60"}
    while True:
        page = body(LISTS.active_players((), query, NOON))
        found += [one["id"] for one in page["data"]]
        if "next_cursor" not in page["meta"]:
            break
        query = {**query, "cursor": str(page["meta"]["next_cursor"])}
    assert len(found) == len(set(found)) == len(INDEX.roster("2024-25", eastern_date(NOON)))
    assert len(body(LISTS.active_players((), {}, NOON))["data"]) == 25


@pytest.mark.parametrize("query", [{"per_page": "101"}, {"per_page": "0"}, {"per_page": "x"}, {"cursor": "-1"}])
def test_impossible_pages_are_refused(query: dict[str, str]) -> None:
    """400 for a page that is too long, empty or nonsense."""
    assert LISTS.injuries((), query, NOON).status == 400


def test_teams_are_told_apart() -> None:
    """`team_ids[]` given twice means both teams."""
    two = body(LISTS.active_players(["2", "1"], {"per_page": "100"}, NOON))["data"]
    assert {one["team"]["abbreviation"] for one in two} == {"ATL", "BOS"}
    hurt = body(
        LISTS.injuries([str(TEAMS[entry["team"]].bdl_id) for entry in FEED.entries(NOON).values()][:1], {}, NOON)
    )
    assert len({raw["player"]["team_id"] for raw in hurt["data"]}) == 1
