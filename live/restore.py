"""A backup brought back: checked whole before anything is replaced."""

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pydantic import ValidationError

from live.backup import FORMAT, MANIFEST, File, Manifest, Progress
from live.workspace import SECRETS, SETTINGS
from shared.errors import Permanent, Transient

_CHUNK = 1 << 20


def read_manifest(backup: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        Permanent: it is no backup, was cut off, or is of a newer version than this one.
    """
    with _opened(backup) as tar:
        return _manifest(tar, backup)


def check(backup: Path, progress: Progress = lambda _: None) -> Manifest:
    """Read all of it, and hold every file against its digest.

    Raises:
        Permanent: as `read_manifest`, and for a file that is damaged or missing.
    """
    with _opened(backup) as tar:
        manifest = _manifest(tar, backup)
        for file in manifest.files:
            for data in _contents(tar, file, backup):
                progress(len(data))
    return manifest


def restore(backup: Path, folder: Path, progress: Progress = lambda _: None) -> Manifest:
    """Put a backup in the place of the workspace `folder`, which nobody may hold meanwhile.

    Everything is written beside it and checked before it takes its place: whatever fails, the workspace is as it was. A
    backup without secrets leaves those that are there, and so does its configuration.

    Raises:
        Permanent: as `check`.
        Transient: no space or no access.
    """
    beside = folder.parent / f".restoring-{uuid4().hex[:8]}"
    try:
        with _opened(backup) as tar:
            manifest = _manifest(tar, backup)
            wanted = sum(file.size for file in manifest.files)
            folder.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder.parent).free
            if free < wanted:
                raise Transient(
                    f"{backup} takes {wanted / 1e9:.1f} GB, and {folder.parent} has {free / 1e9:.1f} GB free",
                    remedy="free space, or point TIPOFF_HOME elsewhere",
                )
            for file in manifest.files:
                _write(beside / file.name, _contents(tar, file, backup), progress)
        _take_place(beside, folder)
    except OSError as error:
        raise Transient(
            f"cannot restore into {folder}: {error.strerror}", remedy="free space, or point TIPOFF_HOME elsewhere"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


@contextmanager
def _opened(backup: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(backup, "r:") as tar:
            yield tar
    except FileNotFoundError as error:
        raise Permanent(f"there is no file {backup}") from error
    except tarfile.TarError as error:
        raise Permanent(f"{backup} is no backup, or was cut off ({error})") from error


def _manifest(tar: tarfile.TarFile, backup: Path) -> Manifest:
    try:
        file = tar.extractfile(MANIFEST)
        text = b"" if file is None else file.read()
        manifest = Manifest.model_validate_json(text)
    except (KeyError, ValidationError) as error:
        raise Permanent(f"{backup} is no backup, or was cut off: it has no manifest") from error
    if manifest.format > FORMAT or _numbers(manifest.version) > _numbers(version("tipoff")):
        raise Permanent(
            f"{backup} was made by version {manifest.version}, and this is {version('tipoff')}",
            remedy="install that version or a later one",
        )
    for each in manifest.files:
        if PurePosixPath(each.name).is_absolute() or ".." in PurePosixPath(each.name).parts:
            raise Permanent(f"{backup} names the file {each.name!r}, which lies elsewhere")
    return manifest


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _contents(tar: tarfile.TarFile, wanted: File, backup: Path) -> Iterator[bytes]:
    """The bytes of a file; raises `Permanent` at their end if they are not those that were backed up."""
    digest, size = hashlib.sha256(), 0
    try:
        file = tar.extractfile(wanted.name)
    except KeyError:
        file = None
    while file is not None and (data := file.read(_CHUNK)):
        digest.update(data)
        size += len(data)
        yield data
    if (size, digest.hexdigest()) != (wanted.size, wanted.sha256):
        raise Permanent(f"{backup} is damaged: {wanted.name} is not what was backed up", remedy="use another backup")


def _write(path: Path, contents: Iterator[bytes], progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600 if path.name == SECRETS else 0o666)
    with path.open("wb") as file:
        for data in contents:
            file.write(data)
            progress(len(data))
        file.flush()
        os.fsync(file.fileno())


def _take_place(beside: Path, folder: Path) -> None:
    config = beside / SETTINGS
    if config.exists():
        if not (folder.parent / SETTINGS).exists():
            config.replace(folder.parent / SETTINGS)
        config.unlink(missing_ok=True)
    if not (beside / SECRETS).exists() and (folder / SECRETS).exists():
        shutil.copy2(folder / SECRETS, beside / SECRETS)
    replaced = folder.with_name(f".replaced-{uuid4().hex[:8]}")
    if folder.exists():
        folder.replace(replaced)
    beside.replace(folder)
    shutil.rmtree(replaced, ignore_errors=True)
