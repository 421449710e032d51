"""Files behind the archive port: nothing escapes, nothing is half written, a full disk says so."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.embedded.archive import FileArchive
from shared.errors import Permanent, Transient

ESCAPES = ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", ".partial/x", ".hidden", "a\\..\\b", "a\0b"]


@pytest.mark.parametrize("key", ESCAPES, ids=repr)
async def test_a_key_cannot_leave_the_archive(tmp_path: Path, key: str) -> None:
    """Keys are plain relative paths."""
    archive = FileArchive(tmp_path / "archive")
    with pytest.raises(Permanent, match="archive key"):
        await archive.put(key, b"")
    with pytest.raises(Permanent, match="archive key"):
        await archive.get(key)


@pytest.mark.parametrize("prefix", ["../", "/", "a/../../"])
async def test_a_prefix_cannot_leave_the_archive(tmp_path: Path, prefix: str) -> None:
    """Listing looks inside only."""
    with pytest.raises(Permanent, match="prefix"):
        await FileArchive(tmp_path / "archive").list(prefix)


@given(st.text(st.sampled_from("a./\\\0"), max_size=12))
def test_a_key_is_inside_the_root_or_refused(key: str) -> None:
    """Whatever the key."""
    root = Path("/archive")
    try:
        path = FileArchive(root)._path(key)
    except Permanent:
        return
    assert root in Path(os.path.normpath(path)).parents


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "is full.*free space or point TIPOFF_HOME elsewhere"),
        (errno.EACCES, "is not writable.*TIPOFF_HOME"),
        (errno.EROFS, "is read-only.*: make it writable or point TIPOFF_HOME elsewhere"),
        (errno.EPERM, "is not writable.*: make it writable or point TIPOFF_HOME elsewhere"),
        (errno.EDQUOT, r"is full \(quota\).*: free space or point TIPOFF_HOME elsewhere"),
    ],
    ids=["full", "no access", "read-only", "not permitted", "quota"],
)
async def test_an_obstacle_is_transient_and_leaves_the_old_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    """The message says where and what to do; readers see the old bytes; no part of the new ones stays."""
    archive = FileArchive(tmp_path)
    await archive.put("day/feed", b"old")

    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Transient, match=f"archive {tmp_path} {words}"):
            await archive.put("day/feed", b"new")
    assert await archive.get("day/feed") == b"old"
    assert os.listdir(tmp_path / ".partial") == []  # noqa: PTH208 - a look at the disk, once


async def test_what_a_kill_left_half_written_is_not_listed(tmp_path: Path) -> None:
    """Objects appear whole or not at all."""
    archive = FileArchive(tmp_path)
    await archive.put("a", b"")
    (tmp_path / ".partial" / "leftover").write_bytes(b"half")
    assert await archive.list("") == ["a"]


async def test_a_key_below_an_object_is_permanent(tmp_path: Path) -> None:
    """An object is not also a folder."""
    archive = FileArchive(tmp_path)
    await archive.put("a", b"")
    with pytest.raises(Permanent, match="cannot use"):
        await archive.put("a/b", b"")


async def test_the_archive_by_hand(tmp_path: Path) -> None:
    """What is put is got, replaced and listed: by prefix, also half a name, sorted, nothing hidden."""
    archive = FileArchive(tmp_path / "archive")
    assert await archive.list("") == []
    for key in ("b/2", "b/1", "a", "bc/1"):
        await archive.put(key, key.encode())
    await archive.put("a", b"anew")
    (tmp_path / "archive" / "b" / ".hidden").mkdir()
    (tmp_path / "archive" / "b" / ".hidden" / "x").write_bytes(b"")
    assert await archive.get("a") == b"anew"
    assert await archive.list("") == ["a", "b/1", "b/2", "bc/1"]
    assert await archive.list("b") == ["b/1", "b/2", "bc/1"]
    assert await archive.list("b/") == ["b/1", "b/2"]
    assert await archive.list("b/2") == ["b/2"]
    assert await archive.list("c/") == []


@pytest.mark.parametrize("key", ["nothing", "folder", "folder/x/y"])
async def test_what_is_no_object_is_permanent(tmp_path: Path, key: str) -> None:
    """Missing, a folder of others, or below an object."""
    archive = FileArchive(tmp_path)
    await archive.put("folder/x", b"")
    with pytest.raises(Permanent) as refused:
        await archive.get(key)
    assert str(refused.value) == f"archive {tmp_path} has no object {key!r}"


async def test_bytes_and_the_rename_are_on_the_disk_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, and then the folder that names it."""
    synced: list[bool] = []
    sync = os.fsync

    def look(descriptor: int) -> None:
        synced.append((tmp_path / "day" / "feed").exists())
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", look)
        await FileArchive(tmp_path).put("day/feed", b"x")
    assert synced == [False, True]


async def test_an_unknown_obstacle_is_permanent_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the object's name and the system's words, at reading as at writing."""
    archive = FileArchive(tmp_path)
    await archive.put("day/feed", b"x")

    def broken(_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", broken)
        with pytest.raises(Permanent) as refused:
            await archive.get("day/feed")
    assert str(refused.value) == f"archive {tmp_path}: cannot use 'feed' (Input/output error)"

    def closed(_: object) -> bytes:
        raise OSError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", closed)
        with pytest.raises(Transient) as denied:
            await archive.get("day/feed")
    assert str(denied.value) == (
        f"archive {tmp_path} is not writable (Permission denied): make it writable or point TIPOFF_HOME elsewhere"
    )
