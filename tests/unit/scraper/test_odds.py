"""Events and lines of The Odds API."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scraper.domain.odds import Event, Offer
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.odds_api.event_odds import market_keys, parse_odds
from services.scraper.sources.odds_api.events import parse_events
from shared.registries.markets import MARKETS
from tests.unit.scraper import wire

POSTED = datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC)
SNAPSHOT = datetime(2024, 3, 5, 0, 10, tzinfo=UTC)


def _events(*events: object) -> Parsed[Event]:
    return parse_events(wire.body(list(events)))


def _offers(*markets: object, **more: object) -> Parsed[Offer]:
    """What FanDuel's markets are read as; `more` are fields of the bookmaker."""
    bookmaker = {"key": "fanduel", "title": "FanDuel", "markets": list(markets), **more}
    return _read({**wire.event(), "bookmakers": [bookmaker]})


def _read(payload: wire.Json) -> Parsed[Offer]:
    """The odds of an event, in which there are props only."""
    parsed = parse_odds(wire.body(payload))
    offers = tuple(record for record in parsed.records if isinstance(record, Offer))
    assert len(offers) == len(parsed.records)
    return Parsed(offers, parsed.refused, parsed.seen, parsed.stamp)


def _outcome(**changes: object) -> wire.Json:
    return {"name": "Over", "description": "Nyk Elm", "price": -115, "point": 20.5, **changes}


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_event_has_id_teams_and_date() -> None:
    """A start after midnight UTC belongs to the evening before; a live list has no stamp."""
    assert _events(wire.event()) == Parsed(
        (Event("e1", frozenset({"BOS", "NYK"}), date(2024, 3, 4)),), refused=(), seen=1, stamp=None
    )


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2024-03-05T04:59:59Z", date(2024, 3, 4)),
        ("2024-03-05T05:00:00Z", date(2024, 3, 5)),
        ("2024-04-05T03:59:59Z", date(2024, 4, 4)),
        ("2024-04-05T04:00:00Z", date(2024, 4, 5)),
    ],
)
def test_f10_midnight_is_new_yorks_in_winter_and_in_summer(start: str, day: date) -> None:
    """Five hours after UTC's, or four."""
    assert _events(wire.event(start=start)).records[0].game_date == day


def test_a_historical_list_is_stamped() -> None:
    """The wrapper only adds the snapshot's time."""
    parsed = parse_events(wire.body(wire.historical([wire.event("e2", "DEN", "LAL")])))
    assert parsed == Parsed((Event("e2", frozenset({"LAL", "DEN"}), date(2024, 3, 4)),), (), 1, SNAPSHOT)


@pytest.mark.parametrize("name", ["Los Angeles Clippers", "LA Clippers"])
def test_both_spellings_of_the_clippers(name: str) -> None:
    """The API has written both."""
    assert _events({**wire.event(), "home_team": name}).records[0].teams == {"LAC", "BOS"}


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (
            {**wire.event("e0"), "home_team": "Seattle SuperSonics"},
            Refusal("e0", "unknown team 'Seattle SuperSonics': add its spelling to shared/basketball/identity.py"),
        ),
        ({**wire.event("e0"), "away_team": None}, Refusal("e0", "away_team is None, not a text")),
        ({**wire.event("e0"), "commence_time": "soon"}, Refusal("e0", "commence_time is 'soon', not an instant")),
        ({"id": "e0"}, Refusal("e0", "no 'commence_time'")),
        ({**wire.event(), "id": 7}, Refusal("7", "id is 7, not a text")),
        ("e0", Refusal("'e0'", "not an object where 'commence_time' is expected")),
    ],
)
def test_a_bad_event_is_refused_and_costs_no_other(bad: object, refusal: Refusal) -> None:
    """The one after it is read."""
    parsed = _events(bad, wire.event("e1"))
    assert [event.event_id for event in parsed.records] == ["e1"]
    assert (parsed.refused, parsed.seen) == ((refusal,), 2)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({}, "the payload is not a list"),
        ({"data": [], "timestamp": "late"}, "historical answer: timestamp is 'late', not an instant"),
        ({"data": []}, "historical answer: no 'timestamp'"),
        ({"data": {}, "timestamp": "2024-03-05T00:10:00Z"}, "the payload is not a list"),
    ],
)
def test_what_is_no_list_of_events_is_a_fault(payload: object, message: str) -> None:
    """Nor is a historical answer that does not say of when it is."""
    with pytest.raises(Fault) as raised:
        parse_events(wire.body(payload))
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)


# --- offers ---------------------------------------------------------------------------------------------------------


