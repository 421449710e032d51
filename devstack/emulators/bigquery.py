"""Launcher for bqemulator (PyPI): BigQuery's REST interface on DuckDB, good enough for the real client.

It lives in a virtual environment of its own, because it installs a pytest plugin that breaks this one's tests and wants
another DuckDB. The environment is made once, from the hashed lock beside this file (about 45 s and 500 MB), in
`$TIPOFF_CACHE`, else `$XDG_CACHE_HOME/tipoff`, else `~/.cache/tipoff`. State is in memory, and gone with the process.
"""

import argparse
import asyncio
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.errors import Permanent, Transient

START_TIMEOUT = 60.0
INSTALL_TIMEOUT = 600.0
STOP_TIMEOUT = 5.0
VARIABLE = "BIGQUERY_EMULATOR_HOST"
"""The environment variable with which `shared.cloud.warehouse` (and Google's client) find it."""
_POLL = 0.05
_LOCK = Path(__file__).with_name("requirements-bqemulator.txt")
_START = Path(__file__).with_name("bqemulator_start.py")


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running bqemulator."""

    endpoint: str
    """Its base URL."""
    log: Path
    """What it said; gone with it unless the caller named the file."""


def cache_folder() -> Path:
    """Where environments for emulators are kept."""
    given = os.environ.get("TIPOFF_CACHE")
    if given is not None:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tipoff"


def environment(folder: Path | None = None) -> Path:
    """The Python of bqemulator's own environment, made at the first call; several callers at once make it once.

    Raises:
        Permanent: it cannot be made; the message has pip's reason.
    """
    name = f"bqemulator-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"
    home = (folder if folder is not None else cache_folder()) / name
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
def running(*, port: int = 0, log: Path | None = None, timeout: float = START_TIMEOUT) -> Iterator[Emulator]:
    """Run bqemulator on the loopback address. Blocks while it starts (about 1.5 s) or is installed.

    Args:
        port: where it listens; 0 picks a free port.
        log: file for what it says; default: a temporary one.
        timeout: seconds it has to answer.

    Raises:
        Permanent: it cannot be installed, its port is taken, or it ended at once (with its last line).
        Transient: it did not answer in time.
    """
    python = environment()
    with tempfile.TemporaryDirectory(prefix="bqemulator-") as folder:
        said = log if log is not None else Path(folder) / "log"
        chosen = _free_port(port)
        with said.open("wb") as output:
            process = _start(python, chosen, Path(folder), output)
        try:
            emulator = Emulator(f"http://127.0.0.1:{chosen}", said)
            _await_answer(process, emulator, timeout)
            yield emulator
        finally:
            _end(process)


@asynccontextmanager
async def bigquery_emulator(*, port: int = 0, log: Path | None = None) -> AsyncIterator[Emulator]:
    """The same for asyncio; see `running`."""
    emulator = running(port=port, log=log)
    yielded = await asyncio.to_thread(emulator.__enter__)
    try:
        yield yielded
    finally:
        await asyncio.to_thread(emulator.__exit__, None, None, None)


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


def _start(python: Path, port: int, folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    arguments = ["--rest-port", str(port), "--grpc-port", "0", "--ephemeral", "--log-level", "warning"]
    return subprocess.Popen(  # noqa: S603 - the interpreter `environment` made
        # Isolated: this folder has a google.py, which must not be taken for the package.
        [str(python), "-I", str(_START), *arguments],
        stdin=subprocess.PIPE,  # closed when this process ends, however it ends
        stdout=output,
        stderr=output,
        cwd=folder,
        env={**os.environ, "BQEMU_UPLOAD_STAGING_DIR": str(folder)},
        start_new_session=True,
    )


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise Permanent(f"bqemulator cannot listen on port {wanted}: {error.strerror}") from error
        port: int = probe.getsockname()[1]
        return port


def _await_answer(process: subprocess.Popen[bytes], emulator: Emulator, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    # No proxy of the environment: it is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Permanent(f"bqemulator ended with code {process.returncode}: {_last_line(emulator.log)}")
        try:
            with opener.open(f"{emulator.endpoint}/readyz", timeout=1.0):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(_POLL)
    raise Transient(f"bqemulator did not answer on {emulator.endpoint} in {timeout:g} s: {_last_line(emulator.log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it: politely, then at once."""
    if process.stdin is not None:
        process.stdin.close()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, sign)
    process.wait()


def main() -> None:
    """Run bqemulator in the foreground until SIGINT or SIGTERM, and say how clients find it."""
    parser = argparse.ArgumentParser(prog="python -m devstack.emulators.bigquery", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, default=None)
    given = parser.parse_args()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: sys.exit(0))  # unwinds `running`, which ends the emulator
    try:
        with running(port=given.port, log=given.log) as emulator:
            print(f"export {VARIABLE}={emulator.endpoint}", flush=True)  # noqa: T201 - its one output
            while True:
                signal.pause()
    except (Permanent, Transient) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
