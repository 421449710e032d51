"""The local upstream over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from devstack.history import History
from devstack.upstream.faults import HELD, Fault, FaultProfile
from devstack.upstream.hosts import HOSTS
from devstack.upstream.server import Upstream, serve
from shared.errors import Permanent
from shared.runtime.clock import WallClock
from tests.clock import FakeClock

pytestmark = pytest.mark.network

NOON = datetime(2024, 11, 20, 17, 0, tzinfo=UTC)
SCHEDULE = "/cdn.nba.com/static/json/staticData/scheduleLeagueV2.json"
INJURIES = "/site.api.espn.com/apis/site/v2/sports/basketball/nba/injuries"
EVENTS = "/api.the-odds-api.com/v4/sports/basketball_nba/events"
BDL = "/api.balldontlie.io/v1"
BOX_SCORES = f"{BDL}/box_scores"
ESPN_NBA = "/site.api.espn.com/apis/site/v2/sports/basketball/nba"
REPORTS = "/ak-static.cms.nba.com/referee/injury"


@asynccontextmanager
async def running(
    league: History, faults: FaultProfile, clock: WallClock | None = None
) -> AsyncIterator[tuple[Upstream, aiohttp.ClientSession]]:
    async with serve(league, clock if clock is not None else FakeClock(NOON), faults) as upstream:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(upstream.base_url, timeout=timeout) as session:
            yield upstream, session


def always(fault: Fault) -> FaultProfile:
    return FaultProfile("always", (fault,), 1.0)


async def test_every_host_answers(league: History) -> None:
    """Each upstream is there under its host's name, with its own way of asking for a key."""
    game = league.on(datetime(2024, 11, 19, tzinfo=UTC).date())[0]
    event = league.event_id(league.on(NOON.date())[0].game_id)
    odds = {"apiKey": "k", "markets": "player_points", "oddsFormat": "american", "date": NOON.isoformat()}
    historical = EVENTS.replace("/v4/", "/v4/historical/")
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        (SCHEDULE, {}, {}),
        (f"/cdn.nba.com/static/json/liveData/boxscore/boxscore_{game.game_id}.json", {}, {}),
        ("/stats.nba.com/stats/scheduleleaguev2", {"Season": "2024-25", "LeagueID": "00"}, {}),
        ("/stats.nba.com/stats/leaguegamelog", {"Season": "2024-25", "PlayerOrTeam": "P"}, {}),
        ("/stats.nba.com/stats/playerindex", {"Season": "2024-25"}, {}),
        (INJURIES, {}, {}),
        (EVENTS, odds, {}),
        (f"{EVENTS}/{event}/odds", odds, {}),
        (historical, odds, {}),
        (f"{historical}/{event}/odds", odds, {}),
        (BOX_SCORES, {"date": "2024-11-19"}, {"Authorization": "k"}),
        ("/cdn.nba.com/static/json/liveData/scoreboard/todaysScoreboard_00.json", {}, {}),
        ("/stats.nba.com/stats/leaguegamelog", {"Season": "2024-25", "PlayerOrTeam": "T"}, {}),
        (f"{ESPN_NBA}/scoreboard", {"dates": "20241120"}, {}),
        (f"{ESPN_NBA}/teams/2", {"enable": "roster"}, {}),
        (f"{ESPN_NBA}/teams/2/roster", {}, {}),
        (f"{EVENTS.removesuffix('/events')}/odds", {**odds, "markets": "h2h,spreads,totals"}, {}),
        (f"{historical.removesuffix('/events')}/odds", {**odds, "markets": "h2h"}, {}),
        (f"{BDL}/games", {"dates[]": "2024-11-20"}, {"Authorization": "k"}),
        (f"{BDL}/players/active", {"team_ids[]": "2", "per_page": "100"}, {"Authorization": "k"}),
        (f"{BDL}/player_injuries", {}, {"Authorization": "k"}),
        (f"{REPORTS}/Injury-Report_2024-11-20_11AM.pdf", {}, {}),
        ("/api.prizepicks.com/projections", {"league_id": "7"}, {}),
    ]
    async with running(league, FaultProfile.named("none")) as (upstream, session):
        for path, params, headers in asked:
            async with session.get(path, params=params, headers=headers) as response:
                assert response.status == 200, path
                if path.endswith(".pdf"):
                    assert (await response.read()).startswith(b"%PDF-")
                    continue
                assert response.content_type == "application/json"
                assert await response.json()
                assert ("x-requests-remaining" in response.headers) == ("odds-api" in path)
        stats = upstream.stats()
        assert stats["hosts"].keys() == set(HOSTS)
        assert stats["totals"]["requests"] == len(asked)
        async with session.get("/_devstack/stats") as response:
            assert await response.json() == stats


