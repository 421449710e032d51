"""`tipoff doctor`: what is installed, configured, reachable."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import click
from rich.table import Table

from cli import common
from cli.common import out
from devstack import daemon
from live import config
from live import daemon as product
from services.worker.domain.trees import lightgbm
from shared.errors import TipoffError
from shared.runtime.settings import CommonSettings, load

LEAST_FREE_GB = 1.0
_PRODUCT, _STACK = "tipoff", "local stack"
"""Checks of which a home needs one: it is the product's, or the simulated worlds'."""


@click.command()
@click.option("--live", is_flag=True, help="Ask each real upstream one harmless question instead; spends no credits.")
@common.json_option
def doctor(*, live: bool, as_json: bool) -> None:
    """Check this machine and this checkout; exit code 1 if something needed is missing, 3 if something optional is."""
    if live:
        from cli import upstreams  # noqa: PLC0415 - the services' code

        raise click.exceptions.Exit(upstreams.ask(as_json=as_json))
    other = _STACK if product.speaks_for(common.home()) else _PRODUCT
    found = [_checked(name, needed, check) for name, needed, check in CHECKS if name != other]
    if as_json:
        common.print_json(found)
    else:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for row in found:
            mark = "[green]ok[/]" if row["ok"] else "[red]missing[/]" if row["needed"] else "[yellow]absent[/]"
            table.add_row(mark, str(row["check"]), str(row["detail"]))
        out.print(table)
    broken = [row for row in found if not row["ok"]]
    raise click.exceptions.Exit(1 if any(row["needed"] for row in broken) else 3 if broken else 0)


def _checked(name: str, needed: bool, check: Callable[[], str]) -> dict[str, object]:  # noqa: FBT001 - from the table below
    try:
        return {"check": name, "ok": True, "needed": needed, "detail": check()}
    except (TipoffError, OSError, subprocess.SubprocessError, metadata.PackageNotFoundError) as error:
        return {"check": name, "ok": False, "needed": needed, "detail": str(error)}


def _python() -> str:
    return f"{platform.python_version()} at {sys.executable}"


def _packages() -> str:
    names = ("aiohttp", "duckdb", "sqlglot", "pydantic", "numpy", "scipy", "pyarrow")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def _lightgbm() -> str:
    lightgbm()
    return f"{metadata.version('lightgbm')} loads: the learned systems can train and predict"


def _settings() -> str:
    if product.speaks_for(common.home()):
        config.read(common.home())  # a mistake in it is what there is to say
    return ", ".join(f"{name}={value}" for name, value in load(CommonSettings).masked().items())


def _home() -> str:
    base = common.home()
    there = next(folder for folder in (base.absolute(), *base.absolute().parents) if folder.exists())
    with tempfile.TemporaryFile(dir=there):  # it can be written; a home that is not there yet can be made
        free = shutil.disk_usage(there).free / 1e9
    if free < LEAST_FREE_GB:
        raise OSError(f"{base.resolve()} has {free:.1f} GB free: free some, or point TIPOFF_HOME elsewhere")
    return f"{base.resolve()}, {free:.0f} GB free"


def _workspace() -> str:
    there = common.workspace(common.home())
    if there is None:
        raise OSError("none yet: `tipoff demo` makes one, `tipoff init` the product's")
    return str(there.path)


def _product() -> str:
    up = product.found(common.home())
    if up is None:
        raise OSError("not running: `tipoff up --detach` starts it")
    return f"process {up.pid}, {up.url}"


def _stack() -> str:
    stack = daemon.running_stack(common.home())
    if stack is None:
        raise OSError("not running: `tipoff dev up` starts it")
    return f"process {stack.pid}, {stack.url}"


def _coordinator() -> str:
    endpoint = common.remote()
    if endpoint is None:
        return "this machine's: no TIPOFF_URL, no context in use"
    common.ask(lambda client: client.get(""))
    return f"{endpoint.url} answers"


def _real_data() -> str:
    folder = Path(os.environ.get("TIPOFF_SHARED", "../shared"))
    if not (folder / "data").is_dir():
        raise OSError(f"{folder} not found: set TIPOFF_SHARED; without it the generated league is used")
    return str(folder.resolve())


def _revision() -> str:
    git = shutil.which("git")
    if git is None:
        raise OSError("git is not installed")
    done = subprocess.run(  # noqa: S603 - git, found on PATH
        [git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, timeout=10, check=False
    )
    if done.returncode != 0:
        raise OSError("this folder is no git checkout")
    deployed = load(CommonSettings).revision
    note = "" if deployed in ("dev", done.stdout.strip()) else f", but TIPOFF_REVISION says {deployed}"
    return done.stdout.strip() + note


def _gcloud() -> str:
    found = shutil.which("gcloud")
    if found is None:
        raise OSError("not installed: only deployments and the cloud's emulators need it")
    return found


CHECKS: tuple[tuple[str, bool, Callable[[], str]], ...] = (
    ("python", True, _python),
    ("packages", True, _packages),
    ("lightgbm", False, _lightgbm),
    ("settings", True, _settings),
    ("home", True, _home),
    ("workspace", False, _workspace),
    (_PRODUCT, False, _product),
    (_STACK, False, _stack),
    ("coordinator", False, _coordinator),
    ("real data", False, _real_data),
    ("revision", False, _revision),
    ("gcloud", False, _gcloud),
)
