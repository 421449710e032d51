"""The launchers of Google's emulators, with a small program in Java's place."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from devstack.emulators import google, launch
from shared.errors import Permanent, Transient

HEAD = """#!{python}
import http.server, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
options = dict(word.split("=", 1) for word in sys.argv if word.startswith("--"))
"""
SERVES = """
(here / "arguments").write_text(" ".join(sys.argv[1:]))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer((options["--host"], int(options["--port"])), Answer).serve_forever()
"""
ENDS = "print('port in use', file=sys.stderr); print(); sys.exit(3)"
HANGS = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('starting', flush=True); time.sleep(60)"
Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts an SDK with both emulators and a `java` that does as told on PATH; returns the folder of PATH."""
    sdk = tmp_path / "sdk"
    binaries = sdk / "bin"
    for jar in (
        "cloud-firestore-emulator/cloud-firestore-emulator.jar",
        "pubsub-emulator/lib/cloud-pubsub-emulator-1-all.jar",
    ):
        (sdk / "platform" / jar).parent.mkdir(parents=True)
        (sdk / "platform" / jar).touch()
    binaries.mkdir()
    monkeypatch.setenv("PATH", str(binaries))
    monkeypatch.delenv("CLOUDSDK_ROOT_DIR", raising=False)

    def program(name: str, text: str) -> None:
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)

    def install(does: str) -> Path:
        program("gcloud", "#!/bin/sh\n")
        program("java", HEAD.format(python=sys.executable) + does)
        return binaries

    return install


def _listens(host_port: str) -> bool:
    host, port = host_port.split(":")
    with closing(socket.socket()) as client:
        return client.connect_ex((host, int(port))) == 0


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "main"), [("firestore", "CloudFirestore start"), ("pubsub", "pubsub.testing.v1.Main")]
)
def test_an_emulator_runs_inside_the_context_and_not_after_it(install: Install, name: str, main: str) -> None:
    """It answers when the context begins and is gone when it ends; it is told host and port."""
    binaries = install(SERVES)
    with google.running(name) as host_port:
        assert _listens(host_port)
        assert f"{main} --host=127.0.0.1 --port={host_port.split(':')[1]}" in (binaries / "arguments").read_text()
    assert not _listens(host_port)


@pytest.mark.network
async def test_the_loop_runs_on_while_emulators_start(install: Install) -> None:
    """Both start at once, off the event loop."""
    install(SERVES)
    async with google.firestore_emulator() as firestore, google.pubsub_emulator() as pubsub:
        assert await asyncio.to_thread(_listens, firestore)
        assert await asyncio.to_thread(_listens, pubsub)
    assert not await asyncio.to_thread(_listens, firestore)


@pytest.mark.network
def test_an_emulator_that_ends_says_why(install: Install) -> None:
    """Its last line and code are in the message."""
    install(ENDS)
    with pytest.raises(Permanent, match="the pubsub emulator ended with code 3: port in use"), google.running("pubsub"):
        pass


@pytest.mark.network
def test_an_emulator_that_does_not_answer_is_killed(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is bounded, also for one that ignores SIGTERM."""
    install(HANGS)
    monkeypatch.setattr(launch, "STOP_TIMEOUT", 0.1)
    with (
        pytest.raises(Transient, match=r"did not answer on 127\.0\.0\.1:\d+ within 1 s: starting"),
        google.running("firestore", timeout=1.0),
    ):
        pass


def test_what_is_missing_is_named(install: Install) -> None:
    """No gcloud, no emulator in it, no Java: each has its reason, fit for a skip; starting anyway says the same."""
    assert "no gcloud on this machine" in str(google.missing("firestore"))
    binaries = install(SERVES)
    assert google.missing("firestore") is None
    (binaries / "java").unlink()
    assert google.missing("firestore") == "the firestore emulator needs Java, and there is no java on PATH"
    next(binaries.parent.glob("platform/pubsub-emulator/lib/*.jar")).unlink()
    reason = google.missing("pubsub")
    assert reason == "gcloud is here without its pubsub emulator: gcloud components install pubsub-emulator"
    with pytest.raises(Permanent, match=reason), google.running("pubsub"):
        pass


@pytest.mark.network
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_one_until_it_is_told_to_end(install: Install, sign: signal.Signals) -> None:
    """It prints the variable Google's clients read, and takes the emulator with it."""
    install(SERVES)
    command = [sys.executable, "-m", "devstack.emulators.google", "firestore"]
    environment = {**os.environ, "PYTHONPATH": str(Path(google.__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        variable, host_port = process.stdout.readline().strip().split("=")
        assert variable == "export FIRESTORE_EMULATOR_HOST"
        assert _listens(host_port)
        process.send_signal(sign)
        assert process.wait(30) == 0
    assert not _listens(host_port)


@pytest.mark.network
def test_an_emulator_does_not_outlive_a_killed_launcher(install: Install) -> None:
    """SIGKILL gives the launcher no chance to end what it started: the emulator ends all the same."""
    install(SERVES)
    command = [sys.executable, "-m", "devstack.emulators.google", "firestore"]
    environment = {**os.environ, "PYTHONPATH": str(Path(google.__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        host, _, port = process.stdout.readline().strip().partition("=")[2].partition(":")
        address = (host, int(port))
        # It serves one connection at a time: the second waits in its backlog, and is reset when it no longer listens.
        with socket.create_connection(address, timeout=30), socket.create_connection(address, timeout=30) as waiting:
            process.kill()
            with suppress(ConnectionResetError):
                assert waiting.recv(1) == b""  # it sends nothing unasked
    assert not _listens(f"{host}:{port}")


def test_the_command_says_what_is_missing(install: Install) -> None:
    """One line, exit code 1."""
    binaries = install(SERVES)
    (binaries / "java").unlink()
    command = [sys.executable, "-m", "devstack.emulators.google", "pubsub"]
    environment = {**os.environ, "PYTHONPATH": str(Path(google.__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "the pubsub emulator needs Java, and there is no java on PATH\n")
