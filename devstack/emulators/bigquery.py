"""Launcher for bqemulator (PyPI): BigQuery's REST interface on DuckDB, good enough for the real client.

It lives in a virtual environment of its own, because it installs a pytest plugin that breaks this one's tests and wants
another DuckDB. The environment is made once, from the hashed lock beside this file (about 45 s and 500 MB), in
`$TIPOFF_CACHE`, else `$XDG_CACHE_HOME/tipoff`, else `~/.cache/tipoff`. State is in memory, and gone with the process.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

from devstack.emulators import launch
from shared.errors import Permanent

INSTALL_TIMEOUT = 600.0
_LOCK = Path(__file__).with_name("requirements-bqemulator.txt")
_START = Path(__file__).with_name("bqemulator_start.py")


def cache_folder() -> Path:
    """Where environments for emulators are kept."""
    given = os.environ.get("TIPOFF_CACHE")
    if given is not None:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tipoff"


def environment() -> Path:
    """The Python of bqemulator's own environment, made at the first call; several callers at once make it once.

    Raises:
        Permanent: it cannot be made; the message has pip's reason.
    """
    name = f"bqemulator-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"
    home = cache_folder() / name
    python, ready = home / "bin" / "python", home / ".ready"
    if ready.exists():
        return python
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with home.with_suffix(".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not ready.exists():
                _install(home, python)
                ready.touch()
    except OSError as error:
        raise Permanent(
            f"cannot make the environment of bqemulator in {home}: {error.strerror}",
            remedy="name a writable folder in TIPOFF_CACHE",
        ) from error
    return python


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Run bqemulator on the loopback address; yields its base URL. Blocks while it starts (1.5 s) or is installed.

    Raises:
        Permanent: it cannot be installed, its port is taken, or it ended at once (with its last line).
        Transient: it did not answer in time.
    """
    python = environment()
    chosen = launch.free_port("bqemulator", port)
    # Isolated: this folder has a google.py, which must not be taken for the package.
    command = [str(python), "-I", str(_START), "--rest-port", str(chosen), "--grpc-port", "0", "--ephemeral"]
    command += ["--log-level", "warning"]
    url = f"http://127.0.0.1:{chosen}"
    with tempfile.TemporaryDirectory(prefix="bqemulator-") as folder:
        environ = {**os.environ, "BQEMU_UPLOAD_STAGING_DIR": folder}
        with launch.running(
            "bqemulator", command, f"{url}/readyz", timeout=launch.START_TIMEOUT, cwd=folder, env=environ
        ):
            yield url


def bigquery_emulator() -> AbstractAsyncContextManager[str]:
    """The same for asyncio; see `running`."""
    return launch.off_loop(running())


def _install(home: Path, python: Path) -> None:
    pip = [str(python), "-m", "pip", "install", "-qq", "--retries", "2"]
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [*pip, "--no-deps", "--require-hashes", "-r", str(_LOCK)],
    )
    for command in commands:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and a hashed lock
                command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as error:
            raise Permanent(f"installing bqemulator took more than {INSTALL_TIMEOUT:g} s") from error
        if done.returncode != 0:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            raise Permanent(
                f"cannot install bqemulator: {lines[-1].strip() if lines else f'code {done.returncode}'}",
                remedy="it needs the venv module and, once, a package index",
            )
