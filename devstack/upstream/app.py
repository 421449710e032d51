"""The local upstream: one app that is every upstream. The first segment of a path is the host it stands for.

`build(history, clock, faults)` is the only wiring; the endpoints' modules say what is shown when.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

from aiohttp import web

from devstack.history import History
from devstack.upstream import balldontlie, odds, prizepicks
from devstack.upstream.balldontlie_lists import Lists
from devstack.upstream.boxscore import box_score
from devstack.upstream.credits import PLAN, Credits
from devstack.upstream.delivery import deliver, respond
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.espn_roster import EspnRosters
from devstack.upstream.espn_scoreboard import EspnScoreboard
from devstack.upstream.faults import FaultProfile
from devstack.upstream.gamelog import GameLog
from devstack.upstream.gate import Gate
from devstack.upstream.hosts import BALLDONTLIE, CDN, ESPN, ODDS, OFFICIAL, STATS
from devstack.upstream.injury_report import InjuryReports
from devstack.upstream.prizepicks import Projections
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.schedule import ScheduleFeed
from devstack.upstream.scoreboard import Scoreboard
from devstack.upstream.wire import Endpoint
from shared.errors import Permanent
from shared.ports import Clock

GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
ACCOUNT: web.AppKey[Credits] = web.AppKey("account")


@runtime_checkable
class SettableClock(Protocol):
    """A virtual clock."""

    def set(self, instant: datetime, *, force: bool = False) -> None:
        """Move to an instant, back only by force; raises `Permanent` for one it cannot be moved to."""
        ...


def build(history: History, clock: Clock, faults: FaultProfile) -> web.Application:
    """The app that shows `history` as the upstreams had published it at the clock's `now`.

    Run it with `handler_cancellation=True` (as `server.serve` does), so that a hung request ends with its client.
    """
    app = web.Application()
    app[CLOCK], app[GATE] = clock, Gate(clock, faults)
    gate = app[GATE]
    app.router.add_get("/_devstack/stats", _stats)
    app.router.add_get("/_devstack/clock", _read_clock)
    app.router.add_post("/_devstack/clock", _set_clock)
    app.router.add_post("/_devstack/faults", _set_faults)
    account = app[ACCOUNT] = Credits(PLAN if faults.credits is None else faults.credits)
    for path, endpoint in endpoints(history, account).items():
        app.router.add_get(path, _handler(path.split("/")[1], endpoint, clock, gate))
    return app


def change(app: web.Application, faults: FaultProfile) -> None:
    """Other faults from now on; the key's credits are counted anew where the profile names them, or the one before."""
    before = app[GATE].profile
    app[GATE].profile = faults
    if faults.credits != before.credits:
        app[ACCOUNT].reset(PLAN if faults.credits is None else faults.credits)


def endpoints(history: History, account: Credits) -> dict[str, Endpoint]:
    """Path -> what it answers to a request at an instant."""
    index = PlayerIndex(history)
    return {
        **_league(history, index),
        **_espn(history, index),
        **_balldontlie(history, index),
        **_odds(history, account),
        **_prizepicks(history),
    }


def _league(history: History, index: PlayerIndex) -> dict[str, Endpoint]:
    schedule, log = ScheduleFeed(history), GameLog(history)
    scoreboard, reports = Scoreboard(history), InjuryReports(history)
    return {
        f"/{CDN}/static/json/staticData/scheduleLeagueV2.json": lambda _, now: schedule.current(now),
        f"/{CDN}/static/json/liveData/scoreboard/todaysScoreboard_00.json": lambda _, now: scoreboard.answer(now),
        f"/{CDN}/static/json/liveData/boxscore/boxscore_{{game_id}}.json": (
            lambda request, now: box_score(history, request.match_info["game_id"], now)
        ),
        f"/{STATS}/stats/scheduleleaguev2": (
            lambda request, now: schedule.of_season(request.query.get("Season", ""), now)
        ),
        f"/{STATS}/stats/leaguegamelog": lambda request, now: log.answer(request.query, now),
        f"/{STATS}/stats/playerindex": lambda request, now: index.answer(request.query, now),
        f"/{OFFICIAL}/referee/injury/{{name}}": lambda request, now: reports.answer(request.match_info["name"], now),
    }


