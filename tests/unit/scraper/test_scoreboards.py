"""Scoreboards: what cross-checks tip-offs, postponements and final scores."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scraper.domain.games import Shown
from services.scraper.domain.wire import Fault, Parsed
from services.scraper.sources.balldontlie.games import parse_games
from services.scraper.sources.espn.scoreboard import parse_scoreboard as parse_espn
from services.scraper.sources.nba_cdn.scoreboard import parse_scoreboard as parse_cdn
from shared.basketball.identity import TEAMS
from tests.unit.scraper import wire

DAY = date(2024, 3, 4)
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
MIDNIGHT = "2024-03-04T05:00:00Z"
SCHEDULED = Shown("0022300900", DAY, TIP, "NYK", "BOS", "scheduled", None)
FINAL = Shown("0022300900", DAY, TIP, "NYK", "BOS", "final", (101, 99))
Change = dict[str, Any]


# --- the NBA's CDN ----------------------------------------------------------------------------------------------------


def _cdn_game(**changes: object) -> wire.Json:
    return {
        "gameId": wire.BOS_AT_NYK,
        "gameStatus": 1,
        "gameStatusText": "7:30 pm ET",
        "gameTimeUTC": wire.TIP,
        "gameEt": "2024-03-04T19:30:00Z",
        "homeTeam": {"teamTricode": "NYK", "score": 101},
        "awayTeam": {"teamTricode": "BOS", "score": 99},
        **changes,
    }


def _cdn(*games: object, **changes: object) -> Parsed[Shown]:
    meta = {"time": "2024-03-04 10:08:39.839"}
    return parse_cdn(wire.body({"meta": meta, "scoreboard": {"gameDate": "2024-03-04", "games": [*games], **changes}}))


@pytest.mark.parametrize(
    ("changes", "state", "tip"),
    [
        ({}, "scheduled", TIP),
        ({"gameStatus": 2, "gameStatusText": "Q2 07:15"}, "live", TIP),
        ({"gameStatus": 2, "gameStatusText": "Final"}, "live", TIP),
        ({"gameStatus": 3, "gameStatusText": "Final      "}, "final", TIP),
        ({"gameStatusText": "PPD"}, "postponed", TIP),
        ({"gameStatusText": "TBD"}, "scheduled", None),
        ({"gameStatusText": "TBD", "gameTimeUTC": ""}, "scheduled", None),
        ({"gameTimeUTC": MIDNIGHT}, "scheduled", None),
        ({"gameTimeUTC": "2024-03-06T00:30:00Z"}, "scheduled", None),
    ],
)
def test_the_cdn_shows_a_games_state_and_tip_off(changes: Change, state: str, tip: datetime | None) -> None:
    """Its date is the scoreboard's; a tip-off that is to be determined is none."""
    [game] = _cdn(_cdn_game(**changes)).records
    score = (101, 99) if state == "final" else None
    assert game == Shown("0022300900", DAY, tip, "NYK", "BOS", state, score)  # type: ignore[arg-type]  # one of the four


def test_the_cdn_shows_other_games_too() -> None:
    """Preseason and all-star games are left out, and count as seen."""
    parsed = _cdn(_cdn_game(gameId="0012300001"), _cdn_game(gameId="0032300001"), _cdn_game())
    assert (parsed.records, parsed.refused, parsed.seen) == ((SCHEDULED,), (), 3)
    assert parsed.stamp == datetime(2024, 3, 4, 15, 8, 39, 839000, tzinfo=UTC)


# --- ESPN -------------------------------------------------------------------------------------------------------------


def _side(team: str, score: object, where: str) -> wire.Json:
    return {
        "homeAway": where,
        "score": score,
        "team": {"id": TEAMS[team].espn_id, "displayName": TEAMS[team].full_name, "abbreviation": team},
    }


def _status(name: str, state: str, *, completed: object) -> wire.Json:
    return {"type": {"name": f"STATUS_{name}", "state": state, "completed": completed}}


def _event(**changes: object) -> wire.Json:
    game = {
        "date": "2024-03-05T00:30Z",
        "timeValid": True,
        "competitors": [_side("NYK", "101", "home"), _side("BOS", "99", "away")],
        "status": _status("SCHEDULED", "pre", completed=False),
        **changes,
    }
    return {"id": "401", "name": "Boston at New York", "season": {"type": 2}, "competitions": [game]}


def _espn(*events: object) -> Parsed[Shown]:
    return parse_espn(wire.body({"events": [*events]}))


@pytest.mark.parametrize(
    ("changes", "state", "tip"),
    [
        ({}, "scheduled", TIP),
        ({"status": _status("HALFTIME", "in", completed=False)}, "live", TIP),
        ({"status": _status("FINAL", "post", completed=True)}, "final", TIP),
        ({"status": _status("POSTPONED", "post", completed=False)}, "postponed", TIP),
        ({"status": _status("CANCELED", "post", completed=True)}, "postponed", TIP),
        ({"timeValid": False}, "scheduled", None),
        ({"timeValid": False, "date": "2024-03-04T05:00Z"}, "scheduled", None),
        ({"date": "2024-03-04T05:00Z"}, "scheduled", None),
    ],
)
def test_espn_shows_a_games_state_and_tip_off(changes: Change, state: str, tip: datetime | None) -> None:
    """By its own status; the date is the Eastern one of the start, placeholder or not."""
    [game] = _espn(_event(**changes)).records
    score = (101, 99) if state == "final" else None
    assert game == Shown(None, DAY, tip, "NYK", "BOS", state, score)  # type: ignore[arg-type]  # one of the four


