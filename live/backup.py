"""Backups of one machine's workspace, made while its process runs.

DuckDB's file admits one process: the one that runs copies it, when a file in the workspace asks for it. First the state
store, then the warehouse, then the archive: each knows at least what the one before speaks of. What the state does not
know yet is done again and changes nothing; the other way round it would speak of rows that are not there.
"""

import asyncio
import fcntl
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from live.workspace import SECRETS, SETTINGS
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent, TipoffError, Transient
from shared.ports import Clock
from shared.runtime.logs import get_logger

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
STATE, WAREHOUSE, ARCHIVE = "state.sqlite", "warehouse.duckdb", "archive"
_SMALL = ("version", "session.json")
_ROOM = ".backup"
"""Folder, in the workspace, of backups that are being made; one for each, by a name of its own."""
_WANTED, _PARTIAL, _FAILED = "wanted", "partial", "failed"
_LOOK, _TAKEN = 1.0, 30.0
"""Seconds between two looks, and until the running process must have taken up what it was asked for."""
_log = get_logger("backup")

Progress = Callable[[int], None]
"""Is told of bytes that have been written."""
Copy = Callable[[Path], Awaitable[None]]
"""Copies the warehouse to a file."""


class File(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True)
    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself; its last file, so that one that was cut off has none."""

    model_config = ConfigDict(frozen=True)
    format: int = FORMAT
    version: str
    """Of the product."""
    workspace: str
    made_at: datetime
    files: tuple[File, ...]


async def answer(folder: Path, warehouse: DuckDBWarehouse, clock: Clock) -> None:
    """For ever: copy the warehouse whenever `ask` has been called for this workspace, in whatever process."""
    while True:
        for room in _asked(folder):
            try:
                await warehouse.copy(room / _PARTIAL)
                (room / _PARTIAL).replace(room / WAREHOUSE)
            except (TipoffError, OSError) as failure:
                _log.warning("warehouse_not_copied", reason=str(failure))
                with suppress(OSError):  # nobody waits for it any more
                    (room / _FAILED).write_text(str(failure))
            else:
                _log.info("warehouse_copied", room=room.name)
        await clock.sleep(_LOOK)


async def ask(folder: Path, to: Path, clock: Clock) -> None:
    """Have the process that runs in `folder` copy its warehouse to `to`, in this workspace's room for backups.

    Raises:
        Transient: it does not take it up, or could not do it.
    """
    room, deadline = to.parent, clock.monotonic() + _TAKEN
    (room / _WANTED).touch()
    while not _done(room):
        if (room / _WANTED).exists() and clock.monotonic() > deadline:
            raise Transient(
                f"the process that runs in {folder} does not make backups",
                remedy="stop it first, or start it anew with this version",
            )
        await clock.sleep(_LOOK / 10)


def _asked(folder: Path) -> list[Path]:
    """Rooms in which the warehouse is wanted, and will be asked for no more."""
    rooms = [wanted.parent for wanted in folder.glob(f"{_ROOM}/*/{_WANTED}")]
    for room in rooms:
        (room / _WANTED).unlink(missing_ok=True)
    return rooms


def _done(room: Path) -> bool:
    if (room / _FAILED).exists():
        raise Transient((room / _FAILED).read_text())
    return (room / WAREHOUSE).exists()


async def write(
    folder: Path, to: Path, copy: Copy, clock: Clock, *, secrets: bool = False, progress: Progress = lambda _: None
) -> Manifest:
    """Back the workspace `folder` up to the tar file `to`, with its secrets only if asked for.

    Raises:
        Permanent: `to` lies in the workspace, or another backup of it is being made.
        Transient: no space or no access.
    """
    _refuse_inside(folder, to)
    partial = to.with_name(to.name + ".partial")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with _room(folder) as room:
            await asyncio.to_thread(_copy_state, folder / STATE, room / STATE)
            await copy(room / WAREHOUSE)
            paths = _paths(folder, room, secrets=secrets)
            files = await asyncio.to_thread(_pack, partial, paths, progress)
            manifest = Manifest(version=version("tipoff"), workspace=folder.name, made_at=clock.now(), files=files)
            await asyncio.to_thread(_finish, partial, manifest)
        partial.replace(to)
    except OSError as error:
        raise Transient(
            f"cannot back {folder} up to {to}: {error.strerror}", remedy="free space, or name a file elsewhere"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return manifest


def total(folder: Path, *, secrets: bool = False) -> int:
    """Bytes that a backup of a workspace would hold, about."""
    room = folder / _ROOM / "none"
    sizes = [path.stat().st_size for _, path in _paths(folder, room, secrets=secrets) if path.is_file()]
    return sum(sizes) + sum((folder / name).stat().st_size for name in (STATE, WAREHOUSE) if (folder / name).is_file())


def _refuse_inside(folder: Path, to: Path) -> None:
    if to.resolve().is_relative_to(folder.resolve()):
        raise Permanent(f"{to} lies in the workspace that it is to hold", remedy="name a file elsewhere")


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder for one backup; those that kills left behind are cleared away."""
    rooms = folder / _ROOM
    rooms.mkdir(exist_ok=True)
    with (rooms / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Permanent(f"another backup of {folder} is being made", remedy="wait for it") from error
        for left in rooms.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        room = rooms / uuid4().hex
        room.mkdir()
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


def _copy_state(source: Path, to: Path) -> None:
    """One snapshot, while others write."""
    try:
        reading = sqlite3.connect(source.resolve().as_uri() + "?mode=ro", uri=True)
        with closing(reading) as state, closing(sqlite3.connect(to)) as copy:
            state.backup(copy)
    except sqlite3.Error as error:
        raise Transient(f"cannot copy the state store {source}: {error}") from error


def _paths(folder: Path, room: Path, *, secrets: bool) -> Iterator[tuple[str, Path]]:
    """(name in the backup, file) of everything, the archive last.

    Loose objects before packs: one that is packed meanwhile is in its pack by then.
    """
    yield STATE, room / STATE
    yield WAREHOUSE, room / WAREHOUSE
    for name in (*_SMALL, *((SECRETS,) if secrets else ())):
        yield name, folder / name
    yield SETTINGS, folder.parent / SETTINGS
    root = folder / ARCHIVE
    for start in (root, root / ".packs"):
        for parent, folders, files in os.walk(start):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(parent) / name
                yield f"{ARCHIVE}/{path.relative_to(root).as_posix()}", path


class _Hashing(io.RawIOBase):
    """Reads a file, and knows the digest of what was read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self.digest.update(data)
        self._progress(len(data))
        return data


def _pack(to: Path, paths: Iterator[tuple[str, Path]], progress: Progress) -> tuple[File, ...]:
    files = []
    to.touch(mode=0o600)
    with tarfile.open(to, "w") as tar:
        for name, path in paths:
            try:
                file = path.open("rb")
            except FileNotFoundError:  # a part that this workspace lacks, or packed or dropped just now
                continue
            with file:
                info = tar.gettarinfo(arcname=name, fileobj=file)
                read = _Hashing(file, progress)
                tar.addfile(info, read)
                files.append(File(name=name, size=info.size, sha256=read.digest.hexdigest()))
    return tuple(files)


def _finish(to: Path, manifest: Manifest) -> None:
    """The manifest, and everything on the disk."""
    text = manifest.model_dump_json(indent=1).encode()
    with tarfile.open(to, "a") as tar:
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode, info.mtime = len(text), 0o600, int(manifest.made_at.timestamp())
        tar.addfile(info, io.BytesIO(text))
    with to.open("rb+") as file:
        os.fsync(file.fileno())
