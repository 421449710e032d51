"""PrizePicks' projections: what is a line of ours, what is left out, what is refused; and the local upstream's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devstack.history import History
from devstack.upstream.prizepicks import Projections
from services.scraper.domain.odds import Offer
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources import ranked
from services.scraper.sources.endpoint import LINES, Need
from services.scraper.sources.prizepicks import PROJECTIONS, parse_projections
from shared.registries.markets import MARKETS
from tests.unit.devstack.tiny import FIRST, TIP, line, tiny
from tests.unit.scraper import wire

DOE = {"name": "Jo Doe", "team": "NOP", "league": "NBA", "league_id": 7}


def _player(player_id: str = "61", **changes: object) -> wire.Json:
    return {"type": "new_player", "id": player_id, "attributes": {**DOE, **changes}}


def _league(league_id: str, name: str) -> wire.Json:
    return {"type": "league", "id": league_id, "attributes": {"name": name}}


INCLUDED = (_player(), _player("62", league="NFL"), _league("7", "NBA"), _league("84", "NBA1H"), "included")


def _projection(player: str = "61", league: str = "7", duration: object = None, **changes: object) -> wire.Json:
    about: wire.Json = {
        "line_score": 20.5,
        "stat_type": "Points",
        "start_time": "2024-03-04T19:30:00-05:00",
        "status": "pre_game",
        "updated_at": "2024-03-04T10:00:00-05:00",
    }
    return {
        "type": "projection",
        "id": "9",
        "attributes": about | changes,
        "relationships": {
            "new_player": {"data": {"type": "new_player", "id": player}},
            "league": {"data": {"type": "league", "id": league}},
            "duration": {"data": duration},
        },
    }


def _read(*projections: object, included: tuple[object, ...] = INCLUDED) -> Parsed[Any]:
    return parse_projections(wire.body({"data": list(projections), "included": list(included)}))


OFFER = Offer(
    None,
    "Jo Doe",
    "points",
    "prizepicks",
    20.5,
    None,
    None,
    is_main=True,
    posted_at=datetime(2024, 3, 4, 15, tzinfo=UTC),
    team="NOP",
    starts_at=datetime(2024, 3, 5, 0, 30, tzinfo=UTC),
)


def test_a_projection_is_a_line_without_prices() -> None:
    """With the player's team and the start, for there is no event."""
    assert _read(_projection()) == Parsed((OFFER,), (), 1)


@pytest.mark.parametrize(("kind", "is_main"), [(None, True), ("standard", True), ("demon", False), ("goblin", False)])
def test_demons_and_goblins_are_lines_beside_the_main_one(kind: str | None, *, is_main: bool) -> None:
    """Harder and easier ones."""
    assert [offer.is_main for offer in _read(_projection(odds_type=kind)).records] == [is_main]


def test_every_market_has_a_statistic_of_theirs() -> None:
    """Whatever is added to the registry."""
    named = ["Points", "Rebounds", "Assists", "3-PT Made", "Pts+Rebs+Asts", "Pts+Rebs", "Pts+Asts", "Rebs+Asts",
             "Steals", "Blocked Shots"]  # fmt: skip
    parsed = _read(*(_projection(stat_type=name) for name in named))
    assert [offer.market for offer in parsed.records] == list(MARKETS)


@pytest.mark.parametrize(
    "other",
    [
        _projection(stat_type="Fantasy Score"),
        _projection(stat_type="Points (Combo)"),
        _projection(status="in_game"),
        _projection(league="84"),
        _projection(duration={"type": "duration", "id": "4"}),
        _projection(player="62", league="999"),
        _projection(player="63"),
    ],
)
def test_what_is_not_one_nba_players_whole_game_is_left_out(other: wire.Json) -> None:
    """And is no refusal."""
    combo = _player("63", combo=True, name="Jo Doe + Al Roe", team="NOP/BOS")
    assert _read(other, _projection(), included=(*INCLUDED, combo)) == Parsed((OFFER,), (), 2)


