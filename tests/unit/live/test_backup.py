"""Backups: whole, of one instant, made beside a running process, and refused where they are not what they were."""

import asyncio
import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from live import backup, restore
from live.backup import Manifest
from shared.embedded.archive import FileArchive
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent, Transient
from tests.clock import FakeClock
from tests.contract.fakes import TABLES, THINGS

ROW = {"game_date": date(2024, 3, 10), "unit": "a", "count": 1}
MADE = datetime(2024, 3, 4, 12, tzinfo=UTC)


@dataclass
class Live:
    """A workspace and what a running process has open of it."""

    folder: Path
    warehouse: DuckDBWarehouse
    state: SQLiteState
    archive: FileArchive
    clock: FakeClock

    async def back_up(self, to: Path, **how: Any) -> Manifest:  # noqa: ANN401 - as `write`
        return await backup.write(self.folder, to, self.warehouse.copy, self.clock, **how)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    folder = tmp_path / "home" / "live"
    made = Live(
        folder,
        DuckDBWarehouse(folder / "warehouse.duckdb", TABLES),
        SQLiteState(folder / "state.sqlite"),
        FileArchive(folder / "archive"),
        FakeClock(MADE),
    )
    await made.warehouse.append(THINGS.name, [ROW])
    await made.state.create("runs", "one", {"is": "here"})
    for key in ("raw/a/1", "raw/a/2", "raw/b/1", "models/x"):
        await made.archive.put(key, key.encode() * 100)
    await made.archive.pack("raw/a")
    (folder / "secrets.env").write_text("TIPOFF_API_KEY=mine\n")
    (folder.parent / "tipoff.toml").write_text("budget = 1\n")
    yield made
    await made.warehouse.close()
    await made.state.close()


async def holds(folder: Path) -> tuple[list[dict[str, Any]], list[str], dict[str, bytes]]:
    """Rows, documents and objects of a workspace that nobody has open."""
    warehouse, state = DuckDBWarehouse(folder / "warehouse.duckdb", TABLES), SQLiteState(folder / "state.sqlite")
    archive = FileArchive(folder / "archive")
    rows = await warehouse.query("SELECT game_date, unit, count FROM contract.things ORDER BY unit")
    documents = [each.id for each in await state.list("runs")]
    await warehouse.close()
    await state.close()
    return rows, documents, {key: await archive.get(key) for key in await archive.list("")}


def files(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]


async def test_what_is_backed_up_comes_back(live: Live, tmp_path: Path) -> None:
    """Rows, documents, objects loose and packed, and the configuration; no secrets; the manifest says all of it."""
    manifest = await live.back_up(tmp_path / "b.tar")
    there = tmp_path / "elsewhere" / "live"
    assert restore.restore(tmp_path / "b.tar", there) == manifest == restore.check(tmp_path / "b.tar")
    rows, documents, objects = await holds(there)
    assert (rows, documents) == ([ROW], ["one"])
    assert objects == {key: key.encode() * 100 for key in ("raw/a/1", "raw/a/2", "raw/b/1", "models/x")}
    assert (there.parent / "tipoff.toml").read_text() == "budget = 1\n"
    assert not (there / "secrets.env").exists()
    assert (manifest.workspace, manifest.made_at, manifest.format) == ("live", MADE, 1)
    assert [each.name for each in manifest.files][:3] == ["state.sqlite", "warehouse.duckdb", "tipoff.toml"]
    assert not files(live.folder, ".backup/*/*")


async def test_secrets_are_in_it_only_if_asked_for(live: Live, tmp_path: Path) -> None:
    """Then whoever may read it is its owner alone."""
    await live.back_up(tmp_path / "b.tar", secrets=True)
    assert (tmp_path / "b.tar").stat().st_mode & 0o077 == 0
    restore.restore(tmp_path / "b.tar", tmp_path / "there")
    assert (tmp_path / "there" / "secrets.env").read_text() == "TIPOFF_API_KEY=mine\n"
    assert (tmp_path / "there" / "secrets.env").stat().st_mode & 0o077 == 0


async def test_secrets_and_configuration_that_are_there_stay(live: Live, tmp_path: Path) -> None:
    """A backup without them replaces the workspace, and not the keys its owner has."""
    await live.back_up(tmp_path / "b.tar")
    there = tmp_path / "elsewhere" / "live"
    there.mkdir(parents=True)
    (there / "secrets.env").write_text("theirs")
    (there / "old").write_text("gone")
    (there.parent / "tipoff.toml").write_text("theirs")
    restore.restore(tmp_path / "b.tar", there)
    assert (there / "secrets.env").read_text() == "theirs"
    assert (there.parent / "tipoff.toml").read_text() == "theirs"
    assert not (there / "old").exists()
    assert sorted(path.name for path in there.parent.iterdir()) == ["live", "tipoff.toml"]


async def test_the_running_process_copies_its_warehouse_when_asked(live: Live, tmp_path: Path) -> None:
    """Whoever asks needs only the folder; the process goes on reading and writing."""
    answering = asyncio.create_task(backup.answer(live.folder, live.warehouse, FakeClock()))
    for number in range(2):
        copy = partial(backup.ask, live.folder, clock=live.clock)
        await backup.write(live.folder, tmp_path / f"{number}.tar", copy, live.clock)
        await live.warehouse.append(THINGS.name, [{**ROW, "unit": f"later {number}"}])
    answering.cancel()
    restore.restore(tmp_path / "1.tar", tmp_path / "there")
    assert (await holds(tmp_path / "there"))[0] == [ROW, {**ROW, "unit": "later 0"}]


