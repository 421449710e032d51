"""Packing: the same bytes under the same keys, in fewer and smaller files, whatever happens meanwhile."""

import asyncio
import errno
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.embedded.archive import FileArchive
from shared.errors import Permanent, Transient

BODY = b'{"a": 1}' * 500


async def filled(root: Path, *keys: str) -> FileArchive:
    archive = FileArchive(root)
    for key in keys:
        await archive.put(key, key.encode() + BODY)
    return archive


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


async def test_a_packed_folder_is_one_file_and_small(tmp_path: Path) -> None:
    """The loose files and their folders are gone, others stay; `unzip` at the root would bring them back."""
    archive = await filled(tmp_path, "raw/day/a/1", "raw/day/b/2", "raw/days")
    before = await archive.sizes("raw/day/")
    assert await archive.pack("raw/day") == 2
    assert files(tmp_path) == [".packs/raw/day.zip", "raw/days"]
    assert not (tmp_path / "raw" / "day").exists()
    assert await archive.list("raw/day") == ["raw/day/a/1", "raw/day/b/2", "raw/days"]
    assert await archive.loose("") == {"raw/days": len(BODY) + 8}
    assert sum((await archive.sizes("raw/day/")).values()) < sum(before.values()) / 10
    with zipfile.ZipFile(tmp_path / ".packs/raw/day.zip") as pack:
        assert pack.read("raw/day/b/2") == b"raw/day/b/2" + BODY


async def test_an_empty_folder_is_not_packed(tmp_path: Path) -> None:
    """No file comes of nothing."""
    assert await FileArchive(tmp_path).pack("raw/day") == 0
    assert files(tmp_path) == []


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["a", "b", "ab"]), min_size=2, max_size=3).map(lambda parts: "/".join([*parts, "x"])),
        st.binary(max_size=40),
        max_size=8,
    ),
    st.lists(st.sampled_from(["a", "b", "a/b", "ab"]), max_size=4),
    st.sampled_from(["", "a", "a/", "a/b", "a/b/", "ab/a", "c"]),
)
@settings(max_examples=40, deadline=None)
def test_packing_changes_no_byte(objects: dict[str, bytes], folders: list[str], prefix: str) -> None:
    """Whatever is packed in whatever order: the same keys, the same bytes."""

    async def check(root: Path) -> None:
        archive = FileArchive(root)
        for key, data in objects.items():
            await archive.put(key, data)
        for folder in folders:
            await archive.pack(folder)
        assert {key: await archive.get(key) for key in await archive.list("")} == objects
        assert await archive.list(prefix) == sorted(key for key in objects if key.startswith(prefix))
        assert all([await archive.has(key) for key in objects])

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


async def test_what_comes_later_joins_the_pack_and_wins_over_it(tmp_path: Path) -> None:
    """Before it is packed and after."""
    archive = await filled(tmp_path, "raw/day/1", "raw/day/2")
    await archive.pack("raw/day")
    await archive.put("raw/day/2", b"anew")
    await archive.put("raw/day/3", b"later")
    for _ in range(2):
        assert await archive.get("raw/day/1") == b"raw/day/1" + BODY
        assert await archive.get("raw/day/2") == b"anew"
        assert await archive.list("raw/day/") == ["raw/day/1", "raw/day/2", "raw/day/3"]
        await archive.pack("raw/day")
    assert files(tmp_path) == [".packs/raw/day.zip"]


@pytest.mark.parametrize("at", range(7))
async def test_a_kill_at_any_point_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Whichever call to the system is the last: everything is there, and the next packing ends the work."""
    archive = await filled(tmp_path, "raw/day/1", "raw/day/2")
    await archive.pack("raw/day")
    await archive.put("raw/day/3", b"later")
    calls = iter(range(100))

    class Killed(BaseException):
        """Nothing after it runs."""

    def killing(name: str, real: object) -> object:
        def call(*arguments: object, **named: object) -> object:
            if next(calls) >= at:
                raise Killed(name)
            return real(*arguments, **named)  # type: ignore[operator]  # as it was

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killing("fsync", os.fsync))
        for name in ("replace", "unlink", "rmdir"):
            patch.setattr(Path, name, killing(name, getattr(Path, name)))
        try:
            archive._pack("raw/day")
            survived = True
        except Killed:
            survived = False
    assert survived == (at > 5)
    left = FileArchive(tmp_path)
    assert await left.list("") == ["raw/day/1", "raw/day/2", "raw/day/3"]
    assert await left.get("raw/day/1") == b"raw/day/1" + BODY
    assert await left.get("raw/day/3") == b"later"
    await left.pack("raw/day")
    await left.sweep()
    assert files(tmp_path) == [".packs/raw/day.zip"]


async def test_a_full_disk_while_packing_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where and what to do."""
    archive = await filled(tmp_path, "raw/day/1")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Transient, match=f"archive {tmp_path} is full .*free space"):
            await archive.pack("raw/day")
    assert files(tmp_path) == ["raw/day/1"]


async def test_dropped_objects_are_gone_and_no_others(tmp_path: Path) -> None:
    """Out of packs, and loose ones; a pack goes with its last."""
    archive = await filled(tmp_path, "raw/a/1", "raw/a/2", "raw/b/1")
    await archive.pack("raw/a")
    await archive.pack("raw/b")
    await archive.put("raw/a/3", b"loose")
    await archive.drop(["raw/a/1", "raw/b/1", "raw/a/3", "raw/never"])
    assert await archive.list("") == ["raw/a/2"]
    assert await archive.get("raw/a/2") == b"raw/a/2" + BODY
    assert files(tmp_path) == [".packs/raw/a.zip"]
    with pytest.raises(Permanent, match="raw/b/1"):
        await archive.get("raw/b/1")


async def test_a_damaged_pack_is_named(tmp_path: Path) -> None:
    """With what can be done."""
    archive = await filled(tmp_path, "raw/a/1")
    await archive.pack("raw/a")
    pack = tmp_path / ".packs/raw/a.zip"
    data = pack.read_bytes()
    pack.write_bytes(data[:60] + b"xx" + data[62:])
    with pytest.raises(Permanent, match=r"raw/a\.zip is damaged .*restore it from a backup"):
        await archive.get("raw/a/1")
    pack.write_bytes(b"no zip")
    with pytest.raises(Permanent, match=r"raw/a\.zip is damaged"):
        await archive.list("raw/")
