"""Whether the product runs in a home, and where. Every command asks that first, so it loads little."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from client.api import Endpoint
from live.workspace import LIVE, SETTINGS, Workspace

RECORD: Final = "running.json"
"""In the workspace: where the process is that runs there."""
LOG: Final = "up.log"
"""In the workspace: what a process in the background logs."""


@dataclass(frozen=True, slots=True)
class Up:
    """Where the running product is."""

    pid: int
    url: str
    """The coordinator's base URL."""
    urls: dict[str, str]
    """Service name -> base URL."""
    notes: list[str] = field(default_factory=list)
    """What its owner should know: what he has given no key for."""


def workspace_of(home: Path) -> Workspace:
    """The product's own workspace."""
    return Workspace(home, LIVE)


def found(home: Path) -> Up | None:
    """What runs in `home`: the process that holds its workspace, and not one that was killed and left its record."""
    workspace = workspace_of(home)
    try:
        up = Up(**json.loads((workspace.path / RECORD).read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return up if workspace.holder == up.pid else None


def speaks_for(home: Path) -> bool:
    """Whether a home is the product's: `tipoff init` was there."""
    return (home / SETTINGS).is_file()


def endpoint(home: Path, up: Up) -> Endpoint:
    """Its coordinator, for whoever owns the workspace."""
    return Endpoint(up.url, workspace_of(home).api_key, remedy="`tipoff status` shows what runs")
