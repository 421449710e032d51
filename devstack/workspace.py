"""A simulated world's workspace: beside what every workspace has, where its clock stands and what was being done.

`.tipoff/current` names the workspace that commands speak of when they name none.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from live.workspace import LOCK
from live.workspace import Workspace as Folder
from live.workspace import write_atomically as write_atomically  # noqa: PLC0414 - for those who write beside it
from shared.errors import Permanent
from shared.registries.secrets import BALLDONTLIE_API_KEY, ODDS_API_KEY

_SECRETS = dict.fromkeys((ODDS_API_KEY, BALLDONTLIE_API_KEY), "local-upstream")
"""Our upstream takes any."""


@dataclass(frozen=True, slots=True)
class Workspace(Folder):
    """A folder under TIPOFF_HOME."""

    def make(self) -> None:
        """Create the folder and its secrets, and make it the current one.

        Raises:
            Transient: the folder cannot be written.
        """
        if not self.secrets_file.exists():
            self.write_secrets(_SECRETS)
        try:
            write_atomically(self.home / "current", self.name)
        except OSError as error:
            raise self.unwritable(error) from error

    def wipe(self) -> None:
        """Remove everything in it but the lock: a second process could hold one made anew."""
        for each in self.path.iterdir():
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != LOCK:
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


def current(home: Path) -> Workspace | None:
    """The workspace last worked in, if there is one."""
    try:
        name = (home / "current").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    workspace = Workspace(home, name)
    return workspace if workspace.secrets_file.is_file() else None
