"""The raw archive of the embedded profile: a folder of files."""

import asyncio
import errno
import os
from pathlib import Path, PurePosixPath
from uuid import uuid4

from shared.errors import Permanent, Transient

_OBSTACLES = {
    errno.ENOSPC: "is full",
    errno.EDQUOT: "is full (quota)",
    errno.EACCES: "is not writable",
    errno.EPERM: "is not writable",
    errno.EROFS: "is read-only",
}
_PARTIAL = ".partial"
"""Folder, inside the root, of what is being written. No key can reach it: parts of keys do not start with a dot."""


class FileArchive:
    """Objects as files under `root`, which is made when first needed. Storing a key again replaces it, atomically."""

    def __init__(self, root: Path) -> None:
        self._root = root

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
        return await asyncio.to_thread(self._has, self._path(key))

    def _has(self, path: Path) -> bool:
        try:
            return path.is_file()
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
                partial.replace(path)
                _sync_folder(path.parent)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error, path) from error

    def _get(self, path: Path, key: str) -> bytes:
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise Permanent(f"archive {self._root} has no object {key!r}") from error
        except OSError as error:
            raise self._failure(error, path) from error

    def _list(self, prefix: str) -> list[str]:
        folder = PurePosixPath(prefix.rpartition("/")[0])
        if prefix.startswith("/") or ".." in folder.parts:
            raise Permanent(f"archive prefix {prefix!r} leaves the archive")
        keys: list[str] = []
        for parent, folders, files in os.walk(self._root / folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            keys.extend((Path(parent) / name).relative_to(self._root).as_posix() for name in files)
        return sorted(key for key in keys if key.startswith(prefix))

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


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
