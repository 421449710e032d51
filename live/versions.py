"""The version of a workspace: a newer one is refused, an older one is upgraded where it stands.

The warehouse's tables have their own way (`shared/embedded/schema.py`): what is missing is added when they are opened.
"""

from collections.abc import Callable, Mapping
from typing import Final

from live.workspace import Workspace, write_atomically
from shared.errors import Permanent

_FILE: Final = "version"
VERSION: Final = 1
Upgrade = Callable[[Workspace], None]
UPGRADES: Final[Mapping[int, Upgrade]] = {}
"""From version n to n + 1. Each may be run again after a crash in its middle."""


def upgrade(workspace: Workspace, upgrades: Mapping[int, Upgrade] = UPGRADES, to: int = VERSION) -> list[int]:
    """Bring a workspace that this process holds to a version; returns those that it was brought to.

    Raises:
        Permanent: it is of a newer version, or its stamp cannot be read.
    """
    file = workspace.path / _FILE
    text = file.read_text().strip() if file.exists() else str(min(upgrades, default=to))
    if not text.isascii() or not text.isdigit():
        raise Permanent(f"{file} holds no version: {text!r}", remedy="restore it from a backup")
    stamp = int(text)
    if stamp > to:
        raise Permanent(
            f"workspace {workspace.path} is of version {stamp}, this program knows {to}",
            remedy="update Tipoff, or restore a backup made with this version",
        )
    steps = list(range(stamp, to))
    for step in steps:
        upgrades[step](workspace)
        write_atomically(file, f"{step + 1}\n")
    if not file.exists():
        write_atomically(file, f"{to}\n")
    return [step + 1 for step in steps]