def test_two_outcomes_make_an_offer() -> None:
    """Over and Under of one player and line belong together; either may be missing, and neither is made up."""
    parsed = _offers(
        wire.market(
            "player_points",
            wire.outcomes("Nyk Elm", 20.5, -115, -105),
            wire.outcomes("Nyk Fir", 8.5, -120, None),
            wire.outcomes("Nyk Gum", 3, None, 250),
        )
    )
    assert parsed.records == (
        Offer("e1", "Nyk Elm", "points", "fanduel", 20.5, -115.0, -105.0, is_main=True, posted_at=POSTED),
        Offer("e1", "Nyk Fir", "points", "fanduel", 8.5, -120.0, None, is_main=True, posted_at=POSTED),
        Offer("e1", "Nyk Gum", "points", "fanduel", 3.0, None, 250.0, is_main=True, posted_at=POSTED),
    )
    assert (parsed.refused, parsed.seen, parsed.stamp) == ((), 1, None)


def test_the_sides_may_come_apart_and_turned() -> None:
    """Under first, another player in between, another line of the same player: each side finds its own."""
    parsed = _offers(
        wire.market(
            "player_points",
            [
                _outcome(name="Under", price=-101),
                _outcome(description="Nyk Fir", price=-102),
                _outcome(point=21.5, price=-103),
                _outcome(price=-104),
                _outcome(name="Under", description="Nyk Fir", price=-106),
            ],
        )
    )
    assert [(o.player_name, o.line, o.over_price, o.under_price) for o in parsed.records] == [
        ("Nyk Elm", 20.5, -104.0, -101.0),
        ("Nyk Fir", 20.5, -102.0, -106.0),
        ("Nyk Elm", 21.5, -103.0, None),
    ]


def test_of_a_side_that_is_posted_twice_the_last_price_counts() -> None:
    """One line is one offer."""
    parsed = _offers(wire.market("player_points", [_outcome(price=-115), _outcome(price=-125)]))
    assert [(o.over_price, o.under_price) for o in parsed.records] == [(-125.0, None)]


def test_every_book_and_every_line_is_kept() -> None:
    """Two books on one line, and alternates beside the main line, in the payload's order."""
    payload = wire.odds(
        betmgm=[wire.market("player_points", wire.outcomes("Nyk Elm", 20.5, -111, -112))],
        fanduel=[
            wire.market("player_points_alternate", wire.outcomes("Nyk Elm", 20.5, -113, None)),
            wire.market("player_points", wire.outcomes("Nyk Elm", 20.5, -114, -116)),
            wire.market("player_points_alternate", wire.outcomes("Nyk Elm", 24.5, 180, None)),
        ],
    )
    parsed = _read(payload)
    assert [(o.bookmaker, o.is_main, o.line, o.over_price) for o in parsed.records] == [
        ("betmgm", True, 20.5, -111.0),
        ("fanduel", False, 20.5, -113.0),
        ("fanduel", True, 20.5, -114.0),
        ("fanduel", False, 24.5, 180.0),
    ]
    assert parsed.seen == 2


KEYS = {
    "player_points": "points",
    "player_rebounds": "rebounds",
    "player_assists": "assists",
    "player_threes": "threes",
    "player_points_rebounds_assists": "pra",
}


def test_main_and_alternate_markets_of_every_statistic_are_asked_for() -> None:
    """The main market first, then its alternate lines."""
    assert market_keys(KEYS.values()) == (
        "player_points",
        "player_points_alternate",
        "player_rebounds",
        "player_rebounds_alternate",
        "player_assists",
        "player_assists_alternate",
        "player_threes",
        "player_threes_alternate",
        "player_points_rebounds_assists",
        "player_points_rebounds_assists_alternate",
    )


def test_every_market_is_known_by_its_key() -> None:
    """Others that come along, whatever is in them, are none of ours and no refusal."""
    keys = [key + suffix for key in KEYS for suffix in ("", "_alternate")]
    others = [
        {"key": key, "outcomes": 5}
        for key in ("player_dunks", "player_dunks_alternate", "alternate_spreads", "_alternate")
    ]
    parsed = _offers(others[0], *(wire.market(key, wire.outcomes("Nyk Elm", 5.5)) for key in keys), *others[1:])
    assert [(offer.market, offer.is_main) for offer in parsed.records] == [
        (name, main) for name in KEYS.values() for main in (True, False)
    ]
    assert parsed.refused == ()


offers = st.tuples(
    st.sampled_from(["fanduel", "betmgm", "unibet_us"]),
    st.sampled_from(market_keys(MARKETS)),
    st.sampled_from(wire.SURNAMES),
    st.integers(0, 80).map(lambda halves: halves / 2),
)


