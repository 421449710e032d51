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
        (errno.EROFS, "is read-only.*TIPOFF_HOME"),
    ],
    ids=["full", "no access", "read-only"],
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
