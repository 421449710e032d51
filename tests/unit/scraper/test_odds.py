"""Events and lines of The Odds API."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.domain.odds import MARKET_KEYS, Event, Offer, parse_events, parse_odds
from services.scraper.domain.wire import Fault
from shared.markets import MARKETS
from tests.unit.scraper import wire

POSTED = datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC)


def test_an_event_is_of_its_eastern_date() -> None:
    """A start after midnight UTC belongs to the evening before."""
    parsed = parse_events(wire.body([wire.event()]))
    assert parsed.records == (Event("e1", frozenset({"BOS", "NYK"}), date(2024, 3, 4)),)


def test_live_and_historical_answers_are_read_alike() -> None:
    """The wrapper only adds the snapshot's time."""
    events = [wire.event()]
    assert parse_events(wire.body(wire.historical(events))).records == parse_events(wire.body(events)).records
    odds = wire.odds(fanduel=[wire.market("player_points", wire.outcomes("Nyk Elm", 20.5))])
    assert parse_odds(wire.body(wire.historical(odds))).records == parse_odds(wire.body(odds)).records


def test_both_spellings_of_the_clippers() -> None:
    """The API has written both."""
    event = wire.event(home="LAC")
    for name in ("Los Angeles Clippers", "LA Clippers"):
        assert parse_events(wire.body([{**event, "home_team": name}])).records[0].teams == {"LAC", "BOS"}


@pytest.mark.parametrize("changes", [{"home_team": "Seattle SuperSonics"}, {"commence_time": "soon"}, {"id": ""}])
def test_a_bad_event_is_refused_and_costs_no_other(changes: dict[str, object]) -> None:
    """The one beside it is read."""
    parsed = parse_events(wire.body([{**wire.event("e0"), **changes}, wire.event("e1")]))
    assert [event.event_id for event in parsed.records] == ["e1"]
    assert len(parsed.refused) == 1


def test_two_outcomes_make_an_offer() -> None:
    """Over and Under of one player and line belong together; either may be missing, and neither is made up."""
    quotes = [
        wire.outcomes("Nyk Elm", 20.5, -115, -105),
        wire.outcomes("Nyk Fir", 8.5, under=None),
        wire.outcomes("Nyk Gum", 3.5, over=None),
        [{"name": "Over", "description": "Nyk Ash", "price": None, "point": 1.5}],
    ]
    parsed = parse_odds(wire.body(wire.odds(fanduel=[wire.market("player_points", *quotes)])))
    assert parsed.records == (
        Offer("e1", "Nyk Elm", "points", "fanduel", 20.5, -115.0, -105.0, is_main=True, posted_at=POSTED),
        Offer("e1", "Nyk Fir", "points", "fanduel", 8.5, -110.0, None, is_main=True, posted_at=POSTED),
        Offer("e1", "Nyk Gum", "points", "fanduel", 3.5, None, -110.0, is_main=True, posted_at=POSTED),
        Offer("e1", "Nyk Ash", "points", "fanduel", 1.5, None, None, is_main=True, posted_at=POSTED),
    )


def test_main_and_alternate_markets_of_every_statistic() -> None:
    """Two markets a statistic are asked for; others that come along are none of ours."""
    assert len(MARKET_KEYS) == 2 * len(MARKETS)
    markets = [wire.market(key, wire.outcomes("Nyk Elm", 5.5)) for key in (*MARKET_KEYS, "player_steals", "h2h")]
    parsed = parse_odds(wire.body(wire.odds(fanduel=markets)))
    assert {(offer.market, offer.is_main) for offer in parsed.records} == {
        (market, main) for market in MARKETS for main in (True, False)
    }


offers = st.tuples(
    st.sampled_from(["fanduel", "betmgm", "unibet_us"]),
    st.sampled_from(MARKET_KEYS),
    st.sampled_from(wire.SURNAMES),
    st.integers(0, 80).map(lambda halves: halves / 2),
)


