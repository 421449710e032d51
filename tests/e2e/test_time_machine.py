"""Looking back: what was shown at an instant is shown again to whoever asks for that instant, and nothing later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import aiohttp
import pytest

from client.api import Client, connect
from client.runs import follow
from devstack.league import open_history
from devstack.league.season import OPENING_NIGHT
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from shared.basketball.slate import days, eastern_instant
from shared.embedded.clock import VirtualClock
from tests.e2e.leagues import small

pytestmark = [pytest.mark.network, pytest.mark.proof]

NIGHTS = 10
FIRST = OPENING_NIGHT + timedelta(days=12)
LAST = FIRST + timedelta(days=NIGHTS - 1)
TIMES = (time(7), time(13), time(18, 45))
"""When something is published, Eastern: overnight, the first numbers of the day, and those just before a tip-off."""
_ASKED: tuple[tuple[str, tuple[str, ...]], ...] = (("overnight", ()), ("same_day", ()), ("same_day", ("lines",)))
"""What is asked for at each of them: a mode, and steps to do again."""
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
        seen = [await _night(stack, client, session, day) for day in days(FIRST, LAST)]
        await stack.set_clock(eastern_instant(LAST + timedelta(days=7), TIMES[0]))
        for night in seen:
            assert len({json.dumps(sight.api) for sight in night}) == len(TIMES)  # each publication is seen
            for sight in night:
                assert await _api(session, sight.api, sight.at) == sight.api, sight.at
                assert await _got(session, sight.pages) == sight.pages, sight.at


async def _night(stack: Stack, client: Client, session: aiohttp.ClientSession, day: date) -> list[Sight]:
    """Publish a slate three times, and look at it after each."""
    sights = []
    for clock_time, (mode, redo) in zip(TIMES, _ASKED, strict=True):
        at = eastern_instant(day, clock_time)
        await stack.set_clock(at)
        run = await follow(client, await client.start_run(day, mode, redo=list(redo)), lambda _: None)
        assert run["status"] == "complete", run
        await stack.set_clock(at + LATER)
        sights.append(await _look(session, day, at + LATER))
    return sights


async def _look(session: aiohttp.ClientSession, day: date, at: datetime) -> Sight:
    games = json.loads((await _get(session, f"/v1/tonight?game_date={day}"))[1])["games"]
    asked = [*_asked(day, games[0]["players"][0]["player_id"])]
    pages = [f"{path}&as_of={at:%Y-%m-%dT%H:%M:%SZ}" for path in asked if "players?" not in path]
    return Sight(
        at,
        await _api(session, {f"/v1{path.replace('/?', '/tonight?', 1)}": (0, "") for path in asked}, None),
        await _got(session, dict.fromkeys(pages, (0, ""))),
    )


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
