"""The game's own markets of The Odds API: moneyline, spread and total."""

from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.odds import GameLine, Offer
from services.scraper.domain.wire import Fault, Refusal
from services.scraper.sources.endpoint import Request
from services.scraper.sources.odds_api.event_odds import parse_odds
from services.scraper.sources.odds_api.game_lines import ODDS, ODDS_HISTORY, game_lines, parse_game_lines
from tests.unit.scraper import wire

POSTED = datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC)
KNICKS, CELTICS = "New York Knicks", "Boston Celtics"


def _outcome(name: str, price: object, point: object = None) -> wire.Json:
    return {"name": name, "price": price} | ({} if point is None else {"point": point})


H2H = wire.market("h2h", [_outcome(CELTICS, -150), _outcome(KNICKS, 130)])
SPREADS = wire.market("spreads", [_outcome(CELTICS, -110, -3.5), _outcome(KNICKS, -112, 3.5)])
TOTALS = wire.market("totals", [_outcome("Over", -108, 221.5), _outcome("Under", -114, 221.5)], last_update=None)


def _event(*markets: wire.Json, **changes: object) -> wire.Json:
    return {**wire.event(), "bookmakers": [{"key": "fanduel", "markets": list(markets)}], **changes}


def _line(market: str, side: str, point: float | None, price: float, posted_at: datetime | None = POSTED) -> GameLine:
    return GameLine("e1", date(2024, 3, 4), "NYK", "BOS", "fanduel", market, side, point, price, posted_at)


LINES = (
    _line("h2h", "BOS", None, -150.0),
    _line("h2h", "NYK", None, 130.0),
    _line("spreads", "BOS", -3.5, -110.0),
    _line("spreads", "NYK", 3.5, -112.0),
    _line("totals", "over", 221.5, -108.0, None),
    _line("totals", "under", 221.5, -114.0, None),
)


def test_every_side_of_every_market_is_a_line() -> None:
    """With its own date, in Eastern time; markets of other kinds are none."""
    others = [
        wire.market("h2h_lay", [_outcome(KNICKS, 140)]),
        wire.market("player_points", wire.outcomes("Nyk Elm", 9)),
    ]
    parsed = parse_game_lines(wire.body([_event(H2H, SPREADS, TOTALS, *others), _event(id="e2", bookmakers=[])]))
    assert (parsed.records, parsed.refused, parsed.seen, parsed.stamp) == (LINES, (), 2, None)


def test_a_historical_answer_is_wrapped() -> None:
    """Its snapshot is when a market without a stamp was known."""
    parsed = parse_game_lines(wire.body(wire.historical([_event(TOTALS)])))
    snapshot = datetime(2024, 3, 5, 0, 10, tzinfo=UTC)
    assert [line.posted_at for line in parsed.records] == [snapshot, snapshot]
    assert parsed.stamp == snapshot


def test_game_lines_beside_props_are_read_with_them() -> None:
    """They come with an event's odds when they are asked for there."""
    parsed = parse_odds(wire.body(_event(H2H, wire.market("player_points", wire.outcomes("Nyk Elm", 9.5)))))
    assert parsed.records[:2] == LINES[:2]
    assert [type(record) for record in parsed.records[2:]] == [Offer]


@pytest.mark.parametrize(
    ("market", "reason"),
    [
        (wire.market("h2h", [_outcome(CELTICS, -150)]), "1 outcomes, of BOS"),
        (wire.market("h2h", [_outcome(CELTICS, -150), _outcome(CELTICS, 130)]), "2 outcomes, of BOS"),
        (wire.market("h2h", [_outcome(CELTICS, None), _outcome(KNICKS, 130)]), "price is None, not a number"),
        (wire.market("h2h", [_outcome(CELTICS, None), _outcome(KNICKS, None)]), "price is None, not a number"),
        (wire.market("h2h", [_outcome(CELTICS, 0), _outcome(KNICKS, 130)]), "price is 0"),
        (
            wire.market("h2h", [_outcome("Miami Heat", 120), _outcome(KNICKS, 130)]),
            "side 'Miami Heat' does not play BOS@NYK",
        ),
        (wire.market("spreads", [_outcome(CELTICS, 120), _outcome(KNICKS, 130, 3)]), "no 'point'"),
        (
            wire.market("totals", [_outcome("over", 120, 221.5), _outcome("Under", 130, 221.5)]),
            "side 'over' is neither Over nor Under",
        ),
    ],
)
def test_half_a_market_is_refused_whole(market: wire.Json, reason: str) -> None:
    """And costs no other."""
    parsed = parse_game_lines(wire.body([_event(market, SPREADS if market["key"] != "spreads" else H2H)]))
    assert len(parsed.records) == 2
    assert {line.market for line in parsed.records}.isdisjoint({market["key"]})
    assert parsed.refused == (Refusal(f"e1 fanduel {market['key']}", reason),)


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        ("e0", Refusal("'e0'", "not an object where 'bookmakers' is expected")),
        ({"id": "e0"}, Refusal("e0", "no 'bookmakers'")),
        ({"id": "e0", "bookmakers": None}, Refusal("e0", "bookmakers is None, not a list")),
        (
            _event(H2H, id="e0", commence_time="late"),
            Refusal("e0 fanduel h2h", "commence_time is 'late', not an instant"),
        ),
        (
            _event(H2H, id="e0", home_team="Seattle SuperSonics"),
            Refusal(
                "e0 fanduel h2h",
                "unknown team 'Seattle SuperSonics': add its spelling to shared/basketball/identity.py",
            ),
        ),
    ],
)
def test_a_bad_event_costs_no_other(bad: object, refusal: Refusal) -> None:
    """The one after it is read."""
    parsed = parse_game_lines(wire.body([bad, _event(H2H)]))
    assert (parsed.records, parsed.refused, parsed.seen) == (LINES[:2], (refusal,), 2)


@pytest.mark.parametrize("payload", [{}, {"message": "no"}, "odds"])
def test_what_is_no_list_of_events_is_a_fault(payload: object) -> None:
    """It is asked for again."""
    with pytest.raises(Fault, match="the payload is not a list"):
        parse_game_lines(wire.body(payload))


def test_all_games_are_asked_for_at_once() -> None:
    """Now, or as they stood at a past instant."""
    params = {"regions": "us,eu", "markets": "h2h,spreads,totals", "dateFormat": "iso", "oddsFormat": "american"}
    assert game_lines(regions="us,eu", as_of=None) == Request(
        ODDS, "game_lines", "/v4/sports/basketball_nba/odds", params
    )
    assert game_lines(regions="us,eu", as_of=POSTED) == Request(
        ODDS_HISTORY,
        "game_lines",
        "/v4/historical/sports/basketball_nba/odds",
        params | {"date": "2024-03-04T20:10:07Z"},
    )
