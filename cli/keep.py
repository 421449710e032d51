"""`tipoff backup | restore`: this machine's workspace in one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from cli import common
from cli.common import err, out
from devstack.workspace import Workspace, current
from live import backup as making
from live import restore as restoring
from live.workspace import LIVE, LOCK, SECRETS
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.runtime.clock import WallClock

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--with-secrets", is_flag=True, help="Put the keys in, too: whoever has the file has them.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@common.json_option
def backup(file: Path, *, with_secrets: bool, dry_run: bool, as_json: bool) -> None:
    """Back this machine's workspace up to FILE, a tar, while it runs. A FILE that exists is replaced at the end."""
    workspace = _workspace(common.home())
    if workspace is None:
        workspace = common.workspace_or_fail(common.home())
    size = making.total(workspace.path, secrets=with_secrets)
    if dry_run:
        _say(
            {"would_write": file, "workspace": workspace.path, "bytes": size, "secrets": with_secrets}, as_json=as_json
        )
        return
    manifest = common.settle(_made(workspace, file, size, secrets=with_secrets))
    held = sum(each.size for each in manifest.files)
    said = {"wrote": file, "workspace": workspace.path, "files": len(manifest.files), "bytes": held}
    _say({**said, "secrets": with_secrets}, as_json=as_json)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace a workspace that is not empty.")
@click.option("--dry-run", is_flag=True, help="Only check FILE, and say what it holds.")
@common.json_option
def restore(file: Path, *, force: bool, dry_run: bool, as_json: bool) -> None:
    """Bring the workspace of a backup back to TIPOFF_HOME. Nothing is replaced before all of FILE is checked."""
    home = common.home()
    manifest = restoring.read_manifest(file)
    workspace = Workspace(home, manifest.workspace)
    size = sum(each.size for each in manifest.files)
    said = {
        "workspace": workspace.path,
        "made_at": manifest.made_at,
        "version": manifest.version,
        "files": len(manifest.files),
        "bytes": size,
        "secrets": any(each.name == SECRETS for each in manifest.files),
    }
    if dry_run:
        with _bar("check", size) as advance:
            restoring.check(file, advance)
        _say({"would_restore": file, **said}, as_json=as_json)
        return
    if not force and workspace.path.is_dir() and any(each.name != LOCK for each in workspace.path.iterdir()):
        raise Permanent(f"{workspace.path} is not empty", remedy="--force replaces it; TIPOFF_HOME names another home")
    with workspace.lock(), _bar("restore", size) as advance:
        restoring.restore(file, workspace.path, advance)
    if workspace.name != LIVE:  # which `tipoff up` completes, with other secrets than a simulated world's
        workspace.make()
    _say({"restored": file, **said}, as_json=as_json)


def _workspace(home: Path) -> Workspace | None:
    """The product's where there is one, also without its settings; else the one last worked in."""
    live = Workspace(home, LIVE)
    return live if live.path.is_dir() else current(home)


async def _made(workspace: Workspace, file: Path, size: int, *, secrets: bool) -> making.Manifest:
    """By the process that runs there, or, while none does, by this one."""
    folder, clock = workspace.path, WallClock()
    with _bar("backup", size) as advance:
        write = partial(making.write, folder, file, clock=clock, secrets=secrets, progress=advance)
        if workspace.held:
            return await write(copy=partial(making.ask, folder, clock=clock))
        with workspace.lock():
            warehouse = DuckDBWarehouse(folder / making.WAREHOUSE)
            try:
                return await write(copy=warehouse.copy)
            finally:
                await warehouse.close()


@contextmanager
def _bar(what: str, size: int) -> Iterator[making.Progress]:
    """A bar of bytes, on a terminal only."""
    columns = (TextColumn(what), BarColumn(), DownloadColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield partial(bar.advance, bar.add_task(what, total=size))


def _say(said: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        common.print_json(said)
        return
    width = max(map(len, said))
    for name, value in said.items():
        out.print(f"{name.replace('_', ' '):{width}}  {value}")
