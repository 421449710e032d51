"""`tipoff quarantine` and `tipoff reparse` as they ask a coordinator and show its answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.registries.api import API_VERSION
from tests.e2e.command import DEGRADED, DONE, FAILED, USAGE, Done, inside

pytestmark = pytest.mark.network

ID = "2024-03-04.overnight.lines.0123456789"
ROW = {
    "id": ID, "game_date": "2024-03-04", "mode": "overnight", "step": "lines", "unit": "0022300900", "record": "Jo Doe",
    "reason": "is nobody", "fetched_at": "2024-03-04T11:00:00Z", "source": "odds_api", "archive_key": "raw/fetches/k",
}  # fmt: skip
FETCH = {"fetched_at": "2024-03-04T11:00:00Z", "path": "/v4/odds", "status": 200, "body": "raw/bodies/b", "size": 9}
SLATES = ("--from", "2024-03-04", "--to", "2024-03-05")


def run(generation: int, status: str, verified: int, rows: int) -> dict[str, Any]:
    evidence = {"expected": 9, "verified": verified, "quarantined": 9 - verified, "detail": ""}
    step = {
        "status": "done",
        "attempt": 1,
        "reason": "",
        "seconds": 1.0,
        "counts": {"rows": rows},
        "evidence": evidence,
    }
    key = "2024-03-04.overnight"
    return {
        "id": key, "run_id": f"{key}.{generation}", "game_date": "2024-03-04", "mode": "overnight", "status": status,
        "generation": generation, "source": "tests", "created_at": "2024-03-04T11:00:00+00:00",
        "steps": dict.fromkeys(("schedule", "lines"), step),
    }  # fmt: skip


class Fake(BaseHTTPRequestHandler):
    """A coordinator with one run, of which something is refused until its step is done again."""

    asked: list[tuple[str, str, dict[str, Any]]]
    answers: dict[str, Any]

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        self._note(where.path, dict(parse_qsl(where.query)))
        self._send(self.answers[where.path])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._note(self.path, body)
        if body.get("dry_run"):
            after = run(2, "running", 8, 40)
            after["steps"] |= {name: {"status": "waiting"} for name in ("lines", "publish")}
            self._send({"dry_run": True, "starts": ["lines"], "run": after})
            return
        self.answers |= {"/v1/runs": [run(2, "degraded", 8, 40)], "/v1/quarantine": []}
        self._send(run(2, "degraded", 8, 40))

    def _note(self, path: str, about: dict[str, Any]) -> None:
        if path != "/v1/":
            self.asked.append((self.command, path, about))

    def _send(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def url() -> Iterator[str]:
    """Its URL."""
    Fake.asked = []
    Fake.answers = {
        "/v1/": {"service": "coordinator", "contract": API_VERSION},
        "/v1/runs": [run(1, "complete", 7, 50)],
        "/v1/quarantine": [ROW],
        f"/v1/quarantine/{ID}": ROW | {"fetch": FETCH, "excerpt": '{"name": "Jo Doe"}'},
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def tipoff(url: str, tmp_path: Path) -> Any:  # noqa: ANN401 - a short way to call
    def call(*arguments: str) -> Done:
        return inside(tmp_path, *arguments, "--url", url)

    return call


def test_what_is_refused_is_listed(tipoff: Any) -> None:  # noqa: ANN401 - as above
    """By what is asked for and nothing else, under its id."""
    listed = tipoff("quarantine", "list")
    assert (listed.code, ID in listed.out, "is nobody" in listed.out) == (DONE, True, True)
    of_lines = ("--date", "2024-03-04", "--mode", "overnight", "--step", "lines", "--source", "odds_api")
    assert tipoff("quarantine", "list", *of_lines, "--json").json == [ROW]
    about = {"game_date": "2024-03-04", "mode": "overnight", "step": "lines", "source": "odds_api"}
    assert Fake.asked == [("GET", "/v1/quarantine", {}), ("GET", "/v1/quarantine", about)]
    Fake.answers["/v1/quarantine"] = []
    assert tipoff("quarantine", "list").out == "nothing in quarantine\n"


def test_one_is_shown_with_its_payload(tipoff: Any) -> None:  # noqa: ANN401 - as above
    """Where that is archived, how it was fetched, and its part that matters; without a payload only the refusal."""
    shown = tipoff("quarantine", "show", ID)
    for words in (
        "Jo Doe",
        "is nobody",
        "raw/fetches/k",
        "/v4/odds: HTTP 200",
        "raw/bodies/b, 9 bytes",
        '{"name": "Jo',
    ):
        assert words in shown.out
    assert tipoff("quarantine", "show", ID, "--json").json["fetch"] == FETCH
    Fake.answers[f"/v1/quarantine/{ID}"] |= {"fetch": None, "excerpt": None, "archive_key": None}
    assert "archive  not known" in tipoff("quarantine", "show", ID).out


def test_a_retry_says_how_its_run_ended(tipoff: Any) -> None:  # noqa: ANN401 - as above
    """From the archive unless it is to be anew; a dry run starts nothing."""
    assert tipoff("quarantine", "retry", ID, "--dry-run").out == "would do: lines, publish\n"
    retried = tipoff("quarantine", "retry", ID)
    assert (retried.code, retried.out) == (DEGRADED, "run 2024-03-04.overnight.2: degraded, 0 in quarantine\n")
    assert tipoff("quarantine", "retry", ID, "--anew", "--json").json["generation"] == 2
    path = f"/v1/quarantine/{ID}/retry"
    bodies = ({"anew": False, "dry_run": True}, {"anew": False}, {"anew": True})
    assert Fake.asked == [("POST", path, body) for body in bodies]
    tipoff("quarantine", "retry", "x").refused(FAILED, "'x' is no id of the quarantine", "`tipoff quarantine list`")


def test_a_reparse_says_what_has_changed(tipoff: Any) -> None:  # noqa: ANN401 - as above
    """Of the steps that a source yields and the slate's run has; slates without a run are left out."""
    listed = tipoff("reparse", *SLATES, "--dry-run")
    assert listed.out.splitlines()[-1] == "would read 2 steps from the archive"
    done = tipoff("reparse", *SLATES, "--source", "odds_api", "--json")
    assert done.code == DEGRADED
    assert done.json["steps"] == [
        {
            "game_date": "2024-03-04", "step": "lines", "rows": 40, "verified": [7, 8], "quarantined": [2, 1],
            "refused": [1, 0],
        }
    ]  # fmt: skip
    [body] = [about for method, _, about in Fake.asked if method == "POST"]
    assert body == {
        "mode": "overnight", "game_date": "2024-03-04", "retrospective": True, "targets": ["lines"],
        "redo": ["lines"], "from_phase": 2,
    }  # fmt: skip
    assert "7 -> 8" not in tipoff("reparse", *SLATES).out, "nothing has changed since"
    Fake.answers["/v1/runs"] = []
    assert "nothing to read again" in tipoff("reparse", *SLATES).out
    tipoff("reparse", "--from", "2024-03-05", "--to", "2024-03-04").refused(USAGE, "--to 2024-03-04 is before")
