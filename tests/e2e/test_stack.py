"""The stack inside the test, where its bus, its archive and its clock can be reached."""

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from client.answers import Run
from client.api import Client
from client.runs import follow
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.stack import Stack
from devstack.workspace import Workspace
from devstack.world import started
from shared.basketball.slate import Mode
from shared.contract import StepRequested
from shared.embedded import archive
from shared.embedded.archive import FileArchive
from shared.registries.topics import TOPICS
from tests.e2e.command import DONE, tipoff
from tests.e2e.nights import LAST

pytestmark = pytest.mark.network

_UNKNOWN = json.dumps({"kind": "step_requested", "version": 99, "body": {}}).encode()
_STRAY = StepRequested(run_id="2024-11-16.overnight.1", game_date=LAST, mode=Mode.OVERNIGHT, step="grade", attempt=1)


@pytest.fixture(scope="module")
def history(league_folder: Path) -> History:
    return History.open(league_folder)


@asynccontextmanager
async def stack_of(workspace: Workspace, history: History) -> AsyncIterator[tuple[Stack, Client]]:
    """A stack in `workspace`, its clock at the last slate's overnight cutoff."""
    workspace.make()
    async with started(workspace, history, last_cutoff(history, LAST, Mode.OVERNIGHT)) as served:
        yield served


async def night(client: Client) -> Run:
    """The last slate's run, followed to its end."""
    run = await client.start_run(LAST, "overnight", retrospective=True)
    return await follow(client, run, lambda _: None)


async def test_f26_poison_ends_in_the_dead_letter_while_the_night_goes_on(history: History, tmp_path: Path) -> None:
    """An unknown message version, and what is no message at all, is a dead letter with its reason, once per topic."""
    async with stack_of(Workspace(tmp_path, "poison"), history) as (stack, client):
        assert stack.ports is not None
        for topic in TOPICS:
            await stack.ports.bus.publish(topic, _UNKNOWN, {"key": f"{topic}/unknown"})
            await stack.ports.bus.publish(topic, b"\xff no message", {"key": f"{topic}/noise"})
        run = await night(client)
        letters = await client.get("dead-letters")
    assert run["status"] == "complete"
    reasons = {letter["attributes"]["key"]: letter["reason"] for letter in letters}
    assert len(letters) == len(reasons) == 2 * len(TOPICS)
    for topic in TOPICS:
        assert f"has version 99, this service reads {StepRequested.VERSION}:" in reasons[f"{topic}/unknown"]
        assert "replay the dead letter" in reasons[f"{topic}/unknown"]
        assert "not a Tipoff message" in reasons[f"{topic}/noise"]


async def test_a_message_on_the_wrong_topic_is_refused(history: History, tmp_path: Path) -> None:
    """A step that belongs to another service is a dead letter that says so; nothing of it is done."""
    async with stack_of(Workspace(tmp_path, "stray"), history) as (stack, client):
        assert stack.ports is not None
        await stack.ports.bus.publish("scraper-tasks", _STRAY.encode(), _STRAY.attributes())
        letters: list[dict[str, Any]] = []
        while not letters:
            letters = await client.get("dead-letters")
        assert await client.get("runs") == []
    assert "another service" in letters[0]["reason"]


class FullArchive(FileArchive):
    """An archive whose disk is full after some objects."""

    room = 3

    def _put(self, path: Path, data: bytes) -> None:
        if self.room == 0:
            raise self._failure(OSError(errno.ENOSPC, "No space left on device"), path)
        self.room -= 1
        super()._put(path, data)


async def test_full_archive_fails_with_one_line_and_loses_nothing(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk fails the run in one line that names archive and remedy; with space, the same request completes."""
    workspace = Workspace(tmp_path, "full")
    with monkeypatch.context() as patch:
        patch.setattr(archive, "FileArchive", FullArchive)
        async with stack_of(workspace, history) as (_, client):
            run = await night(client)
            rows = await client.get("predictions")
    assert (run["status"], rows) == ("failed", [])
    reasons = [step["reason"] for step in run["steps"].values() if step["status"] == "failed"]
    for reason in reasons:
        assert "\n" not in reason
        assert f"{workspace.path / 'archive'} is full" in reason
        assert "free space" in reason
    assert reasons
    async with stack_of(workspace, history) as (_, client):
        mended = await night(client)
        assert len(await client.get("predictions")) > 0
    assert mended["status"] == "complete"
    assert mended["generation"] == run["generation"]


async def test_a_busy_workspace_is_read_by_others(history: History, tmp_path: Path) -> None:
    """While a process holds it through that one's coordinator; afterwards as it lies, by several at once."""
    workspace = Workspace(tmp_path, "busy")
    with workspace.lock():
        async with stack_of(workspace, history) as (_, client):
            run = await client.start_run(LAST, "overnight", retrospective=True, targets=["schedule"])
            through = await asyncio.to_thread(tipoff, tmp_path, "runs", "--json")
            run = await follow(client, run, lambda _: None)
    after = await asyncio.gather(*(asyncio.to_thread(tipoff, tmp_path, "runs", "--json") for _ in range(2)))
    assert [done.code for done in (through, *after)] == [DONE] * 3, through
    assert [[each["run_id"] for each in done.json] for done in (through, *after)] == [[run["run_id"]]] * 3
    assert [done.json[0]["status"] for done in after] == ["complete"] * 2