async def test_who_has_the_answer_already_is_told_so(league: History) -> None:
    """By its ETag, without a body, on a later day too as long as it is the same; a refusal has none."""
    game = league.on(datetime(2024, 11, 19, tzinfo=UTC).date())[0]
    path = f"/cdn.nba.com/static/json/liveData/boxscore/boxscore_{game.game_id}.json"
    clock = FakeClock(NOON)
    async with running(league, FaultProfile.named("none"), clock) as (_, session):
        async with session.get(path) as response:
            first = await response.read()
            etag = response.headers["ETag"]
        clock.set(NOON + timedelta(days=3))
        async with session.get(path, headers={"If-None-Match": f'"other", {etag}'}) as response:
            assert (response.status, await response.read(), response.headers["ETag"]) == (304, b"", etag)
        async with session.get(path, headers={"If-None-Match": '"other"'}) as response:
            assert (response.status, await response.read()) == (200, first)
        async with session.get(EVENTS, headers={"If-None-Match": etag}) as response:
            assert response.status == 401
            assert "ETag" not in response.headers


async def test_wrong_key_is_refused(league: History) -> None:
    """Without a key The Odds API says 401 with a message, BallDontLie 401, and the CDN 403 for what is not there."""
    async with running(league, FaultProfile.named("none")) as (_, session):
        async with session.get(EVENTS) as response:
            assert response.status == 401
            assert "API key" in (await response.json())["message"]
        async with session.get(BOX_SCORES, params={"date": "2024-11-19"}) as response:
            assert response.status == 401
        async with session.get("/cdn.nba.com/static/json/liveData/boxscore/boxscore_0022499999.json") as response:
            assert response.status == 403
            assert response.content_type == "application/xml"


async def test_clock_is_read_and_set_over_http(league: History) -> None:
    """The virtual clock can be moved forward; back, nonsense, and a wall clock are refused with a reason."""
    later = (NOON + timedelta(hours=1)).isoformat()
    async with running(league, FaultProfile.named("none")) as (_, session):
        async with session.post("/_devstack/clock", json={"now": later}) as response:
            assert (await response.json())["now"] == later
        async with session.get("/_devstack/clock") as response:
            assert await response.json() == {"now": later, "virtual": True}
        for wrong, status in (({"now": NOON.isoformat()}, 409), ({"now": "noon"}, 400), ({}, 400)):
            async with session.post("/_devstack/clock", json=wrong) as response:
                assert response.status == status
                assert (await response.json())["message"]
    async with (
        running(league, FaultProfile.named("none"), WallClock()) as (_, session),
        session.post("/_devstack/clock", json={"now": later}) as response,
    ):
        assert response.status == 409


async def test_faults_are_changed_over_http(league: History) -> None:
    """From then on every request meets them; a profile that is not there is refused with those that are."""
    async with running(league, FaultProfile.named("none")) as (_, session):
        async with session.post("/_devstack/faults", json={"profile": "blocked:site.api.espn.com"}) as response:
            assert (await response.json())["profile"] == "blocked:site.api.espn.com"
        async with session.get(INJURIES) as response:
            assert response.status == 403
        for wrong in ('{"profile": "rain"}', '{"profile": 3}', "{}", "[]", "rain"):
            async with session.post("/_devstack/faults", data=wrong) as response:
                assert response.status == 400
                assert (await response.json())["message"]


@pytest.mark.parametrize(
    ("fault", "statuses"), [(Fault.RATE_LIMITED, {429}), (Fault.FLAKY, {500, 502, 503}), (Fault.UNREACHABLE, {503})]
)
async def test_refusals_have_their_status(league: History, fault: Fault, statuses: set[int]) -> None:
    """429 says when to come back; the others are server errors."""
    async with running(league, always(fault)) as (_, session), session.get(INJURIES) as response:
        assert response.status in statuses
        assert response.headers.get("Retry-After") == ("1" if fault is Fault.RATE_LIMITED else None)


