"""Secrets that would be known anywhere: after a night, and requests that carry them in every form, they are nowhere."""

import base64
import gzip
import http.client
import json
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest

from devstack import daemon
from devstack.workspace import Workspace
from tests.e2e.command import DONE, inside, tipoff
from tests.e2e.nights import LAST

pytestmark = pytest.mark.network

ODDS, BALLDONTLIE, FORGED = "canary-odds-5e1f0b7c9d", "canary-bdl-83b2c6a4f1", "canary-forged-27d4e9b0a6"
OWNED = ("secrets.env", "stack.json")
"""Files that hold the secrets for their owner alone."""


@dataclass(frozen=True)
class Night:
    """A stack with canaries in every secret."""

    home: Path
    stack: daemon.RunningStack

    @property
    def folder(self) -> Path:
        """Of its workspace."""
        return self.home / self.stack.workspace

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body."""
        connection = http.client.HTTPConnection(urlsplit(self.stack.url).netloc, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def send(self, data: bytes) -> bytes:
        """The answer to these very bytes."""
        host, _, port = urlsplit(self.stack.url).netloc.partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(data)
            return connection.recv(1 << 16)


@pytest.fixture
def night(league_folder: Path, tmp_path: Path) -> Iterator[Night]:
    """Running."""
    workspace = Workspace(tmp_path, "local")
    workspace.make()
    lines = workspace.secrets_file.read_text().replace("ODDS_API_KEY=local-upstream", f"ODDS_API_KEY={ODDS}")
    lines = lines.replace("BALLDONTLIE_API_KEY=local-upstream", f"BALLDONTLIE_API_KEY={BALLDONTLIE}")
    workspace.secrets_file.write_text(lines)
    assert tipoff(tmp_path, "dev", "up", "--history", league_folder, "--port", "0").code == DONE
    stack = daemon.running_stack(tmp_path)
    assert stack is not None
    try:
        yield Night(tmp_path, stack)
    finally:
        daemon.stop(tmp_path)


def forms(secret: str) -> list[dict[str, str]]:
    """Headers that a credential may be sent in, by mistake or on purpose."""
    part = base64.urlsafe_b64encode(json.dumps({"alg": "none", "sub": secret}).encode()).decode().rstrip("=")
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    return [
        {"X-API-Key": secret},
        {"X-API-Key": f"tipoff_0123456789abcdef_{secret}"},
        {"Authorization": secret},
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": f"Bearer {part}.{part}.{secret}"},
        {"Authorization": f"Basic {basic}"},
        {"X-Serverless-Authorization": f"Bearer {secret}"},
        {"X-Serverless-Authorization": f"Bearer {secret}", "Authorization": f"Bearer {secret}"},
        {"Cookie": f"session={secret}"},
        {"Idempotency-Key": secret},
    ]


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything that the stack has written, as text, by where it is."""
    for file in folder.rglob("*"):
        if not file.is_file() or file.name in OWNED:
            continue
        if file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as warehouse:
                names = "SELECT table_schema || '.' || table_name FROM information_schema.tables"
                for (table,) in warehouse.execute(names).fetchall():
                    yield table, str(warehouse.execute(f"FROM {table}").fetchall())
        elif file.suffix == ".sqlite":
            with sqlite3.connect(file) as state:
                yield file.name, str(state.execute("SELECT * FROM documents").fetchall())
        else:
            data = file.read_bytes()
            yield str(file), (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode(errors="replace")


def test_no_secret_is_anywhere_after_a_night(night: Night) -> None:
    """Not in a log, an answer, the state, the archive, the warehouse, the metrics or the OpenAPI document."""
    key = night.stack.api_key
    own = {"X-API-Key": key}
    answers: list[Any] = []
    for path in ("/v1/runs", "/metrics"):
        for headers in forms(FORGED):
            status, answer = night.ask("GET", path, headers)
            assert status in (401, 403)
            answers.append(answer)
    for line in (f"X-API-Key {FORGED}", f"X-API-Key: {FORGED}\x00{key}"):  # the sender, and no one else, sees it again
        assert night.send(f"GET /v1/runs HTTP/1.1\r\n{line}\r\n\r\n".encode())[8:12] == b" 400"
    status, made = night.ask("POST", "/v1/keys", own, b'{"name": "robot", "role": "viewer"}')
    assert status == 201
    robot = json.loads(made)["key"]
    assert night.ask("GET", "/v1/runs", {"X-API-Key": robot})[0] == 200
    assert night.ask("POST", "/v1/runs", {**own, "Idempotency-Key": FORGED}, FORGED.encode())[0] == 400
    assert night.ask("GET", f"/v1/runs?api_key={FORGED}", own)[0] == 400

    run = inside(night.home, "run", "--date", str(LAST), "--mode", "same_day", "--json")
    assert (run.code, run.json["status"]) == (DONE, "complete")

    for path in ("/metrics", "/readyz", "/v1/openapi.json", "/v1/dead-letters", "/v1/alerts", "/v1/keys", "/v1/costs"):
        status, answer = night.ask("GET", path, own)
        assert status == 200
        answers.append(answer)
    daemon.stop(night.home)
    found = [("answers", b"\n".join(answers).decode(errors="replace")), *texts(night.folder)]
    assert {"stack.log", "state.sqlite"} <= {Path(where).name for where, _ in found}
    assert any(robot.split("_")[1] in text for where, text in found if where == "state.sqlite"), "ids are no secrets"
    secrets = {"odds": ODDS, "balldontlie": BALLDONTLIE, "forged": FORGED}
    secrets |= {name: text.split("_", 2)[2] for name, text in {"key": key, "robot": robot}.items()}
    leaks = {(name, where) for where, text in found for name, secret in secrets.items() if secret in text}
    assert leaks == set()
