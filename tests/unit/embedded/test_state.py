"""SQLite behind the port: kills, several processes, damaged files."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shared.embedded.state import SQLiteState
from shared.errors import AlreadyExists, Conflict, Permanent, Transient
from shared.ports import Document

_OPEN = "import asyncio, sys\nfrom pathlib import Path\nfrom shared.embedded.state import SQLiteState\n"
WRITER = (
    _OPEN
    + """
async def main():
    state = SQLiteState(Path(sys.argv[1]))
    for n in range(1_000_000):
        await state.create("runs", str(n), {"n": n})
        print(n, flush=True)
asyncio.run(main())
"""
)
RACER = (
    _OPEN
    + """
from shared.errors import Conflict
async def main():
    state = SQLiteState(Path(sys.argv[1]))
    for _ in range(40):
        while True:
            document = await state.get("runs", "a")
            try:
                await state.compare_and_set("runs", "a", {"n": document.data["n"] + 1}, version=document.version)
            except Conflict:
                continue
            break
    await state.close()
asyncio.run(main())
"""
)


async def _read(path: Path, id_: str) -> Document | None:
    state = SQLiteState(path)
    try:
        return await state.get("runs", id_)
    finally:
        await state.close()


@pytest.mark.parametrize("confirmed", [1, 23])
def test_f07_state_survives_kill(tmp_path: Path, confirmed: int) -> None:
    """Every write that returned before kill -9 is there afterwards, and the store can be written again."""
    path = tmp_path / "state.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        seen = [int(writer.stdout.readline()) for _ in range(confirmed)]
        writer.kill()

    async def check() -> None:
        state = SQLiteState(path)
        for n in seen:
            document = await state.get("runs", str(n))
            assert document is not None
            assert document.data == {"n": n}
        await state.create("runs", "after", {})
        await state.close()

    asyncio.run(check())


def test_compare_and_set_holds_between_processes(tmp_path: Path) -> None:
    """Three processes, forty read-modify-write loops each: exactly 120 applied."""
    path = tmp_path / "state.sqlite"

    async def prepare() -> None:
        state = SQLiteState(path)
        await state.create("runs", "a", {"n": 0})
        await state.close()

    asyncio.run(prepare())
    racers = [subprocess.Popen([sys.executable, "-c", RACER, str(path)]) for _ in range(3)]
    assert [racer.wait(timeout=120) for racer in racers] == [0, 0, 0]
    document = asyncio.run(_read(path, "a"))
    assert document is not None
    assert document.data == {"n": 120}


async def test_versions_only_grow(tmp_path: Path) -> None:
    """As text, over all documents, over reopening."""
    versions = []
    for _ in range(2):
        state = SQLiteState(tmp_path / "state.sqlite")
        for n in range(6):
            await state.delete("runs", str(n % 3))
            versions.append((await state.create("runs", str(n % 3), {})).version)
        await state.close()
    assert versions == sorted(set(versions))


async def test_incrementing_what_is_no_number_is_permanent(tmp_path: Path) -> None:
    """It is not overwritten."""
    state = SQLiteState(tmp_path / "state.sqlite")
    await state.create("runs", "a", {"flag": True, "text": "1", "zero": 0})
    with pytest.raises(Permanent, match=r"runs/a: field 'text' is '1', not a number"):
        await state.increment("runs", "a", "text")
    with pytest.raises(Permanent, match=r"runs/a.*'flag' is True"):
        await state.increment("runs", "a", "flag")
    await state.increment("runs", "a", "zero", by=0)
    await state.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """The message names it."""
    path = tmp_path / "state.sqlite"
    path.write_text("hello " * 1000)
    with pytest.raises(Permanent, match=r"state\.sqlite.*not a database"):
        SQLiteState(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "home").write_text("")
    with pytest.raises(Permanent, match="home"):
        SQLiteState(tmp_path / "home" / "state.sqlite")


async def test_a_store_that_stays_locked_is_transient(tmp_path: Path) -> None:
    """Another process that holds the write lock for too long delays, it does not corrupt."""
    path = tmp_path / "state.sqlite"
    state = SQLiteState(path, busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="locked"):
        await state.create("runs", "a", {})
    other.execute("ROLLBACK")
    other.close()
    await state.create("runs", "a", {})
    await state.close()


async def test_every_write_is_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    """A write-ahead log, synchronised at each commit (2 is FULL); a write waits 30 s for another process's."""
    state = SQLiteState(tmp_path / "folder" / "state.sqlite")
    settings = {}
    for name in ("journal_mode", "synchronous", "busy_timeout"):
        rows = await state._run(lambda name=name: state._connection.execute(f"PRAGMA {name}").fetchone())  # type: ignore[misc]  # a lambda with a default
        settings[name] = rows[0]
    await state.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}


