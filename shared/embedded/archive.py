"""The raw archive of the embedded profile: a folder of files."""

import asyncio
import errno
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from uuid import uuid4

from shared.embedded.packs import Packs, sync_folder
from shared.errors import Permanent, Transient

_OBSTACLES = {
    errno.ENOSPC: "is full",
    errno.EDQUOT: "is full (quota)",
    errno.EACCES: "is not writable",
    errno.EPERM: "is not writable",
    errno.EROFS: "is read-only",
}
_PACKS = ".packs"
_PARTIAL = ".partial"
"""Folder, inside the root, of what is being written. No key can reach it: parts of keys do not start with a dot."""


class FileArchive:
    """Objects as files under `root`, which is made when first needed. Storing a key again replaces it, atomically.

    What `pack` has packed is read as before. A kill while packing loses nothing: the pack is on the disk before the
    files go, and a file is believed before a pack.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packs = Packs(root / _PACKS)

    async def put(self, key: str, data: bytes) -> None:
        """Store durably and atomically.

        Raises:
            Permanent: the key is no relative path, or collides with a folder of other keys.
            Transient: no space or no access; the message says where and what to do.
        """
        await asyncio.to_thread(self._put, self._path(key), data)

    async def get(self, key: str) -> bytes:
        """The object's bytes.

        Raises:
            Permanent: no such object.
            Transient: no access.
        """
        return await asyncio.to_thread(self._get, self._path(key), key)

    async def has(self, key: str) -> bool:
        """Whether there is such an object.

        Raises:
            Transient: no access.
        """
        return await asyncio.to_thread(self._has, self._path(key), key)

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Bytes on the disk of the objects whose keys start with `prefix`, packed ones as packed."""
        return await asyncio.to_thread(self._sizes, prefix)

    async def loose(self, prefix: str) -> dict[str, int]:
        """The same of those that are not packed."""
        return await asyncio.to_thread(self._loose_sizes, prefix)

    async def pack(self, folder: str) -> int:
        """Pack the loose objects below `folder`, which must be written once only; returns how many there were.

        Raises:
            Transient: no space or no access; everything is still there.
        """
        return await asyncio.to_thread(self._pack, folder)

    async def drop(self, keys: Collection[str]) -> None:
        """Remove objects, loose or packed.

        Raises:
            Transient: no space or no access; those that are not removed yet are still there.
        """
        await asyncio.to_thread(self._drop, keys)

    async def sweep(self) -> None:
        """Remove what kills left half written; only for when nothing is being stored."""
        await asyncio.to_thread(shutil.rmtree, self._root / _PARTIAL, ignore_errors=True)

    def _has(self, path: Path, key: str) -> bool:
        try:
            return path.is_file() or self._packs.has(key)
        except OSError as error:
            raise self._failure(error, path) from error

    def _put(self, path: Path, data: bytes) -> None:
        partial = self._root / _PARTIAL / uuid4().hex
        try:
            try:
                partial.parent.mkdir(parents=True, exist_ok=True)
                path.parent.mkdir(parents=True, exist_ok=True)
                with partial.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    partial.replace(path)
                except FileNotFoundError:  # its folder, emptied by packing, went just now
                    path.parent.mkdir(parents=True, exist_ok=True)
                    partial.replace(path)
                sync_folder(path.parent)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error, path) from error

    def _get(self, path: Path, key: str) -> bytes:
        try:
            try:
                return path.read_bytes()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
                packed = self._packs.get(key)
                if packed is None:
                    raise Permanent(f"archive {self._root} has no object {key!r}") from error
                return packed
        except OSError as error:
            raise self._failure(error, path) from error

    def _list(self, prefix: str) -> list[str]:
        # Loose ones first: what is packed between the two is seen twice, not missed.
        loose = [key for key, _ in self._loose(prefix)]
        return sorted({*loose, *self._packs.sizes(prefix)})

    def _sizes(self, prefix: str) -> dict[str, int]:
        loose = self._loose_sizes(prefix)
        return self._packs.sizes(prefix) | loose

    def _loose_sizes(self, prefix: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for key, path in self._loose(prefix):
            with suppress(FileNotFoundError):  # packed or dropped just now
                found[key] = path.stat().st_size
        return found

    def _loose(self, prefix: str) -> Iterator[tuple[str, Path]]:
        folder = PurePosixPath(prefix.rpartition("/")[0])
        if prefix.startswith("/") or ".." in folder.parts:
            raise Permanent(f"archive prefix {prefix!r} leaves the archive")
        for parent, folders, files in os.walk(self._root / folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for path in (Path(parent) / name for name in files):
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    yield key, path

    def _pack(self, folder: str) -> int:
        keys = sorted(key for key, _ in self._loose(f"{folder}/"))
        if not keys:
            return 0
        root = self._path(folder)
        try:
            states = {key: self._path(key).stat() for key in keys}
            objects = ((key, self._path(key).read_bytes()) for key in keys)
            self._packs.add(folder, objects, self._root / _PARTIAL / uuid4().hex)
            for key, state in states.items():
                path = self._path(key)
                if os.path.samestat(state, path.stat()):  # not replaced since
                    path.unlink()
            for parent, _, _ in os.walk(root, topdown=False):
                with suppress(OSError):  # something came in since
                    Path(parent).rmdir()
        except OSError as error:
            raise self._failure(error, root) from error
        return len(keys)

    def _drop(self, keys: Collection[str]) -> None:
        try:
            self._packs.drop(keys, self._root / _PARTIAL / uuid4().hex)
            for key in keys:
                self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error, self._root) from error

    def _path(self, key: str) -> Path:
        # A part that starts with a dot is `.`, `..` or hidden: refusing it keeps every key inside the root.
        if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in key.split("/")):
            raise Permanent(f"archive key {key!r} is not a plain relative path")
        return self._root / key

    def _failure(self, error: OSError, path: Path) -> Transient | Permanent:
        obstacle = _OBSTACLES.get(error.errno) if error.errno is not None else None
        if obstacle is None:
            return Permanent(f"archive {self._root}: cannot use {path.name!r} ({error.strerror})")
        return Transient(
            f"archive {self._root} {obstacle} ({error.strerror})",
            remedy="free space or point TIPOFF_HOME elsewhere"
            if "full" in obstacle
            else "make it writable or point TIPOFF_HOME elsewhere",
        )

    async def list(self, prefix: str) -> list[str]:
        """Keys that start with `prefix`, sorted."""
        return await asyncio.to_thread(self._list, prefix)
