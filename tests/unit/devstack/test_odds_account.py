"""What The Odds API's answers cost, whom it asks, and its lines on games."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.facts import Game
from devstack.league import generate
from devstack.upstream.odds import OddsFeed
from devstack.upstream.wire import Answer
from tests.unit.devstack.tiny import FIRST, TIP, line, tiny

LEAGUE = generate(days=10)
ODDS = OddsFeed(LEAGUE)
FEATURED = {"markets": "h2h,spreads,totals", "oddsFormat": "american"}
EARLY = timedelta(seconds=1)
games = st.sampled_from(list(LEAGUE.games.values()))
around = st.builds(lambda game, minutes: (game, game.tip + timedelta(minutes=minutes)), games, st.integers(-3000, 400))


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    assert answer.status == 200
    return json.loads(answer.body)


def game_line(**changes: object) -> dict[str, Any]:
    return {
        "game_id": FIRST,
        "bookmaker": "draftkings",
        "spread_home": -4.5,
        "total": 220.5,
        "home_ml": -190.0,
        "away_ml": 160.0,
        "snapshot_utc": None,
        **changes,
    }


@given(around)
def test_game_lines_are_posted_in_the_past(at: tuple[Game, datetime]) -> None:
    """No line is newer than now; an event that is over has none; the past shows what the present did."""
    game, now = at
    events = {event["id"]: event for event in body(ODDS.game_lines(FEATURED, now))}
    for event in events.values():
        updates = [market["last_update"] for book in event["bookmakers"] for market in book["markets"]]
        assert updates
        assert all(datetime.fromisoformat(update) <= now for update in updates)
    event_id = LEAGUE.event_id(game.game_id)
    if game.final_at <= now:
        assert event_id not in events
    asked = {**FEATURED, "date": now.isoformat()}
    assert body(ODDS.historical_game_lines(asked, now + timedelta(days=2)))["data"] == [*events.values()]
    later = {**FEATURED, "date": (now + timedelta(days=1)).isoformat()}
    assert body(ODDS.historical_game_lines(later, now))["data"] == [*events.values()]


def test_a_closing_line_is_known_at_tip() -> None:
    """A line without a time is shown from the tip-off on, not before; afterwards the event is over."""
    feed = OddsFeed(tiny(game_lines=[game_line()]))
    assert body(feed.game_lines(FEATURED, TIP - EARLY)) == []
    (event,) = body(feed.game_lines(FEATURED, TIP))
    (book,) = event["bookmakers"]
    assert (book["key"], book["title"], book["last_update"]) == ("draftkings", "DraftKings", "2024-11-02T00:00:00Z")
    assert {market["key"]: [list(one.values()) for one in market["outcomes"]] for market in book["markets"]} == {
        "h2h": [["Philadelphia 76ers", 160], ["Boston Celtics", -190]],
        "spreads": [["Philadelphia 76ers", -110, 4.5], ["Boston Celtics", -110, -4.5]],
        "totals": [["Over", -110, 220.5], ["Under", -110, 220.5]],
    }
    assert body(feed.game_lines(FEATURED, TIP + timedelta(hours=3))) == []


def test_latest_line_of_a_book_is_shown() -> None:
    """Each book shows its newest; a market that it does not offer is not there."""
    noon = datetime(2024, 11, 1, 12, tzinfo=UTC)
    rows = [
        game_line(snapshot_utc=noon, total=None),
        game_line(snapshot_utc=noon + timedelta(hours=1), spread_home=-5.5, total=None),
    ]
    feed = OddsFeed(tiny(game_lines=rows))

    def spreads(now: datetime) -> list[float]:
        (event,) = body(feed.game_lines({"markets": "spreads,totals"}, now))
        return [market["outcomes"][1]["point"] for book in event["bookmakers"] for market in book["markets"]]

    assert spreads(noon) == [-4.5]
    assert spreads(noon + timedelta(hours=1)) == [-5.5]
    assert body(feed.game_lines({}, noon))[0]["bookmakers"][0]["markets"][0]["outcomes"][1]["price"] == 1.53


def test_an_event_has_game_lines_and_props_side_by_side() -> None:
    """Asked for both, a book's markets of the game come with those of the players."""
    noon = datetime(2024, 11, 1, 12, tzinfo=UTC)
    rows = [game_line(snapshot_utc=noon), game_line(snapshot_utc=noon, bookmaker="fanduel")]
    feed = OddsFeed(tiny(game_lines=rows, prop_lines=[line(FIRST)]))
    answer = feed.event_odds("feed", {"markets": "player_points,totals"}, noon)
    shown = {book["key"]: [market["key"] for market in book["markets"]] for book in body(answer)["bookmakers"]}
    assert shown == {"draftkings": ["totals"], "fanduel": ["player_points", "totals"]}
    assert answer.cost == 2


def test_only_those_asked_for_answer() -> None:
    """Every book of a history is of the region us; named bookmakers win over regions."""
    noon = datetime(2024, 11, 1, 12, tzinfo=UTC)
    rows = [game_line(snapshot_utc=noon, bookmaker=book) for book in ("draftkings", "fanduel")]
    feed = OddsFeed(tiny(game_lines=rows))

    def books(**query: str) -> list[str]:
        return [book["key"] for event in body(feed.game_lines(query, noon)) for book in event["bookmakers"]]

    assert books(regions="us,uk") == books(markets="h2h") == ["draftkings", "fanduel"]
    assert books(regions="uk") == []
    assert books(regions="uk", bookmakers="fanduel") == ["fanduel"]
    assert body(feed.event_odds("feed", {"markets": "player_points", "regions": "eu"}, noon))["bookmakers"] == []


def test_costs_are_markets_times_regions_and_tenfold_for_the_past() -> None:
    """Events are free; lists of events in the past cost one; an event's odds only what was found."""
    noon = datetime(2024, 11, 1, 12, tzinfo=UTC)
    feed = OddsFeed(tiny(game_lines=[game_line(snapshot_utc=noon, total=None)], prop_lines=[line(FIRST)]))
    past = {"date": noon.isoformat()}
    assert feed.events(noon).cost == 0
    assert feed.historical_events(past, noon).cost == 1
    assert feed.historical_events({"date": "2020-01-01T00:00:00Z"}, noon).cost == 0
    assert feed.game_lines({"markets": "h2h,totals", "regions": "us,uk,eu"}, noon).cost == 6
    assert feed.game_lines({"markets": "h2h", "bookmakers": ",".join(f"b{n}" for n in range(11))}, noon).cost == 2
    assert feed.historical_game_lines({**past, "markets": "h2h,totals", "regions": "us"}, noon).cost == 20
    props = {"markets": "player_points,player_rebounds,h2h,totals", "regions": "us,us2"}
    assert feed.event_odds("feed", props, noon).cost == 4
    assert feed.historical_odds("feed", {**props, **past}, noon).cost == 40
    assert feed.event_odds("feed", {"markets": "player_dunks"}, noon).cost == 0


@pytest.mark.parametrize("query", [{"markets": "player_points"}, {"markets": ""}, {"oddsFormat": "roman"}])
def test_what_it_does_not_have_is_refused(query: dict[str, str]) -> None:
    """Props are asked for by event; 422 with a reason."""
    assert ODDS.game_lines(query, TIP).status == 422
    assert ODDS.historical_game_lines({**query, "date": TIP.isoformat()}, TIP).status == 422
    assert ODDS.historical_game_lines({"markets": "h2h"}, TIP).status == 422
