"""The systemd unit that keeps the product up on a machine. It may write its own folder, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

_UNIT = """\
[Unit]
Description=Tipoff: NBA player-prop predictions, ready before tip-off
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=exec
ExecStart={command}
WorkingDirectory={folder}
Environment={variable}
{user}Restart=always
RestartSec=10
TimeoutStopSec=90
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={home}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
{system}
[Install]
WantedBy={target}
"""
_SYSTEM = """\
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
PrivateDevices=yes
CapabilityBoundingSet=
"""
"""What a user's own service manager may not do."""


def unit(home: Path, command: Sequence[str], user: str | None) -> str:
    """The unit's text: it runs `command`, as `user` if it is the system's, None: a user's own."""
    return _UNIT.format(
        command=" ".join(_quoted(word).replace("$", "$$") for word in command),
        home=_quoted(str(home)),
        folder=_plain(str(home)),  # which knows no quotes
        variable=_quoted(f"TIPOFF_HOME={home}"),
        user="" if user is None else f"User={user}\n",
        system="" if user is None else _SYSTEM,
        target="default.target" if user is None else "multi-user.target",
    )


def place(*, system: bool) -> Path:
    """Where systemd looks for it."""
    folder = Path("/etc/systemd/system") if system else Path.home() / ".config" / "systemd" / "user"
    return folder / "tipoff.service"


def _quoted(word: str) -> str:
    """As systemd reads a word: spaces mean something to it."""
    plain = _plain(word)
    return f'"{plain}"' if any(character.isspace() for character in plain) else plain


def _plain(text: str) -> str:
    """`%` means something to systemd everywhere."""
    return text.replace("%", "%%")