def _espn(history: History, index: PlayerIndex) -> dict[str, Endpoint]:
    injuries, scoreboard = InjuryFeed(history), EspnScoreboard(history)
    rosters = EspnRosters(history, index)
    nba = f"/{ESPN}/apis/site/v2/sports/basketball/nba"
    return {
        f"{nba}/injuries": lambda _, now: injuries.answer(now),
        f"{nba}/scoreboard": lambda request, now: scoreboard.answer(request.query.get("dates", ""), now),
        f"{nba}/teams/{{team_id}}": (
            lambda request, now: rosters.team(request.match_info["team_id"], request.query, now)
        ),
        f"{nba}/teams/{{team_id}}/roster": lambda request, now: rosters.roster(request.match_info["team_id"], now),
    }


def _odds(history: History, account: Credits) -> dict[str, Endpoint]:
    feed = odds.OddsFeed(history)
    nba, past = f"/{ODDS}/v4/sports/basketball_nba", f"/{ODDS}/v4/historical/sports/basketball_nba"
    found: dict[str, Endpoint] = {
        f"{nba}/events": lambda _, now: feed.events(now),
        f"{nba}/odds": lambda request, now: feed.game_lines(request.query, now),
        f"{nba}/events/{{event_id}}/odds": (
            lambda request, now: feed.event_odds(request.match_info["event_id"], request.query, now)
        ),
        f"{past}/events": lambda request, now: feed.historical_events(request.query, now),
        f"{past}/odds": lambda request, now: feed.historical_game_lines(request.query, now),
        f"{past}/events/{{event_id}}/odds": (
            lambda request, now: feed.historical_odds(request.match_info["event_id"], request.query, now)
        ),
    }
    return {path: account.keyed(endpoint) for path, endpoint in found.items()}


def _balldontlie(history: History, index: PlayerIndex) -> dict[str, Endpoint]:
    lists = Lists(history, index)
    found: dict[str, Endpoint] = {
        "box_scores": lambda request, now: balldontlie.box_scores(history, request.query, now),
        "games": lambda request, now: lists.games(request.query.getall("dates[]", []), request.query, now),
        "players/active": (
            lambda request, now: lists.active_players(request.query.getall("team_ids[]", []), request.query, now)
        ),
        "player_injuries": (
            lambda request, now: lists.injuries(request.query.getall("team_ids[]", []), request.query, now)
        ),
    }

    def keyed(endpoint: Endpoint) -> Endpoint:
        return lambda request, now: (
            endpoint(request, now) if request.headers.get("Authorization") else balldontlie.UNAUTHORISED
        )

    return {f"/{BALLDONTLIE}/v1/{name}": keyed(endpoint) for name, endpoint in found.items()}


def _prizepicks(history: History) -> dict[str, Endpoint]:
    picks = Projections(history)
    return {f"/{prizepicks.HOST}/projections": lambda request, now: picks.answer(request.query, now)}


def _handler(
    host: str, endpoint: Endpoint, clock: Clock, gate: Gate
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        verdict = gate.admit(host, request_key(request))
        if verdict is None:
            return respond(endpoint(request, clock.now()), request)
        return await deliver(verdict, partial(endpoint, request), request, clock)

    return handle


def request_key(request: web.Request) -> str:
    """What makes two requests the same: method, path and query but for the key."""
    query = sorted((name, value) for name, value in request.query.items() if name != "apiKey")
    return f"{request.method} {request.path}?{urlencode(query)}"


async def _stats(request: web.Request) -> web.Response:
    return web.json_response(request.app[GATE].report())


async def _read_clock(request: web.Request) -> web.Response:
    clock = request.app[CLOCK]
    return web.json_response({"now": clock.now().isoformat(), "virtual": isinstance(clock, SettableClock)})


async def _set_clock(request: web.Request) -> web.Response:
    clock = request.app[CLOCK]
    if not isinstance(clock, SettableClock):
        return web.json_response({"message": "the clock is the wall clock: it cannot be set"}, status=409)
    try:
        wanted = await request.json()
        clock.set(datetime.fromisoformat(wanted["now"]), force=bool(wanted.get("force", False)))
    except (ValueError, TypeError, KeyError) as error:
        return web.json_response({"message": f'expected {{"now": ISO instant}}: {error}'}, status=400)
    except Permanent as error:
        return web.json_response({"message": str(error)}, status=409)
    return await _read_clock(request)


async def _set_faults(request: web.Request) -> web.Response:
    try:
        change(request.app, FaultProfile.named((await request.json())["profile"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return web.json_response({"message": f'expected {{"profile": its name}}: {error}'}, status=400)
    except Permanent as error:
        return web.json_response({"message": str(error)}, status=400)
    return await _stats(request)
