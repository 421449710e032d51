"""A payload that is archived and never loaded, on the real stack: healed, in quarantine, tried again, read again."""

from datetime import timedelta
from pathlib import Path

import pytest

from client.api import Client
from client.backfill import backfill, reparse
from client.runs import follow
from devstack.clocked import Clocked
from devstack.driver import last_cutoff
from devstack.league import generate
from devstack.workspace import Workspace
from devstack.world import started
from shared.basketball.slate import Mode, days

pytestmark = pytest.mark.network

MODE = {"mode": "backfill"}


def leave_unread(archive: Path) -> None:
    """A newer payload of the rosters, as if a process had died over it: a page of HTML."""
    [*_, record] = sorted(archive.glob("raw/fetches/nba_stats/*/backfill/rosters/*/*_200_*.json"))
    [body] = archive.glob(f"raw/bodies/*/{record.stem.rpartition('_')[2]}*.json")
    body.with_name("page.json").write_bytes(b"<html>Pardon our dust</html>")
    later = record.name.replace("_01-01_", "_02-01_")
    record.with_name(later).write_text(record.read_text().replace(body.name, "page.json"))


async def healed(client: Client) -> list[str]:
    """Why the reconciler asked for anything; what it asked for has ended."""
    answer = await client.reconcile(mode="backfill", days=1, targets=["rosters"])
    for line in answer["asked"]:
        await follow(client, await client.run(line["run"]), lambda _: None)
    return [line["why"] for line in answer["asked"]]


async def test_f12_what_is_archived_and_never_loaded_is_settled_once(tmp_path: Path) -> None:
    """The next round reads it; what cannot be parsed is known for that, no round asks again, and rosters stand."""
    league = generate(days=4, last_slate=3)
    workspace = Workspace(tmp_path, "quarantine")
    workspace.make()
    slate = league.last_date
    at = last_cutoff(league, slate, Mode.BACKFILL)
    async with started(workspace, league, at) as (stack, client):
        turns = Clocked(stack, lambda day: last_cutoff(league, day, Mode.BACKFILL))
        both = days(slate - timedelta(days=1), slate)
        await backfill(client, both, Mode.BACKFILL, ["rosters"], observe=lambda _: None, turns=turns)
        before = (await client.run(f"{slate}.backfill"))["steps"]["rosters"]["evidence"]
        assert await healed(client) == []
        leave_unread(workspace.path / "archive")
        assert await healed(client) == ["rosters: archived, not loaded"]
        assert await healed(client) == []
        [row] = await client.quarantine(game_date=str(slate), **MODE)
        assert (row["record"], row["reason"]) == ("payload nba_stats/playerindex", "HTML instead of JSON")
        shown = await client.quarantined(row["id"])
        assert shown["excerpt"] == "<html>Pardon our dust</html>"
        [night] = await reparse(client, {slate: ["rosters"]}, Mode.BACKFILL, observe=lambda _: None, turns=turns)
        assert night["status"] == "complete"
        assert (await client.run(f"{slate}.backfill"))["steps"]["rosters"]["evidence"] == before
        assert await client.quarantine(game_date=str(slate), **MODE) == [row]
        assert (await follow(client, await client.retry_quarantined(row["id"], anew=True), lambda _: None))["steps"]
        assert await client.quarantine(game_date=str(slate), **MODE) == []
