"""`tipoff bench season`: what every page takes of the server's time on a season that was replayed.

On the world in TIPOFF_HOME: `tipoff replay --history DATA --from 2023-10-24 --to 2024-06-17` makes one in an hour. What
the embedded warehouse has answered once it answers again while nothing is written, as BigQuery does: so the first look
at a grid takes longer.
"""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from benchmarks.harness import Case
from benchmarks.serving import coordinator
from benchmarks.viewers import looked_at
from devstack.workspace import current
from shared.errors import Permanent
from shared.runtime.settings import CommonSettings, load

SLATES = 150
"""Fewer are no season."""


def bench() -> list[Case]:
    """Each page."""
    return asyncio.run(_measure())


async def _measure() -> list[Case]:
    workspace = current(load(CommonSettings).home)
    if workspace is None:
        raise Permanent("there is no replayed season", remedy="`tipoff replay` makes one, and TIPOFF_HOME names it")
    key = {"X-API-Key": workspace.api_key}
    with workspace.lock(), TemporaryDirectory() as folder:
        async with (
            coordinator(workspace, Path(folder) / "log") as service,
            aiohttp.ClientSession(service.url, headers=key) as session,
        ):
            paths = await _paths(session, workspace.read_session()["mode"])
            return [case for path in paths for case in await looked_at(session, path)]


async def _paths(session: aiohttp.ClientSession, mode: str) -> list[str]:
    """Every page, of a slate in the middle of the season and its first player.

    Raises:
        Permanent: it is no season.
    """
    window = f"first=2023-10-01&last=2024-07-01&mode={mode}"
    slates = [each for each in await _get(session, f"/v1/slates?{window}") if each["predictions"]]
    if len(slates) < SLATES:
        raise Permanent(f"{len(slates)} slates are no season", remedy="`tipoff replay` makes one, TIPOFF_HOME names it")
    day = slates[len(slates) // 2]["game_date"]
    slate = f"game_date={day}&mode={mode}"
    player = (await _get(session, f"/v1/tonight?{slate}"))["games"][0]["players"][0]["player_id"]
    fortnight = date.fromisoformat(day) - timedelta(days=13)
    return [
        f"/?{slate}", f"/?{slate}&as_of={day}T23:30", f"/players/{player}?{slate}", f"/players?query=james&{slate}",
        *(f"/record?mode={mode}&by={by}" for by in ("all", "market", "system", "month")), f"/record/picks?mode={mode}",
        f"/nights?last={day}", f"/nights/{day}.{mode}", f"/nights/{day}.{mode}?step=publish",
        f"/grid?first={fortnight}&last={day}&mode={mode}", "/alerts", "/dead-letters", "/sources",
    ]  # fmt: skip


async def _get(session: aiohttp.ClientSession, path: str) -> Any:  # noqa: ANN401 - JSON
    async with session.get(path) as answer:
        answer.raise_for_status()
        return await answer.json()
