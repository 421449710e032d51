"""Looking back: what was shown at an instant is shown again to whoever asks for that instant, and nothing later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from client.api import Client, connect
from client.runs import follow
from devstack.league import open_history
from devstack.league.season import OPENING_NIGHT
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.upstream.hosts import HOSTS
from devstack.workspace import Workspace
from shared.basketball.slate import days, eastern_instant
from shared.embedded.clock import VirtualClock
from tests.e2e.leagues import small

pytestmark = [pytest.mark.network, pytest.mark.proof]

Asked = tuple[str, dict[str, Any]]
"""A mode, and what is asked of its run."""
NIGHTS, TROUBLED = 10, (3, 7)
"""How many, and the numbers of those that begin badly."""
FIRST = OPENING_NIGHT + timedelta(days=12)
LAST = FIRST + timedelta(days=NIGHTS - 1)
TIMES = (time(7), time(13), time(18, 45))
"""When something is published, Eastern: overnight, the first numbers of the day, and those just before a tip-off."""
_NIGHT: tuple[Asked, ...] = (("overnight", {}), ("same_day", {}), ("same_day", {"redo": ["lines"]}))
_TROUBLED: tuple[Asked, ...] = (("overnight", {}), ("overnight", {"force": True}), ("same_day", {}))
"""The same where every upstream refuses at first: the night fails, and is done anew."""
_REFUSING = ",".join(f"blocked:{host}" for host in HOSTS)
LATER = timedelta(minutes=5)
"""From then until somebody looks."""
MODES = ("overnight", "same_day")


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody saw at an instant."""

    at: datetime
    api: dict[str, tuple[int, str]]
    """Path -> status and document, but for the instant itself."""
    pages: dict[str, tuple[int, str]]
    """Path, with the instant -> status and page."""


async def test_ten_nights_at_three_instants_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tonight, a player and the record, as documents and as pages: a week later they are what they were."""
    monkeypatch.setenv("TIPOFF_REQUESTS_PER_SECOND", "1000")
    league = tmp_path / "league"
    small(league, OPENING_NIGHT, 12 + NIGHTS + 1)
    workspace = Workspace(tmp_path / "home", "looked-at")
    workspace.make()
    clock = VirtualClock(eastern_instant(FIRST, TIMES[0]))
    async with (
        running(workspace, open_history(str(league)), clock, FaultProfile.named("none")) as stack,
        connect(stack.endpoint) as client,
        aiohttp.ClientSession(stack.urls["coordinator"], headers={"X-API-Key": stack.api_key}) as session,
    ):
        every = days(FIRST, LAST)
        seen = [await _night(stack, client, session, day, badly=every.index(day) in TROUBLED) for day in every]
        await stack.set_clock(eastern_instant(LAST + timedelta(days=7), TIMES[0]))
        for night in seen:
            assert len({json.dumps(sight.api) for sight in night}) == len(TIMES)  # each publication is seen
            for sight in night:
                assert await _api(session, sight.api, sight.at) == sight.api, sight.at
                assert await _got(session, sight.pages) == sight.pages, sight.at


async def _night(
    stack: Stack, client: Client, session: aiohttp.ClientSession, day: date, *, badly: bool
) -> list[Sight]:
    """Ask for a slate three times, and look at it after each."""
    sights = []
    for number, (mode, body) in enumerate(_TROUBLED if badly else _NIGHT):
        at, fails = eastern_instant(day, TIMES[number]), badly and number == 0
        await stack.set_clock(at)
        stack.upstream.change(FaultProfile.named(_REFUSING if fails else "none"))
        run = await follow(client, await client.start_run(day, mode, **body), lambda _: None)
        assert run["status"] == ("failed" if fails else "complete"), run
        await stack.set_clock(at + LATER)
        sights.append(await _look(session, day, at + LATER))
    return sights


async def _look(session: aiohttp.ClientSession, day: date, at: datetime) -> Sight:
    asked = [*_asked(day, await _player(session, day))]
    pages = [f"{path}&as_of={at:%Y-%m-%dT%H:%M:%SZ}" for path in asked if "players?" not in path]
    return Sight(
        at,
        await _api(session, {f"/v1{path.replace('/?', '/tonight?', 1)}": (0, "") for path in asked}, None),
        await _got(session, dict.fromkeys(pages, (0, ""))),
    )


async def _player(session: aiohttp.ClientSession, day: date) -> int:
    """One of the slate, else of the night before."""
    games = json.loads((await _get(session, f"/v1/tonight?game_date={day}"))[1])["games"]
    found: int = games[0]["players"][0]["player_id"] if games else await _player(session, day - timedelta(days=1))
    return found


def _asked(day: date, player: int) -> Iterator[str]:
    """Paths of the page, most of which the API has, too."""
    for mode in MODES:
        slate = f"game_date={day}&mode={mode}"
        yield f"/?{slate}"
        yield f"/players/{player}?{slate}"
        yield f"/players?{slate}&query={player}"
        yield from (f"/record?mode={mode}&by={by}" for by in ("all", "market", "month"))
    yield f"/?game_date={day}"
    yield f"/?game_date={day + timedelta(days=1)}"


async def _api(
    session: aiohttp.ClientSession, paths: dict[str, tuple[int, str]], at: datetime | None
) -> dict[str, tuple[int, str]]:
    """What the routes answer: now, or as of an instant."""
    found = {}
    for path in paths:
        status, text = await _get(session, path if at is None else f"{path}&as_of={at:%Y-%m-%dT%H:%M:%SZ}")
        answer = json.loads(text)
        if isinstance(answer, dict):
            answer.pop("as_of", None)
        found[path] = status, json.dumps(answer)
    return found


async def _got(session: aiohttp.ClientSession, paths: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """The pages, but for their frame, whose form token is new each time."""
    found = {}
    for path in paths:
        status, text = await _get(session, path)
        found[path] = status, text[text.index("<main") : text.index("</main>")]
    return found


async def _get(session: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()