async def test_html_comes_as_success(league: History) -> None:
    """A challenge page comes with status 200 and is no JSON."""
    async with running(league, always(Fault.HTML)) as (_, session), session.get(SCHEDULE) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert (await response.text()).startswith("<!DOCTYPE html>")


async def test_empty_answers_are_well_formed(league: History) -> None:
    """An empty fault is valid JSON of the endpoint's shape, and what was a refusal stays one."""
    async with running(league, always(Fault.EMPTY)) as (_, session):
        async with session.get(SCHEDULE) as response:
            assert (await response.json())["leagueSchedule"]["gameDates"] == []
        async with session.get(EVENTS) as response:
            assert response.status == 401


async def test_truncated_bodies_end_early(league: History) -> None:
    """A truncated answer breaks off before its promised length or ends in the middle of its JSON."""
    ends = set()
    async with running(league, always(Fault.TRUNCATED)) as (_, session):
        for n in range(6):
            try:
                async with session.get(INJURIES, params={"n": str(n)}) as response:
                    text = await response.text()
            except aiohttp.ClientPayloadError:
                ends.add("dropped")
            else:
                with pytest.raises(json.JSONDecodeError):
                    json.loads(text)
                ends.add("cut")
    assert ends == {"dropped", "cut"}


async def test_hung_request_is_held_then_given_up(league: History) -> None:
    """A hung request is held longer than an attempt may take and ends without an answer."""
    clock = FakeClock(NOON)
    async with running(league, always(Fault.HUNG), clock) as (_, session), session.get(INJURIES) as response:
        assert response.status == 504
    assert clock.naps == [HELD]


