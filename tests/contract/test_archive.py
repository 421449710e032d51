"""The raw archive."""

import pytest

from shared.errors import Permanent
from shared.ports import Archive


async def test_what_was_put_is_got(archive: Archive) -> None:
    """Bytes come back unchanged, an empty payload included."""
    await archive.put("2024-03-04/scoreboard.json", b"\x00{}")
    await archive.put("2024-03-04/empty", b"")
    assert await archive.get("2024-03-04/scoreboard.json") == b"\x00{}"
    assert await archive.get("2024-03-04/empty") == b""


async def test_putting_again_replaces(archive: Archive) -> None:
    """A retried fetch overwrites what the attempt before it stored."""
    await archive.put("a/b", b"one, and longer")
    await archive.put("a/b", b"two")
    assert await archive.get("a/b") == b"two"


async def test_keys_are_listed_by_prefix_sorted(archive: Archive) -> None:
    """A prefix is text, not a folder."""
    for key in ("nba/2", "nba/10", "nba/1/x", "nbb/1", "n"):
        await archive.put(key, b"")
    assert await archive.list("nba/") == ["nba/1/x", "nba/10", "nba/2"]
    assert await archive.list("nb") == ["nba/1/x", "nba/10", "nba/2", "nbb/1"]
    assert await archive.list("nba/1") == ["nba/1/x", "nba/10"]
    assert await archive.list("") == ["n", "nba/1/x", "nba/10", "nba/2", "nbb/1"]
    assert await archive.list("nothing/here") == []


@pytest.mark.parametrize("key", ["nothing", "a", "a/b/c"])
async def test_a_missing_object_is_named(archive: Archive, key: str) -> None:
    """Getting what is not there is permanent (a folder is not there either)."""
    await archive.put("a/b", b"")
    with pytest.raises(Permanent, match=key):
        await archive.get(key)


async def test_what_is_there_is_said(archive: Archive) -> None:
    """An empty object is there; a folder, and what was never put, are not."""
    await archive.put("a/b", b"")
    assert [await archive.has(key) for key in ("a/b", "a", "a/b/c", "b")] == [True, False, False, False]
