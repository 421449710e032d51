"""`tipoff up`, `down`, `install`: the product on this machine."""

import getpass
import sys
from pathlib import Path

import click

from cli import common
from cli.common import out
from live import config, daemon
from live.unit import place, unit
from live.workspace import write_atomically


@click.command()
@click.option("--detach", is_flag=True, help="In the background; returns once it answers.")
@click.option("--host", help="Address of the coordinator's API; default: the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), help="Its port; default: the settings'. 0 picks a free one.")
@click.option("--trust-clock", is_flag=True, help="This machine's clock is right now, and was wrong before.")
@click.option("--dry-run", is_flag=True, help="Only say what would be started.")
def up(*, detach: bool, host: str | None, port: int | None, trust_clock: bool, dry_run: bool) -> None:
    """Run Tipoff on this machine: tonight's slate from the real upstreams, on schedule, until it is stopped."""
    home = common.home().resolve()
    config.read(home)  # a broken one is refused here, in one line
    daemon.refuse_second(home)
    if dry_run:
        out.print(f"would run from {daemon.workspace_of(home).path}", soft_wrap=True, markup=False)
        return
    if not detach:
        daemon.run(home, host=host, port=port, trust_clock=trust_clock, ready=_say)
        return
    flags = ["--host", host] if host is not None else []
    flags += ["--port", str(port)] if port is not None else []
    _say(daemon.start(home, [*flags, *(["--trust-clock"] if trust_clock else [])]))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be stopped.")
def down(*, dry_run: bool) -> None:
    """Stop it. What is under way goes on where it stood when it is started again."""
    home = common.home()
    if dry_run:
        running = daemon.found(home)
        out.print("nothing is running" if running is None else f"would stop process {running.pid}")
        return
    pid = daemon.stop(home)
    out.print("nothing was running" if pid is None else f"stopped (process {pid})")


@click.command()
@click.option("--system", is_flag=True, help="A unit of the whole system, in place of the user's own; needs root.")
@click.option("--user", help="Whom the system's unit runs as; default: whoever asks.")
@click.option("--dry-run", is_flag=True, help="Only print the unit.")
def install(*, system: bool, user: str | None, dry_run: bool) -> None:
    """Write a systemd unit that keeps Tipoff up, also after a crash or a restart of the machine."""
    home = common.home().resolve()
    config.read(home)
    if user is not None and not system:
        raise click.UsageError("--user goes with --system")
    owner = (user if user is not None else getpass.getuser()) if system else None
    script = Path(sys.executable).with_name("tipoff")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "cli.main"]
    text, file = unit(home, [*command, "up"], owner), place(system=system)
    if dry_run:
        click.echo(text, nl=False)
        return
    with common.writing(file, "place, or install without --system"):
        write_atomically(file, text)
    control = "systemctl" if system else "systemctl --user"
    out.print(f"unit in {file}", soft_wrap=True, markup=False)
    out.print(f"Next: `{control} daemon-reload && {control} enable --now tipoff`")
    if not system:
        out.print(f"So that it runs while nobody is logged in: `loginctl enable-linger {getpass.getuser()}`")


def _say(up: daemon.Up) -> None:
    out.print(f"up (process {up.pid}), {up.url}; `tipoff status` shows tonight, `tipoff down` stops it", soft_wrap=True)
    for note in up.notes:
        out.print(note, soft_wrap=True, markup=False)