@settings(max_examples=20)
@given(st.sets(offers, max_size=30))
def test_f24_every_player_market_and_line_is_kept(wanted: set[tuple[str, str, str, float]]) -> None:
    """However many lines a book posts for a player, all of them arrive, and nothing else does."""
    books: dict[str, dict[str, list[list[dict[str, object]]]]] = {}
    for book, key, name, line in sorted(wanted):
        books.setdefault(book, {}).setdefault(key, []).append(wire.outcomes(name, line))
    payload = wire.odds(
        **{book: [wire.market(key, *quotes) for key, quotes in markets.items()] for book, markets in books.items()}
    )
    parsed = _read(payload)
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


@pytest.mark.parametrize(
    ("of_market", "of_bookmaker", "historical", "posted_at"),
    [
        ("2024-03-04T20:10:07Z", "2024-03-04T21:00:00Z", True, POSTED),
        (None, "2024-03-04T21:00:00Z", True, datetime(2024, 3, 4, 21, tzinfo=UTC)),
        (None, "2024-03-04T21:00:00Z", False, datetime(2024, 3, 4, 21, tzinfo=UTC)),
        (None, None, True, SNAPSHOT),
        (None, None, False, None),
    ],
)
def test_the_time_of_posting(
    of_market: str | None, of_bookmaker: str | None, *, historical: bool, posted_at: datetime | None
) -> None:
    """The market's own stamp, else the bookmaker's, else the snapshot's, else nobody knows."""
    payload = wire.odds(fanduel=[wire.market("player_points", wire.outcomes("Nyk Elm", 20.5), last_update=of_market)])
    payload["bookmakers"][0]["last_update"] = of_bookmaker
    parsed = _read(wire.historical(payload) if historical else payload)
    assert [offer.posted_at for offer in parsed.records] == [posted_at]
    assert parsed.stamp == (SNAPSHOT if historical else None)


def test_a_line_of_zero_is_a_line() -> None:
    """More than none of something."""
    [offer] = _offers(wire.market("player_threes", wire.outcomes("Nyk Elm", 0, 100, -120))).records
    assert (offer.line, offer.over_price, offer.under_price) == (0.0, 100.0, -120.0)


@pytest.mark.parametrize(
    ("outcome", "refusal"),
    [
        (_outcome(name="Yes"), Refusal("Nyk Elm", "side 'Yes' is neither Over nor Under")),
        (_outcome(name="over"), Refusal("Nyk Elm", "side 'over' is neither Over nor Under")),
        (_outcome(name=None), Refusal("Nyk Elm", "name is None, not a text")),
        (_outcome(description=""), Refusal("Over", "description is '', not a text")),
        ({"name": "Over", "price": 100, "point": 0.5}, Refusal("Over", "no 'description'")),
        ({"name": "Over", "description": "Nyk Elm", "price": 100}, Refusal("Nyk Elm", "no 'point'")),
        (_outcome(point=None), Refusal("Nyk Elm", "point is None, not a number")),
        (_outcome(point=-0.5), Refusal("Nyk Elm", "line -0.5 is below zero")),
        (_outcome(price="evens"), Refusal("Nyk Elm", "price is 'evens', not a number")),
        ("Over", Refusal("'Over'", "not an object where 'name' is expected")),
    ],
)
def test_f13_a_bad_outcome_is_refused_never_completed(outcome: object, refusal: Refusal) -> None:
    """A line is real or absent; the good quote after the bad one stays."""
    market = wire.market("player_points_alternate", [outcome], wire.outcomes("Nyk Fir", 8.5))  # type: ignore[list-item]  # a broken outcome
    parsed = _offers(market)
    assert [offer.player_name for offer in parsed.records] == ["Nyk Fir"]
    assert parsed.refused == (Refusal(f"fanduel player_points_alternate {refusal.record}", refusal.reason),)


def _unpriced() -> wire.Json:
    outcome = _outcome()
    del outcome["price"]
    return outcome


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (_unpriced(), "no 'price'"),
        (_outcome(price=None), "price is None, not a number"),
        (_outcome(price=0), "price is 0"),
        (_outcome(price=1.91), "price 1.91 is no American price"),
        (_outcome(price=99), "price 99 is no American price"),
        (_outcome(point=501), "line 501.0 is beyond 500"),
        (_outcome(name="Ovr"), "side 'Ovr' is neither Over nor Under"),
        (_outcome(point="20.5"), "point is '20.5', not a number"),
        (_outcome(point=-20.5), "line -20.5 is below zero"),
    ],
)
def test_f13_a_line_one_of_whose_sides_cannot_be_read_is_refused_whole(bad: wire.Json, reason: str) -> None:
    """What is left of it would be one side of a line that has two; the player's other lines stay."""
    under = _outcome(name="Under")
    parsed = _offers(
        wire.market("player_points", [under, bad], wire.outcomes("Nyk Elm", 25.5)),
        wire.market("player_points_alternate", wire.outcomes("Nyk Elm", 30.5, 250, None)),
    )
    assert [(o.line, o.over_price, o.under_price) for o in parsed.records] == [
        (25.5, -110.0, -110.0), (30.5, 250.0, None),
    ]  # fmt: skip
    assert parsed.refused == (
        Refusal("fanduel player_points Nyk Elm", reason),
        Refusal("fanduel player_points Nyk Elm 20.5", "its other side may be one that cannot be read"),
    )