async def test_refusals_name_the_document_and_its_versions(tmp_path: Path) -> None:
    """Without the zeros in front."""
    state = SQLiteState(tmp_path / "state.sqlite")
    first = await state.create("runs", "a", {})
    assert first.version == f"{1:020d}"
    second = await state.compare_and_set("runs", "a", {}, version=first.version)
    assert second.version == f"{2:020d}"
    reasons = []
    with pytest.raises(AlreadyExists) as taken:
        await state.create("runs", "a", {})
    reasons.append(str(taken.value))
    for id_ in ("a", "b"):
        with pytest.raises(Conflict) as moved:
            await state.compare_and_set("runs", id_, {}, version=first.version)
        reasons.append(str(moved.value))
    await state.close()
    assert reasons == [
        "state document runs/a already exists",
        "state document runs/a is at version 2, not at 1",
        "state document runs/b is gone, not at 1",
    ]


async def test_a_document_has_firestores_limit(tmp_path: Path) -> None:
    """1,048,487 bytes of JSON without spaces; one more is refused, and nothing is stored."""
    state = SQLiteState(tmp_path / "state.sqlite")
    longest = "x" * (1_048_487 - len('{"a":"","b":1}'))
    await state.create("runs", "fits", {"a": longest, "b": 1})
    with pytest.raises(Permanent) as refused:
        await state.create("runs", "too-long", {"a": longest + "x", "b": 1})
    assert str(refused.value) == (
        "state document runs/too-long has 1,048,488 bytes, more than 1,048,487: "
        "keep bulk data in the warehouse or the archive"
    )
    assert await state.get("runs", "too-long") is None
    await state.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, Transient),
        (sqlite3.SQLITE_LOCKED, Transient),
        (sqlite3.SQLITE_FULL, Transient),
        (sqlite3.SQLITE_IOERR | (12 << 8), Transient),  # an extended code: its low byte counts
        (sqlite3.SQLITE_READONLY, Transient),
        (sqlite3.SQLITE_CORRUPT, Permanent),
        (sqlite3.SQLITE_NOTADB, Permanent),
        (None, Permanent),
    ],
)
async def test_what_may_pass_of_sqlites_errors_is_transient(tmp_path: Path, code: int | None, kind: type) -> None:
    """Busy, locked, full, unreadable or read-only; the message names the file."""
    state = SQLiteState(tmp_path / "state.sqlite")
    error = sqlite3.OperationalError("why")
    if code is not None:
        error.sqlite_errorcode = code

    def fail() -> None:
        raise error

    with pytest.raises(kind) as mapped:
        await state._run(fail)
    remedy = ": free space on the disk, or point TIPOFF_HOME elsewhere" if code == sqlite3.SQLITE_FULL else ""
    assert str(mapped.value) == f"state store {tmp_path}/state.sqlite: why{remedy}"
    await state.close()


async def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """The counter too is rolled back, and the next write goes through."""
    state = SQLiteState(tmp_path / "state.sqlite")
    with pytest.raises(Permanent, match=r"^state document runs/a is not JSON: "):
        await state.create("runs", "a", {"value": object()})
    with pytest.raises(Permanent, match=r"^state document runs/a is not JSON: "):
        await state.create("runs", "a", {"value": float("inf")})
    assert (await state.create("runs", "a", {})).version == f"{1:020d}"
    assert [document.id for document in await state.list("runs")] == ["a"]
    await state.close()
