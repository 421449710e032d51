"""Emulators that are programs of others: started on the loopback address, waited for until they answer, and ended.

Each is in a process group of its own, and must end when its standard input does: that is, with us, however we die.
"""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import IO, Any

from shared.errors import Permanent, Transient

START_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0
_POLL = 0.05


def free_port(what: str, wanted: int) -> int:
    """A port that `what` can listen on: the one wanted, or with 0 any; `Permanent` if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise Permanent(f"{what} cannot listen on port {wanted}: {error.strerror}") from error
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(what: str, command: Sequence[str], url: str, *, timeout: float, **options: Any) -> Iterator[None]:  # noqa: ANN401 - of Popen
    """Run `command` while the context lasts. Blocks until `url` answers.

    Raises:
        Permanent: it ended at once (with its last line).
        Transient: it did not answer in time.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(  # noqa: S603 - an emulator's own program
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **options
        )
        try:
            _await_answer(what, process, url, timeout, log)
            yield
        finally:
            _end(process)


@asynccontextmanager
async def off_loop(emulator: AbstractContextManager[str]) -> AsyncIterator[str]:
    """A launcher for asyncio: it starts and ends beside the event loop."""
    address = await asyncio.to_thread(emulator.__enter__)
    try:
        yield address
    finally:
        await asyncio.to_thread(emulator.__exit__, None, None, None)


def _await_answer(what: str, process: subprocess.Popen[bytes], url: str, timeout: float, log: IO[str]) -> None:
    deadline = time.monotonic() + timeout
    # No proxy of the environment: it is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Permanent(f"{what} ended with code {process.returncode}: {_last_line(log)}")
        try:
            with opener.open(url, timeout=1.0):
                return
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError):
            time.sleep(_POLL)
    address = url.removeprefix("http://").partition("/")[0]
    raise Transient(f"{what} did not answer on {address} within {timeout:g} s: {_last_line(log)}")


def _last_line(log: IO[str]) -> str:
    log.seek(0)
    return next((line.strip() for line in reversed(log.readlines()) if line.strip()), "it said nothing")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it: by its input, politely, then at once."""
    if process.stdin is not None:
        process.stdin.close()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, sign)
    process.wait()
