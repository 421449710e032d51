"""A workspace: the folder that holds one local world - its warehouse, state, archive, and where its clock stands.

`.tipoff/current` names the workspace that commands speak of when they name none.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.errors import Permanent, Transient
from shared.registries.keys import Role, made

_API_KEY = "TIPOFF_API_KEY"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder under TIPOFF_HOME."""

    home: Path
    name: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.home / self.name

    def make(self) -> None:
        """Create the folder and its secrets (an API key nobody else knows), and make it the current one.

        Raises:
            Transient: the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not self.secrets_file.exists():
                kept, key = made("local", Role.ADMIN)
                lines = (
                    f"TIPOFF_SECRET_FIRST_KEYS='{json.dumps([kept])}'",
                    f"{_API_KEY}={key}",
                    "TIPOFF_SECRET_ODDS_API_KEY=local-upstream",
                    "TIPOFF_SECRET_BALLDONTLIE_API_KEY=local-upstream",
                )
                write_atomically(self.secrets_file, "\n".join(lines) + "\n", mode=0o600)
            write_atomically(self.home / "current", self.name)
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def secrets_file(self) -> Path:
        """The local profile's secrets."""
        return self.path / "secrets.env"

    @property
    def api_key(self) -> str:
        """The key that this workspace's coordinator accepts."""
        for line in self.secrets_file.read_text().splitlines():
            name, _, value = line.partition("=")
            if name == _API_KEY:
                return value
        raise Permanent(f"{self.secrets_file} has no {_API_KEY}", remedy="delete the file: it is remade")

    def wipe(self) -> None:
        """Remove everything in it but the lock: a second process could hold one made anew."""
        for each in self.path.iterdir():
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != _LOCK:
                each.unlink()

    def read_session(self) -> dict[str, Any]:
        """What was being done here; empty if nothing was."""
        try:
            session: dict[str, Any] = json.loads((self.path / "session.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except ValueError as error:
            raise Permanent(
                f"{self.path}/session.json is broken", remedy=f"delete {self.path} and start over"
            ) from error
        return session

    def write_session(self, session: dict[str, Any]) -> None:
        """Record what is being done, so that the same command goes on after a crash."""
        write_atomically(self.path / "session.json", json.dumps(session, indent=1, default=str))

    def clock(self) -> datetime | None:
        """Where the virtual clock stood."""
        stood = self.read_session().get("clock")
        return None if stood is None else datetime.fromisoformat(stood)

    @property
    def held(self) -> bool:
        """Whether a process holds it."""
        try:
            with (self.path / _LOCK).open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace for this process.

        Raises:
            Permanent: another process has it.
            Transient: the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / _LOCK).open("a+")
        except OSError as error:
            raise self._unwritable(error) from error
        with lock as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise Permanent(
                    f"workspace {self.path} is in use by process {file.read().strip()}",
                    remedy="wait for it, `tipoff dev down`, or set TIPOFF_HOME to another folder",
                ) from error
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _unwritable(self, error: OSError) -> Transient:
        return Transient(
            f"cannot write {self.path}: {error.strerror}", remedy="free space, or point TIPOFF_HOME elsewhere"
        )


def current(home: Path) -> Workspace | None:
    """The workspace last worked in, if there is one."""
    try:
        name = (home / "current").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    workspace = Workspace(home, name)
    return workspace if workspace.secrets_file.is_file() else None


def write_atomically(path: Path, text: str, *, mode: int = 0o666) -> None:
    """A crash leaves the old file or the new one."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    temporary.touch(mode)
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
