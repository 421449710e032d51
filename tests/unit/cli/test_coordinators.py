"""A coordinator that cannot be reached, or must not be: one line, and nothing is started or written."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shared.registries.api import API_VERSION
from tests.e2e.command import FAILED, inside

pytestmark = pytest.mark.network

SLATES = ("--from", "2024-11-15", "--to", "2024-11-16")
COMMANDS = (
    ("run",), ("run", "--dry-run"), ("train", "--as-of", "2024-11-16"), ("backfill", *SLATES), ("predictions",),
    ("accuracy",), ("status",), ("grid", *SLATES), ("runs",), ("cascade", *SLATES), ("alerts",),
    ("alerts", "--resolve", "a", "b"), ("reconcile",), ("dlq",), ("lines",), ("cost",), ("models",),
    ("reparse", *SLATES), ("quarantine", "list"), ("quarantine", "show", "x"),
    ("quarantine", "retry", "2024-11-15.overnight.lines.x"),
)  # fmt: skip
"""Every command that a coordinator answers."""


class Newer(BaseHTTPRequestHandler):
    """A coordinator of the next contract; keeps what it is asked."""

    asked: list[str]

    def do_GET(self) -> None:
        """Its version, whatever the question."""
        self.asked.append(f"{self.command} {self.path}")
        body = json.dumps({"service": "coordinator", "contract": API_VERSION + 1}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def newer() -> Iterator[str]:
    """Its URL."""
    Newer.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Newer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_coordinator_of_another_contract_is_refused(newer: str, tmp_path: Path) -> None:
    """It is asked who it is and nothing else."""
    for command in COMMANDS:
        done = inside(tmp_path / "home", *command, "--url", newer)
        done.refused(FAILED, newer, f"version {API_VERSION + 1} of the contract", "use the release of Tipoff")
    assert set(Newer.asked) == {"GET /v1/"}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_url_that_nobody_answers_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    """With where it comes from."""
    done = inside(tmp_path / "home", *command, TIPOFF_URL="http://127.0.0.1:9")
    done.refused(FAILED, "http://127.0.0.1:9 does not answer", "correct TIPOFF_URL")
    assert not (tmp_path / "home").exists()


def test_an_unknown_context_is_named_with_those_there_are(tmp_path: Path) -> None:
    """By `use` and `remove`, and by every command when the file says to use one that is not there."""
    home, config = tmp_path / "home", tmp_path / "config.toml"
    known = {"TIPOFF_CONFIG": str(config)}
    inside(home, "context", "add", "prod", "--url", "http://127.0.0.1:9", **known)
    before = config.read_text()
    for verb in ("use", "remove"):
        inside(home, "context", verb, "test", **known).refused(FAILED, "no context 'test': there is prod")
    assert config.read_text() == before
    config.write_text('use = "test"\n' + before)
    for command in COMMANDS:
        inside(home, *command, **known).refused(FAILED, "no context 'test'", "`tipoff context use`")
    assert not home.exists()
