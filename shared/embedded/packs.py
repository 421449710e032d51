"""Packs: objects of an archive that lie together in one zip file for each folder of keys.

The pack of the folder `raw/fetches/espn/2024-03-04` is `raw/fetches/espn/2024-03-04.zip` below the root of the packs.
Its members have the objects' whole keys, so that any unzip brings the files back to where they were.
"""

import os
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from shared.errors import Permanent

_SUFFIX = ".zip"
_OPENED = 512
"""Packs whose list of contents is kept in memory, some 100 bytes for each object."""


class Packs:
    """The packs below `root`. OSErrors are the caller's to name."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, key: str) -> bytes | None:
        """The object's bytes, None if it is in no pack.

        Raises:
            Permanent: its pack is damaged.
        """
        for pack in self._above(key):
            if key in _sizes(pack):
                return _read(pack, key)
        return None

    def has(self, key: str) -> bool:
        """Whether it is in a pack."""
        return any(key in _sizes(pack) for pack in self._above(key))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Key -> bytes that it takes in its pack, of the keys that start with `prefix`."""
        packs = [*self._above(prefix), *self._below(prefix.rpartition("/")[0])]
        return {key: size for pack in packs for key, size in _sizes(pack).items() if key.startswith(prefix)}

    def add(self, folder: str, objects: Iterable[tuple[str, bytes]], partial: Path) -> None:
        """Put objects into a folder's pack, over those of the same keys; the new pack is on the disk when it returns.

        It is written to `partial`, read again, and only then takes the place of the old one.
        """
        new = dict(objects)
        pack = self._root / (folder + _SUFFIX)
        _write(pack, [*((key, data) for key, data in _members(pack) if key not in new), *new.items()], partial)

    def drop(self, keys: Collection[str], partial: Path) -> None:
        """Remove objects; each pack is replaced by one without them, or goes with the last of them."""
        wanted = set(keys)
        for pack in {pack for key in wanted for pack in self._above(key) if key in _sizes(pack)}:
            left = [(key, data) for key, data in _members(pack) if key not in wanted]
            if left:
                _write(pack, left, partial)
            else:
                pack.unlink()

    def _above(self, key: str) -> Iterator[Path]:
        """Packs of the folders that a key or a prefix lies in."""
        if not self._root.is_dir():
            return
        for folder in PurePosixPath(key).parents if not key.endswith("/") else _with_itself(key):
            pack = self._root / f"{folder}{_SUFFIX}"
            if pack.is_file():
                yield pack

    def _below(self, folder: str) -> Iterator[Path]:
        for parent, _, files in os.walk(self._root / folder):
            yield from (Path(parent) / name for name in files if name.endswith(_SUFFIX))


def _with_itself(folder: str) -> Iterator[PurePosixPath]:
    path = PurePosixPath(folder)
    yield path
    yield from path.parents


def _sizes(pack: Path) -> MappingProxyType[str, int]:
    try:
        stat = pack.stat()
    except FileNotFoundError:  # dropped just now
        return MappingProxyType({})
    return _contents(pack, stat.st_ino, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=_OPENED)
def _contents(pack: Path, *_: int) -> MappingProxyType[str, int]:
    """Of a pack in one state of it: it is replaced, never changed."""
    with _open(pack) as file:
        return MappingProxyType({each.filename: each.compress_size for each in file.infolist()})


def _members(pack: Path) -> Iterator[tuple[str, bytes]]:
    for key in _sizes(pack):
        yield key, _read(pack, key)


def _read(pack: Path, key: str) -> bytes:
    try:
        with _open(pack) as file:
            return file.read(key)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise _damaged(pack, error) from error


def _open(pack: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(pack)
    except zipfile.BadZipFile as error:
        raise _damaged(pack, error) from error


def _damaged(pack: Path, error: Exception) -> Permanent:
    return Permanent(f"archive: the pack {pack} is damaged ({error})", remedy="restore it from a backup")


def _write(pack: Path, objects: Iterable[tuple[str, bytes]], partial: Path) -> None:
    partial.parent.mkdir(parents=True, exist_ok=True)
    pack.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
                for key, data in objects:
                    made.writestr(zipfile.ZipInfo(key), data, zipfile.ZIP_DEFLATED)
            file.flush()
            os.fsync(file.fileno())
            with zipfile.ZipFile(file) as written:
                if (broken := written.testzip()) is not None:
                    raise Permanent(f"archive: {broken} could not be packed: the disk gives back other bytes")
        partial.replace(pack)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(pack.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in it durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