async def test_hung_request_ends_with_its_client(league: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the client goes away, what held its request is cancelled."""
    clock = FakeClock(NOON)
    released = asyncio.Event()

    async def hold(_: float) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            released.set()

    monkeypatch.setattr(clock, "sleep", hold)
    async with running(league, always(Fault.HUNG), clock) as (_, session):
        with pytest.raises(TimeoutError):
            await session.get(INJURIES, timeout=aiohttp.ClientTimeout(total=0.05))
        await asyncio.wait_for(released.wait(), timeout=2)


async def test_a_blocked_host_says_403_all_night_and_others_the_truth(league: History) -> None:
    """Every request for it meets a page that denies access; the others' answers are true."""
    async with running(league, FaultProfile.named("blocked:site.api.espn.com")) as (upstream, session):
        for _ in range(5):
            async with session.get(INJURIES) as response:
                assert (response.status, response.content_type) == (403, "text/html")
        async with session.get(SCHEDULE) as response:
            assert response.status == 200
        assert upstream.stats()["totals"]["faults"] == {"blocked": 5}


async def test_a_refused_connection_has_no_answer(league: History) -> None:
    """The connection is dropped before a byte of an answer."""
    async with running(league, FaultProfile.named("refused:site.api.espn.com")) as (_, session):
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(INJURIES)
        async with session.get(SCHEDULE) as response:
            assert response.status == 200


async def test_a_stale_answer_is_a_day_old(league: History) -> None:
    """What comes is what was true a day ago."""
    stale = FaultProfile.named("stale:site.api.espn.com")
    async with running(league, stale) as (_, session), session.get(INJURIES) as response:
        assert (await response.json())["timestamp"] == "2024-11-19T17:00:00Z"


@pytest.mark.parametrize("fault", [Fault.RENAMED, Fault.POISONED])
async def test_a_distorted_answer_is_json_of_another_content(league: History, fault: Fault) -> None:
    """It comes as 200, the report too; a refusal stays what it is."""
    async with running(league, FaultProfile("none", hosts=dict.fromkeys(HOSTS, fault))) as (_, session):
        async with session.get(SCHEDULE) as response:
            distorted = await response.json()
        async with session.get(f"{REPORTS}/Injury-Report_2024-11-20_11AM.pdf") as response:
            report = await response.read()
        async with session.get(EVENTS) as response:
            assert response.status == 401
    async with running(league, FaultProfile.named("none")) as (_, session):
        async with session.get(SCHEDULE) as response:
            assert distorted != await response.json()
        async with session.get(f"{REPORTS}/Injury-Report_2024-11-20_11AM.pdf") as response:
            true = await response.read()
            assert report != true
            assert len(report) == len(true)


async def test_what_is_known_is_not_sent_again(league: History) -> None:
    """A box score and a report say when they were written; asked for conditionally, by tag or by time, they are 304."""
    game = league.on(datetime(2024, 11, 19, tzinfo=UTC).date())[0]
    paths = [
        f"/cdn.nba.com/static/json/liveData/boxscore/boxscore_{game.game_id}.json",
        f"{REPORTS}/Injury-Report_2024-11-20_11AM.pdf",
    ]
    async with running(league, FaultProfile.named("none")) as (_, session):
        for path in paths:
            async with session.get(path) as response:
                tag, modified = response.headers["ETag"], response.headers["Last-Modified"]
            for headers, status in (
                ({"If-None-Match": tag}, 304),
                ({"If-Modified-Since": modified}, 304),
                ({"If-None-Match": '"other"', "If-Modified-Since": modified}, 200),
                ({"If-Modified-Since": "Tue, 19 Nov 2024 00:00:00 GMT"}, 200),
            ):
                async with session.get(path, headers=headers) as response:
                    assert response.status == status
                    assert response.headers["ETag"] == tag
                    assert bool(await response.read()) == (status == 200)


async def test_credits_are_used_up(league: History) -> None:
    """The headers keep the account; with nothing left what costs is 401 and says so, and what is free is answered."""
    params = {"apiKey": "k", "markets": "h2h,spreads,totals", "regions": "us"}
    lines = EVENTS.removesuffix("/events") + "/odds"
    account = ("x-requests-used", "x-requests-remaining", "x-requests-last")
    async with running(league, FaultProfile.named("credits:5")) as (_, session):
        for expected in (("3", "2", "3"), ("6", "0", "3")):
            async with session.get(lines, params=params) as response:
                assert response.status == 200
                assert tuple(response.headers[name] for name in account) == expected
        async with session.get(lines, params=params) as response:
            assert (response.status, response.headers["x-requests-remaining"]) == (401, "0")
            assert (await response.json())["error_code"] == "OUT_OF_USAGE_CREDITS"
        async with session.get(EVENTS, params=params) as response:
            assert (response.status, response.headers["x-requests-last"]) == (200, "0")


async def test_faults_come_and_go(league: History) -> None:
    """A change holds from the next request on; credits are counted anew only where it says so."""
    params = {"apiKey": "k", "markets": "h2h", "regions": "us"}
    lines = EVENTS.removesuffix("/events") + "/odds"
    async with running(league, FaultProfile.named("credits:2")) as (upstream, session):

        async def answered() -> tuple[int, str | None]:
            async with session.get(lines, params=params) as response:
                return response.status, response.headers.get("x-requests-remaining")

        assert await answered() == (200, "1")
        upstream.change(FaultProfile.named("credits:2,blocked:api.the-odds-api.com"))
        assert (await answered())[0] == 403
        upstream.change(FaultProfile.named("credits:2"))
        assert await answered() == (200, "0")
        upstream.change(FaultProfile.named("credits:9"))
        assert await answered() == (200, "8")
        upstream.change(FaultProfile.named("none"))
        assert await answered() == (200, "499999")
        assert upstream.stats()["hosts"]["api.the-odds-api.com"]["faults"] == {"blocked": 1}


async def test_truth_comes_within_four_requests(league: History) -> None:
    """Asked four times, every profile's upstream tells the truth at least once."""
    async with running(league, FaultProfile("always", (Fault.FLAKY,), 1.0)) as (upstream, session):
        statuses = []
        for _ in range(4):
            async with session.get(INJURIES) as response:
                statuses.append(response.status)
        assert statuses[-1] == 200
        assert upstream.stats()["totals"]["faults"] == {"flaky": 3}


async def test_taken_port_is_named(league: History) -> None:
    """A port that is in use is one clear line."""
    async with running(league, FaultProfile.named("none")) as (upstream, _):
        port = int(upstream.base_url.rsplit(":", 1)[1])
        with pytest.raises(Permanent, match=rf"port {port} of 127.0.0.1 is taken"):
            async with serve(league, FakeClock(NOON), FaultProfile.named("none"), port=port):
                pass