def test_a_side_of_nobody_casts_doubt_on_its_line_only() -> None:
    """Whoever it is of, he has that line; a line with both its sides is none the worse."""
    parsed = _offers(
        wire.market(
            "player_points",
            [_outcome(description=None), _outcome(name="Under")],
            wire.outcomes("Nyk Fir", 8.5, None),
            wire.outcomes("Nyk Gum", 20.5),
        )
    )
    assert [offer.player_name for offer in parsed.records] == ["Nyk Fir", "Nyk Gum"]


def test_an_alternate_line_whose_point_is_lost_costs_no_other_of_the_player() -> None:
    """Alternate lines have one side as a rule."""
    parsed = _offers(
        wire.market("player_points_alternate", [_outcome(point=None)], wire.outcomes("Nyk Elm", 30.5, 250, None))
    )
    assert [(o.line, o.over_price) for o in parsed.records] == [(30.5, 250.0)]


def test_a_bookmaker_without_any_price_quotes_lines_only() -> None:
    """A site that takes picks: null is then no price that was dropped. Beside other bookmakers' prices, too."""
    bare = [_outcome(price=None, description=name) for name in ("Nyk Elm", "Nyk Fir")]
    payload = wire.odds(
        picks=[wire.market("player_points", bare), wire.market("player_threes", bare)],
        fanduel=[wire.market("player_points", [*bare, *wire.outcomes("Nyk Gum", 8.5)])],
    )
    parsed = _read(payload)
    assert [(o.bookmaker, o.over_price) for o in parsed.records] == [
        *[("picks", None)] * 4, ("fanduel", -110.0),
    ]  # fmt: skip
    assert [refusal.reason for refusal in parsed.refused] == ["price is None, not a number"] * 2


def test_a_bad_market_or_bookmaker_costs_no_other() -> None:
    """Unreadable outcomes, stamps or markets are refused where they are; what comes after them is read."""
    good = wire.market("player_points", wire.outcomes("Nyk Fir", 8.5))
    payload = wire.odds(
        fanduel=[
            {"key": "player_points", "outcomes": 5},
            {"key": "player_assists"},
            wire.market("player_threes", wire.outcomes("Nyk Elm", 1.5), last_update="late"),
            {"key": "player_assists", "outcomes": []},
            good,
        ],
        draftkings=[good, {"outcomes": []}],
    )
    payload["bookmakers"] += [
        {"key": "bovada", "markets": None},
        {"key": "caesars"},
        {"key": "unibet", "markets": []},
        {"markets": []},
        "book",
        {"key": "betmgm", "markets": [good]},
    ]
    parsed = _read(payload)
    assert [offer.bookmaker for offer in parsed.records] == ["fanduel", "draftkings", "betmgm"]
    assert parsed.refused == (
        Refusal("fanduel player_points", "its outcomes are not a list"),
        Refusal("fanduel player_assists", "no 'outcomes'"),
        Refusal("fanduel player_threes", "last_update is 'late', not an instant"),
        Refusal("fanduel player_assists", "its outcomes are none"),
        Refusal("draftkings {'outcomes': []}", "no 'key'"),
        Refusal("bovada", "its markets are not a list"),
        Refusal("caesars", "no 'markets'"),
        Refusal("unibet", "its markets are none"),
        Refusal("{'markets': []}", "no 'key'"),
        Refusal("'book'", "not an object where 'key' is expected"),
    )
    assert parsed.seen == 8


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ([], "the payload is no event"),
        ({}, "the payload is no event"),
        ({"id": 7, "bookmakers": []}, "the payload is no event"),
        ({"message": "no"}, "the payload is no event"),
        ({"id": "e1"}, "the payload has no 'bookmakers'"),
        ({"data": {"id": "e1", "bookmakers": []}}, "historical answer: no 'timestamp'"),
    ],
)
def test_what_is_no_event_is_a_fault(payload: object, message: str) -> None:
    """It is asked for again."""
    with pytest.raises(Fault) as raised:
        parse_odds(wire.body(payload))
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)


def test_no_bookmakers_are_an_empty_answer() -> None:
    """An event before its lines are posted."""
    assert parse_odds(wire.body(wire.odds())) == Parsed((), (), 0, None)
