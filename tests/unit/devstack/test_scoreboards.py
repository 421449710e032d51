"""What the scoreboards show when."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.league import generate
from devstack.upstream.balldontlie_lists import Lists
from devstack.upstream.espn_scoreboard import EspnScoreboard
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.schedule import ScheduleFeed
from devstack.upstream.scoreboard import Scoreboard
from devstack.upstream.wire import Answer
from shared.basketball.slate import eastern_date, eastern_instant
from tests.unit.devstack import tiny as small
from tests.unit.devstack.tiny import FIRST, SECOND, SECOND_TIP, TIP, tiny

LEAGUE = generate(days=20)
CDN, ESPN, LISTS = Scoreboard(LEAGUE), EspnScoreboard(LEAGUE), Lists(LEAGUE, PlayerIndex(LEAGUE))
SCHEDULE = ScheduleFeed(LEAGUE)
nows = st.datetimes(datetime(2024, 10, 20), datetime(2024, 11, 12), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
EARLY = timedelta(seconds=1)


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    assert answer.status == 200
    return json.loads(answer.body)


@given(nows)
def test_no_score_is_shown_before_the_game_is_final(now: datetime) -> None:
    """All three scoreboards have a score from tip-off plus three hours, and zeros and no result before."""
    day = eastern_date(now - timedelta(hours=12))
    games = LEAGUE.on(day)
    finals = {game.game_id: (game.home_points, game.away_points) for game in games if game.final_at <= now}

    cdn = {raw["gameId"]: raw for raw in body(CDN.answer(now))["scoreboard"]["games"]}
    espn = body(ESPN.answer(f"{day:%Y%m%d}", now))["events"]
    bdl = body(LISTS.games([day.isoformat()], {"per_page": "100"}, now))["data"]
    assert set(cdn) == {game.game_id for game in games}
    assert len(espn) == len(bdl) == len(games)
    for game, event, listed in zip(games, espn, bdl, strict=True):
        score = finals.get(game.game_id, (0, 0))
        final = game.game_id in finals
        raw = cdn[game.game_id]
        assert (raw["homeTeam"]["score"], raw["awayTeam"]["score"]) == score
        assert [sum(part["score"] for part in raw[side]["periods"]) for side in ("homeTeam", "awayTeam")] == [*score]
        assert (raw["gameStatus"] == 3) == final
        assert any(leader["personId"] for leader in raw["gameLeaders"].values()) == final
        sides = {side["homeAway"]: side for side in event["competitions"][0]["competitors"]}
        assert (sides["home"]["score"], sides["away"]["score"]) == (str(score[0]), str(score[1]))
        assert event["status"]["type"]["completed"] == final
        assert (listed["home_team_score"], listed["visitor_team_score"]) == score
        assert (listed["status"] == "Final") == final


@given(nows)
def test_records_are_those_of_the_schedule(now: datetime) -> None:
    """A team's wins and losses count the games that are final, as the schedule counts them."""
    shown = [raw for day in body(SCHEDULE.current(now))["leagueSchedule"]["gameDates"] for raw in day["games"]]
    latest = {
        side["teamId"]: (side["wins"], side["losses"]) for raw in shown for side in (raw["homeTeam"], raw["awayTeam"])
    }
    for raw in body(CDN.answer(now))["scoreboard"]["games"]:
        for side in (raw["homeTeam"], raw["awayTeam"]):
            assert (side["wins"], side["losses"]) == latest[side["teamId"]]


def test_the_day_turns_at_noon() -> None:
    """The CDN shows the games of the day before until 12:00 Eastern; ESPN today's, unless another is asked for."""
    history = tiny()
    noon = eastern_instant(date(2024, 11, 2)) + timedelta(hours=12)

    def shown(now: datetime) -> list[str]:
        return [raw["gameId"] for raw in body(Scoreboard(history).answer(now))["scoreboard"]["games"]]

    assert shown(noon - EARLY) == [FIRST]
    assert shown(noon) == [SECOND]
    today = body(EspnScoreboard(history).answer("", noon - EARLY))
    assert (today["day"]["date"], len(today["events"])) == ("2024-11-02", 1)


def test_status_is_written_as_each_writes_it() -> None:
    """Scheduled, under way and final, in the words of each."""
    overtime = tiny(schedule=[{**small.game(FIRST, TIP, date(2024, 11, 1)), "ot_periods": 2}])

    def texts(now: datetime) -> list[object]:
        cdn = body(Scoreboard(overtime).answer(now))["scoreboard"]["games"][0]
        espn = body(EspnScoreboard(overtime).answer("20241101", now))["events"][0]["status"]
        bdl = body(Lists(overtime, PlayerIndex(overtime)).games(["2024-11-01"], {}, now))["data"][0]
        return [
            (cdn["gameStatusText"], cdn["period"], cdn["gameEt"]),
            (espn["type"]["name"], espn["type"]["detail"], espn["type"]["shortDetail"]),
            (bdl["status"], bdl["period"], bdl["time"]),
        ]

    assert texts(TIP - EARLY) == [
        ("8:00 pm ET", 0, "2024-11-01T20:00:00Z"),
        ("STATUS_SCHEDULED", "Fri, November 1st at 8:00 PM EDT", "11/1 - 8:00 PM EDT"),
        ("2024-11-02T00:00:00Z", 0, None),
    ]
    assert texts(TIP) == [
        ("Q1 12:00", 1, "2024-11-01T20:00:00-04:00"),
        ("STATUS_IN_PROGRESS", "12:00 - 1st Quarter", "12:00 - 1st"),
        ("1st Qtr", 1, "Q1 12:00"),
    ]
    assert texts(TIP + timedelta(hours=3)) == [
        ("Final/OT2", 6, "2024-11-01T20:00:00Z"),
        ("STATUS_FINAL", "Final/2OT", "Final/2OT"),
        ("Final", 6, "Final"),
    ]


def test_bracket_is_on_no_scoreboard_until_two_days_ahead() -> None:
    """Who meets in the playoffs is not known earlier."""
    history = tiny(schedule=[small.game("0042400401", SECOND_TIP, date(2024, 11, 2))])
    known = eastern_instant(date(2024, 10, 31))
    for now, count in ((known - EARLY, 0), (known, 1)):
        assert len(body(EspnScoreboard(history).answer("20241102", now))["events"]) == count
        assert len(body(Lists(history, PlayerIndex(history)).games(["2024-11-02"], {}, now))["data"]) == count


@pytest.mark.parametrize("dates", ["soon", "2024-11-01", "20241301"])
def test_what_is_no_date_is_refused(dates: str) -> None:
    """ESPN and BallDontLie say 400."""
    assert ESPN.answer(dates, TIP).status == 400
    assert LISTS.games([f"{dates}x"], {}, TIP).status == 400


def test_ids_are_of_their_own_and_collide_nowhere() -> None:
    """ESPN's and BallDontLie's ids of a game are not the NBA's, and differ from game to game."""
    day = LEAGUE.dates[3]
    espn = {raw["id"] for raw in body(ESPN.answer(f"{day:%Y%m%d}", TIP))["events"]}
    bdl = {str(raw["id"]) for raw in body(LISTS.games([day.isoformat()], {}, TIP))["data"]}
    nba = {game.game_id for game in LEAGUE.on(day)} | {game.game_id.lstrip("0") for game in LEAGUE.on(day)}
    assert len(espn) == len(bdl) == len(LEAGUE.on(day))
    assert not (espn | bdl) & nba