@given(st.sets(offers, max_size=60))
def test_f24_every_player_market_and_line_is_kept(wanted: set[tuple[str, str, str, float]]) -> None:
    """However many lines a book posts for a player, all of them arrive, and nothing else does."""
    books: dict[str, dict[str, list[list[dict[str, object]]]]] = {}
    for book, key, name, line in sorted(wanted):
        books.setdefault(book, {}).setdefault(key, []).append(wire.outcomes(name, line))
    payload = wire.odds(
        **{book: [wire.market(key, *quotes) for key, quotes in markets.items()] for book, markets in books.items()}
    )
    parsed = parse_odds(wire.body(payload))
    got = [
        (
            offer.bookmaker,
            f"{MARKETS[offer.market].odds_key}{'' if offer.is_main else '_alternate'}",
            offer.player_name,
            offer.line,
        )
        for offer in parsed.records
    ]
    assert sorted(got) == sorted(wanted)
    assert parsed.refused == ()


def test_the_time_of_posting() -> None:
    """The market's own stamp, else the bookmaker's, else the snapshot's, else nobody knows."""
    unstamped = wire.odds(fanduel=[wire.market("player_points", wire.outcomes("Nyk Elm", 20.5), last_update=None)])
    assert parse_odds(wire.body(unstamped)).records[0].posted_at is None
    snapshot = parse_odds(wire.body(wire.historical(unstamped))).records[0].posted_at
    assert snapshot == datetime(2024, 3, 5, 0, 10, tzinfo=UTC)
    unstamped["bookmakers"][0]["last_update"] = "2024-03-04T20:10:07Z"
    assert parse_odds(wire.body(unstamped)).records[0].posted_at == POSTED


@pytest.mark.parametrize(
    "outcome",
    [
        {"name": "Yes", "description": "Nyk Elm", "price": 100, "point": 0.5},
        {"name": "Over", "price": 100, "point": 0.5},
        {"name": "Over", "description": "Nyk Elm", "price": 100},
        {"name": "Over", "description": "Nyk Elm", "price": 100, "point": -1},
        {"name": "Over", "description": "Nyk Elm", "price": "evens", "point": 0.5},
        "Over",
    ],
)
def test_f13_a_bad_outcome_is_refused_never_completed(outcome: object) -> None:
    """A line is real or absent; the good quote beside the bad one stays."""
    market = wire.market("player_points", wire.outcomes("Nyk Fir", 8.5))
    market["outcomes"].append(outcome)
    parsed = parse_odds(wire.body(wire.odds(fanduel=[market])))
    assert [offer.player_name for offer in parsed.records] == ["Nyk Fir"]
    assert len(parsed.refused) == 1


def test_a_bad_market_or_bookmaker_costs_no_other() -> None:
    """Unreadable outcomes, stamps or markets are refused where they are."""
    good = wire.market("player_points", wire.outcomes("Nyk Fir", 8.5))
    payload = wire.odds(
        fanduel=[{"key": "player_points", "outcomes": 5}, wire.market("player_threes", last_update="late"), good],
        betmgm=[good],
    )
    payload["bookmakers"] += [{"key": "bovada", "markets": None}, {"markets": []}, "book"]
    parsed = parse_odds(wire.body(payload))
    assert [offer.bookmaker for offer in parsed.records] == ["fanduel", "betmgm"]
    assert len(parsed.refused) == 5


@pytest.mark.parametrize("payload", [[], {}, {"id": "e1"}, {"data": {"id": "e1", "bookmakers": []}}, {"message": "no"}])
def test_what_is_no_event_is_a_fault(payload: object) -> None:
    """It is asked for again."""
    with pytest.raises(Fault):
        parse_odds(wire.body(payload))


def test_no_bookmakers_are_an_empty_answer() -> None:
    """An event before its lines are posted."""
    assert parse_odds(wire.body(wire.odds())).seen == 0