def test_espn_shows_preseason_games_too() -> None:
    """They are left out; a date without games is an empty answer."""
    preseason: wire.Json = {**_event(), "season": {"type": 1}}
    assert _espn(preseason) == Parsed((), (), 1)
    assert _espn() == Parsed((), (), 0)


# --- BallDontLie ------------------------------------------------------------------------------------------------------


def _bdl_game(**changes: object) -> wire.Json:
    return {
        "id": 7,
        "date": "2024-03-04",
        "status": "7:30 pm ET",
        "period": 0,
        "datetime": "2024-03-05T00:30:00.000Z",
        "home_team": {"id": 20, "abbreviation": "NYK"},
        "home_team_score": 101,
        "visitor_team": {"id": 2, "abbreviation": "BOS"},
        "visitor_team_score": 99,
        **changes,
    }


def _bdl(*games: object, **meta: object) -> Parsed[Shown]:
    return parse_games(wire.body({"data": [*games], "meta": meta}))


@pytest.mark.parametrize(
    ("changes", "state", "tip"),
    [
        ({}, "scheduled", TIP),
        ({"status": "2024-03-05T00:30:00Z"}, "scheduled", TIP),
        ({"status": "2nd Qtr", "period": 2}, "live", TIP),
        ({"status": "Final", "period": 4}, "final", TIP),
        ({"status": "Final/OT", "period": 5, "datetime": None}, "final", None),
        ({"status": "Postponed"}, "postponed", TIP),
        ({"postponed": True}, "postponed", TIP),
        ({"postponed": False, "datetime": MIDNIGHT}, "scheduled", None),
    ],
)
def test_balldontlie_shows_a_games_state_and_tip_off(changes: Change, state: str, tip: datetime | None) -> None:
    """By status and period; earlier seasons have no start."""
    [game] = _bdl(_bdl_game(**changes)).records
    score = (101, 99) if state == "final" else None
    assert game == Shown(None, DAY, tip, "NYK", "BOS", state, score)  # type: ignore[arg-type]  # one of the four


def test_f11_a_page_that_is_not_the_last_says_so() -> None:
    """As a refusal, so that nothing is lost without a word."""
    parsed = _bdl(_bdl_game(), next_cursor=25)
    assert len(parsed.records) == parsed.seen == 1
    assert [(refusal.record, refusal.reason) for refusal in parsed.refused] == [
        ("next page", "the list goes on behind cursor 25")
    ]


# --- all three --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "bad", "reason"),
    [
        (_cdn, _cdn_game(gameStatus="3"), "gameStatus is '3', not a whole number"),
        (_cdn, _cdn_game(gameStatus=4), "gameStatus is 4, none of 1, 2, 3"),
        (_cdn, _cdn_game(gameStatusText=3), "gameStatusText is 3, not a text"),
        (_cdn, _cdn_game(gameTimeUTC="soon"), "gameTimeUTC is 'soon', not an instant"),
        (_cdn, _cdn_game(homeTeam={"teamTricode": "NYK", "score": "9"}), "home score is '9', not a whole number"),
        (_cdn, 5, "not an object where 'gameId' is expected"),
        (_espn, _event(status=_status("FINAL", "post", completed=False)),
         "'STATUS_FINAL' is in state post, but completed is False"),
        (_espn, _event(status=_status("FINAL", "done", completed=True)), "state is 'done', none of pre, in, post"),
        (_espn, _event(status=_status("FINAL", "post", completed=True),
                       competitors=[_side("NYK", "1e3", "home"), _side("BOS", "99", "away")]),
         "score is '1e3', not points"),
        (_espn, _event(competitors=[_side("NYK", "1", "home")]), "no 'away'"),
        (_espn, _event(competitors=[_side("NYK", "1", "home"), _side("NYK", "1", "away")]), "NYK plays itself"),
        (_espn, _event(competitors=7), "competitors is 7, not a list"),
        (_espn, {"competitions": []}, "0 competitions instead of one"),
        (_bdl, _bdl_game(status=5), "status is 5, not a text"),
        (_bdl, _bdl_game(period="4"), "period is '4', not a whole number"),
        (_bdl, _bdl_game(home_team={"id": 3, "abbreviation": "NYK"}), "team NYK has id 3, not 20"),
        (_bdl, _bdl_game(home_team={"id": 37, "abbreviation": "NYK"}), "team's id is 37, no team of the NBA"),
        (_bdl, _bdl_game(visitor_team={"abbreviation": "NYK"}), "NYK plays itself"),
        (_bdl, _bdl_game(date="2024-02-30"), "date is '2024-02-30', not a date"),
    ],
)  # fmt: skip
def test_a_bad_game_costs_no_other(read: Callable[..., Parsed[Shown]], bad: object, reason: str) -> None:
    """It is refused with its reason; the one after it is read."""
    good = {_cdn: _cdn_game, _espn: _event, _bdl: _bdl_game}[read]()
    parsed = read(bad, good)
    assert [game.state for game in parsed.records] == ["scheduled"]
    assert [refusal.reason for refusal in parsed.refused] == [reason]
    assert parsed.seen == 2


@pytest.mark.parametrize("parse", [parse_cdn, parse_espn, parse_games])
def test_what_is_no_scoreboard_is_a_fault(parse: Callable[[bytes], Parsed[Shown]]) -> None:
    """It is asked for again."""
    for body in (b"{}", b"[]", b'{"scoreboard": {"games": []}, "events": {}, "data": 5}'):
        with pytest.raises(Fault) as raised:
            parse(body)
        assert raised.value.kind == "malformed"
