"""A workspace: the folder that holds one world's warehouse, state, archive and secrets, for one process at a time."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from dotenv import dotenv_values

from shared.errors import Permanent, Transient
from shared.registries.keys import SCHEDULES, Role, made
from shared.registries.secrets import FIRST_KEYS, variable

LIVE: Final = "live"
"""The product's own; every other one is a simulated world's."""
SETTINGS: Final = "tipoff.toml"
"""The product's settings, in TIPOFF_HOME: where they are, commands speak of the product."""
LOCK: Final = "lock"
SECRETS: Final = "secrets.env"
SECRETS_FILE: Final = f"{LIVE}/{SECRETS}"
"""The product's, as its owner is told of it."""
READERS: Final = 10.0
"""Seconds that whoever wants the workspace waits for those who read it: each reads for a second or two."""
_API_KEY: Final = "TIPOFF_API_KEY"
_SCHEDULES_KEY: Final = "TIPOFF_SCHEDULES_KEY"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder under TIPOFF_HOME."""

    home: Path
    name: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.home / self.name

    @property
    def secrets_file(self) -> Path:
        """The local profile's secrets."""
        return self.path / SECRETS

    def make(self) -> None:
        """Create the folder, and its secrets unless it has some.

        Raises:
            Transient: the folder cannot be written.
        """
        if not self.secrets_file.exists():
            self.write_secrets({})

    def write_secrets(self, given: Mapping[str, str]) -> None:
        """Write secrets by name into the file, beside those it has and API keys that nobody else knows.

        Raises:
            Transient: the folder cannot be written.
        """
        known = _read(self.secrets_file)
        if not {_API_KEY, _SCHEDULES_KEY} <= known.keys():
            kept = []
            for key, name, role in ((_API_KEY, "local", Role.ADMIN), (_SCHEDULES_KEY, SCHEDULES, Role.OPERATOR)):
                stored, known[key] = made(name, role)
                kept.append(stored)
            known[variable(FIRST_KEYS)] = json.dumps(kept)
        known |= {variable(name): value for name, value in given.items()}
        text = "".join(f"{name}={_quoted(value)}\n" for name, value in known.items())
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(self.secrets_file, text, mode=0o600)
        except OSError as error:
            raise self.unwritable(error) from error

    @property
    def api_key(self) -> str:
        """The key that this workspace's coordinator accepts of whoever owns it."""
        return self._key(_API_KEY)

    @property
    def schedules_key(self) -> str:
        """The key by which the coordinator knows this machine's schedules."""
        return self._key(_SCHEDULES_KEY)

    def _key(self, wanted: str) -> str:
        known = _read(self.secrets_file)
        if wanted not in known:
            raise Permanent(f"{self.secrets_file} has no {wanted}", remedy="delete the file: it is remade")
        return known[wanted]

    @property
    def holder(self) -> int | None:
        """The id of the process that holds it, if one does."""
        if not self.held:
            return None
        pid = (self.path / LOCK).read_text().strip()
        return int(pid) if pid.isdigit() else None

    @property
    def held(self) -> bool:
        """Whether a process holds it for itself; readers do not."""
        try:
            with (self.path / LOCK).open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as one more reader
        except (FileNotFoundError, NotADirectoryError):
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace for this process; readers are waited for.

        Raises:
            Permanent: another process has it.
            Transient: the folder cannot be written.
        """
        with self._open() as file:
            if not _taken(file, fcntl.LOCK_EX, READERS):
                raise self.in_use(_noted(file))
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep writers out while this process reads; others may read as well.

        Raises:
            Permanent: a process has it.
            Transient: the folder cannot be written.
        """
        with self._open() as file:
            if not _taken(file, fcntl.LOCK_SH, 0.0):
                raise self.in_use(_noted(file))
            yield

    def _open(self) -> IO[str]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return (self.path / LOCK).open("a+")
        except OSError as error:
            raise self.unwritable(error) from error

    def in_use(self, pid: object) -> Permanent:
        """What it is that a process has it."""
        down = "tipoff down" if self.name == LIVE else "tipoff dev down"
        return Permanent(
            f"workspace {self.path} is in use by process {pid}",
            remedy=f"wait for it, `{down}`, or set TIPOFF_HOME to another folder",
        )

    def unwritable(self, error: OSError) -> Transient:
        """What it is that the folder cannot be written."""
        return Transient(
            f"cannot write {self.path}: {error.strerror}", remedy="free space, or point TIPOFF_HOME elsewhere"
        )


def _taken(file: IO[str], kind: int, patience: float) -> bool:
    """Whether the lock could be had; of those who only read, that they end is waited for, so many seconds at most."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline or not _only_read(file):
                return False
            time.sleep(0.02)
        else:
            return True


def _noted(file: IO[str]) -> str:
    """The id of the process that took the lock last."""
    file.seek(0)
    return file.read().strip()


def _only_read(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def write_atomically(path: Path, text: str, *, mode: int = 0o666) -> None:
    """A crash leaves the old file or the new one."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    temporary.touch(mode)
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read(file: Path) -> dict[str, str]:
    return {name: value for name, value in dotenv_values(file, interpolate=False).items() if value is not None}


def _quoted(value: str) -> str:
    """As dotenv reads it back."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