def test_a_league_that_is_not_named_is_the_players() -> None:
    """Where the payload leaves leagues out."""
    assert _read(_projection(), included=(_player(),)).records == (OFFER,)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (_projection(player="99"), "new_player 99 is not included"),
        (_projection(line_score=None), "line_score is None, not a number"),
        (_projection(line_score=-1), "line -1.0 is below zero"),
        (_projection(odds_type="dragon"), "odds_type 'dragon' is none of standard, demon, goblin"),
        (_projection(odds_type=["demon"]), "odds_type ['demon'] is none of standard, demon, goblin"),
        (_projection(start_time=None), "start_time is None, not an instant"),
        (_projection(updated_at="now"), "updated_at is 'now', not an instant"),
        (_projection(stat_type=None), "stat_type is None, not a text"),
        (_projection(player="64"), "unknown team 'SEA': add its spelling to shared/basketball/identity.py"),
        ({**_projection(), "relationships": {}}, "no 'new_player'"),
        ({**_projection(), "relationships": 5}, "relationships is 5, not an object"),
        ({**_projection(), "relationships": {"duration": 5}}, "not an object where 'data' is expected"),
        ({"id": "9"}, "no 'attributes'"),
    ],
)
def test_a_bad_projection_costs_no_other(bad: wire.Json, reason: str) -> None:
    """The one after it is read."""
    parsed = _read(bad, _projection(), included=(*INCLUDED, _player("64", team="SEA")))
    assert parsed == Parsed((OFFER,), (Refusal("9", reason),), 2)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({}, "the payload has no 'data'"),
        ({"data": {}, "included": []}, "data is not a list"),
        ({"data": []}, "the payload has no 'included'"),
    ],
)
def test_what_is_no_list_of_projections_is_a_fault(payload: object, message: str) -> None:
    """It is asked for again."""
    with pytest.raises(Fault, match=message):
        parse_projections(wire.body(payload))


def test_it_is_asked_for_the_nbas_board_after_the_odds_api() -> None:
    """In one request."""
    assert PROJECTIONS in ranked(LINES)[1:]
    assert PROJECTIONS.requests is not None
    [request] = PROJECTIONS.requests(Need("2023-24", (), (), datetime(2024, 3, 4, tzinfo=UTC)))
    assert (request.source, request.unit, request.path) == ("prizepicks", "projections", "/projections")
    assert request.params["league_id"] == "7"


def _board(history: History, now: datetime, **query: str) -> Parsed[Any]:
    return parse_projections(Projections(history).answer(query, now).body)


def test_the_local_upstream_shows_what_was_posted() -> None:
    """In the middle of the books, of those listed for coming games, whether they will play or not."""
    noon = datetime(2024, 11, 1, 12, tzinfo=UTC)
    history = tiny(
        prop_lines=[
            line(FIRST),
            line(FIRST, bookmaker="betmgm", line=10.5),
            line(FIRST, bookmaker="caesars", line=11.5),
            line(FIRST, bookmaker="caesars", line=25.5, is_main=False),
            line(FIRST, bookmaker="late", line=1.5, snapshot_utc=noon + timedelta(hours=1)),
            line(FIRST, player_id=4, player_name_raw="Di Four", market="threes", line=1.5),
            line(FIRST, player_id=9, player_name_raw="No Body"),
            line(FIRST, market="dunks"),
        ]
    )
    parsed = _board(history, noon, league_id="7")
    assert [(o.player_name, o.team, o.market, o.line, o.posted_at, o.starts_at) for o in parsed.records] == [
        ("Ann One", "BOS", "points", 10.5, noon, TIP), ("Di Four", "BOS", "threes", 1.5, noon, TIP),
    ]  # fmt: skip
    assert parsed.refused == ()
    for nothing in (
        _board(history, TIP),
        _board(history, TIP - timedelta(days=2)),
        _board(history, noon, league_id="2"),
    ):
        assert nothing == Parsed((), (), 0)
