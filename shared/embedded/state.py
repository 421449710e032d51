"""The state store of the embedded profile: JSON documents in SQLite.

Firestore's semantics, its limit of 1 MiB per document included, so that nothing works here that fails in the cloud.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from shared.errors import AlreadyExists, Conflict, Permanent, Transient
from shared.ports import Document, Row
from shared.runtime.document_limits import document_text

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a write waits for another process's write before it is `Transient`."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (version INTEGER NOT NULL);
INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
"""
_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}


class SQLiteState:
    """Documents in one file, shared safely by several processes; a write that returned survives `kill -9`.

    Versions are text that only ever grows, also over deletion and re-creation of a document.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        # One thread: SQLite runs one write at a time anyway, and the connection needs no lock.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Permanent(f"cannot make the folder of the state store {path}: {error.strerror}") from error
        with self._mapped_errors():
            self._connection = sqlite3.connect(
                path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document, or None."""
        return await self._run(lambda: self._read(collection, id_))

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Raises `AlreadyExists` if the id is taken."""

        def work() -> Document:
            if self._read(collection, id_) is not None:
                raise AlreadyExists(f"state document {collection}/{id_} already exists")
            return self._write(collection, id_, data)

        return await self._transact(work)

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """Replace the document if it still has `version`; raises `Conflict` if it has not, or is gone."""

        def work() -> Document:
            current = self._read(collection, id_)
            if current is None or current.version != version:
                found = "is gone" if current is None else f"is at version {current.version.lstrip('0')}"
                raise Conflict(f"state document {collection}/{id_} {found}, not at {version.lstrip('0')}")
            return self._write(collection, id_, data)

        return await self._transact(work)

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """Add to a top-level number, atomically; creates document and field at 0.

        Raises:
            Permanent: the field holds something that is no number.
        """

        def work() -> None:
            current = self._read(collection, id_)
            data = {} if current is None else current.data
            value = data.get(field, 0)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Permanent(f"state document {collection}/{id_}: field {field!r} is {value!r}, not a number")
            self._write(collection, id_, {**data, field: value + by})

        await self._transact(work)

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents whose id starts with `prefix`, from `start` on and before `end`, in id order."""
        sql = "SELECT id, data, version FROM documents WHERE collection = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?"
        first, beyond = max(prefix, start), prefix + "\U0010ffff"
        beyond = beyond if end == "" else min(beyond, end)

        def work() -> list[Document]:
            rows = self._connection.execute(sql, (collection, first, beyond, limit)).fetchall()
            return [Document(id_, json.loads(data), version) for id_, data, version in rows]

        return await self._run(work)

    async def delete(self, collection: str, id_: str) -> None:
        """Remove the document if it is there."""
        sql = "DELETE FROM documents WHERE collection = ? AND id = ?"
        await self._transact(lambda: self._connection.execute(sql, (collection, id_)))

    async def close(self) -> None:
        """Finish what was begun and release the file."""
        await self._run(self._connection.close)
        self._thread.shutdown()

    def _read(self, collection: str, id_: str) -> Document | None:
        sql = "SELECT data, version FROM documents WHERE collection = ? AND id = ?"
        row = self._connection.execute(sql, (collection, id_)).fetchone()
        return None if row is None else Document(id_, json.loads(row[0]), row[1])

    def _write(self, collection: str, id_: str, data: Row) -> Document:
        text = document_text(data, f"{collection}/{id_}")
        (number,) = self._connection.execute("UPDATE counter SET version = version + 1 RETURNING version").fetchone()
        version = f"{number:020d}"
        self._connection.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (collection, id_, version, text)
        )
        return Document(id_, json.loads(text), version)

    async def _transact(self, work: Callable[[], T]) -> T:
        return await self._run(lambda: self._in_transaction(work))

    def _in_transaction(self, work: Callable[[], T]) -> T:
        # IMMEDIATE takes the write lock before anything is read: two processes cannot both see the old version.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    async def _run(self, work: Callable[[], T]) -> T:
        with self._mapped_errors():
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The extended code's low byte is the primary one.
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            kind = Transient if code in _TRANSIENT else Permanent
            remedy = "free space on the disk, or point TIPOFF_HOME elsewhere" if code == sqlite3.SQLITE_FULL else ""
            raise kind(f"state store {self._path}: {error}", remedy=remedy) from error