async def test_a_process_that_makes_no_backups_is_not_waited_for(live: Live, tmp_path: Path) -> None:
    """The message says what to do, and nothing is left."""
    copy = partial(backup.ask, live.folder, clock=live.clock)
    with pytest.raises(Transient, match=r"does not make backups: stop it first"):
        await backup.write(live.folder, tmp_path / "b.tar", copy, live.clock)
    assert not files(tmp_path, "b.tar*")


async def test_why_the_process_could_not_is_passed_on(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked hears it, and the process goes on answering."""

    async def full(_: Path) -> None:
        raise Transient("warehouse: no space")

    answering = asyncio.create_task(backup.answer(live.folder, live.warehouse, FakeClock()))
    copy = partial(backup.ask, live.folder, clock=live.clock)
    with monkeypatch.context() as patch:
        patch.setattr(live.warehouse, "copy", full)
        with pytest.raises(Transient, match="warehouse: no space"):
            await backup.write(live.folder, tmp_path / "b.tar", copy, live.clock)
    await backup.write(live.folder, tmp_path / "b.tar", copy, live.clock)
    answering.cancel()


async def test_one_backup_at_a_time_and_none_into_itself(live: Live, tmp_path: Path) -> None:
    """What a killed one left is cleared away by the next."""
    left = live.folder / ".backup" / "killed"
    left.mkdir(parents=True)
    (left / "partial").write_text("half")

    async def beside(to: Path) -> None:
        with pytest.raises(Permanent, match=r"another backup of .* is being made: wait for it"):
            await live.back_up(tmp_path / "other.tar")
        await live.warehouse.copy(to)

    await backup.write(live.folder, tmp_path / "b.tar", beside, live.clock)
    assert not left.exists()
    with pytest.raises(Permanent, match="lies in the workspace that it is to hold"):
        await live.back_up(live.folder / "archive" / "b.tar")


async def test_what_is_packed_meanwhile_is_in_it(live: Live, tmp_path: Path) -> None:
    """Wherever the backup is when the files go and the pack comes."""
    expected = (await holds_objects(live)).keys()
    done: list[int] = []

    def pack(_: int) -> None:
        done.append(live.archive._pack("raw/b"))

    await live.back_up(tmp_path / "b.tar", progress=pack)
    assert 1 in done
    restore.restore(tmp_path / "b.tar", tmp_path / "there")
    assert (await holds(tmp_path / "there"))[2].keys() == expected


async def holds_objects(live: Live) -> dict[str, bytes]:
    return {key: await live.archive.get(key) for key in await live.archive.list("")}


class Bad(NamedTuple):
    """What is wrong with a backup."""

    name: str
    words: str


BAD = [
    Bad("missing", "there is no file"),
    Bad("text", "is no backup, or was cut off"),
    Bad("cut", "is no backup, or was cut off"),
    Bad("flipped", "is damaged: archive/models/x is not what was backed up: use another backup"),
    Bad("newer", r"was made by version 99\.0\.0, and this is .*: install that version"),
    Bad("format", "was made by version"),
    Bad("escape", "names the file '../evil', which lies elsewhere"),
    Bad("lacking", "is damaged: archive/gone is not what was backed up"),
]


def spoil(file: Path, how: str) -> None:
    data = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "text":
        file.write_text("hello" * 1000)
    elif how == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif how == "flipped":
        at = data.rindex(b"models/xmodels/x")
        file.write_bytes(data[:at] + b"M" + data[at + 1 :])
    else:
        changed: dict[str, dict[str, Any]] = {
            "newer": {"version": "99.0.0"},
            "format": {"format": 2},
            "escape": {"files": [{"name": "../evil", "size": 0, "sha256": ""}]},
            "lacking": {"files": [{"name": "archive/gone", "size": 0, "sha256": ""}]},
        }
        folder = file.with_suffix("")
        with tarfile.open(file) as tar:
            tar.extractall(folder, filter="data")
        manifest = json.loads((folder / "manifest.json").read_text()) | changed[how]
        (folder / "manifest.json").write_text(json.dumps(manifest))
        with tarfile.open(file, "w") as tar:
            tar.add(folder, ".", filter=lambda info: info if info.isdir() or info.isfile() else None)
            tar.add(folder / "manifest.json", "manifest.json")
        shutil.rmtree(folder)


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
async def test_what_is_no_whole_backup_replaces_nothing(live: Live, tmp_path: Path, bad: Bad) -> None:
    """One line says why; the workspace that was there is as it was, and nothing lies beside it."""
    file = tmp_path / "b.tar"
    await live.back_up(file)
    spoil(file, bad.name)
    there = tmp_path / "elsewhere" / "live"
    there.mkdir(parents=True)
    (there / "mine").write_text("mine")
    for act in (partial(restore.restore, file, there), partial(restore.check, file)):
        with pytest.raises(Permanent, match=bad.words) as refused:
            act()
        assert "\n" not in str(refused.value)
    assert files(tmp_path, "elsewhere/**/*") == ["live", "mine"]


async def test_a_disk_too_small_for_it_is_said_before(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is written."""
    await live.back_up(tmp_path / "b.tar")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
        with pytest.raises(Transient, match=r"0\.0 GB free: free space"):
            restore.restore(tmp_path / "b.tar", tmp_path / "there")
    assert not (tmp_path / "there").exists()


async def test_a_backup_that_cannot_be_written_leaves_the_one_before(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced when the new one is whole."""
    (tmp_path / "b.tar").write_text("yesterday's")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "addfile", full)
        with pytest.raises(Transient, match=r"cannot back .* up to .*b\.tar: No space left on device: free space"):
            await live.back_up(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "yesterday's"
    assert not (tmp_path / "b.tar.partial").exists()
