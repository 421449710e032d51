"""`tipoff dev`: the stack left running, and everything done through it."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from devstack import daemon
from devstack.history import write
from devstack.league.season import OPENING_NIGHT, tables
from devstack.workspace import Workspace
from tests.e2e.command import DONE, FAILED, USAGE, Done, clock, inside, tipoff
from tests.e2e.nights import FIRST, IDLE, LAST, Replayed, key_of, query

pytestmark = pytest.mark.network


@dataclass(frozen=True, slots=True)
class Up:
    """A stack that is up."""

    home: Path
    done: Done

    @property
    def stack(self) -> daemon.RunningStack:
        """Where it is."""
        stack = daemon.running_stack(self.home)
        assert stack is not None
        return stack


@pytest.fixture(scope="module")
def up(league_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`tipoff dev up` on the tests' league, on a free port."""
    home = tmp_path_factory.mktemp("dev") / "home"
    done = tipoff(home, "dev", "up", "--history", league_folder, "--port", "0")
    yield Up(home, done)
    daemon.stop(home)


def test_up_says_where_everything_is(up: Up) -> None:
    """It exits 0 once the coordinator answers, and prints the address of every service and of the upstream."""
    assert (up.done.code, up.done.err) == (DONE, "")
    for name, url in {**up.stack.urls, "upstream": up.stack.upstream}.items():
        assert any(line.split() == [name, url] for line in up.done.out.splitlines())


def test_status_reports_every_service_healthy(up: Up) -> None:
    """`dev status --json` finds the four services healthy."""
    status = inside(up.home, "dev", "status", "--json")
    assert (status.code, status.json["running"], status.json["pid"]) == (DONE, True, up.stack.pid)
    services = {service["service"]: service["healthy"] for service in status.json["services"]}
    assert services == dict.fromkeys(("scraper", "analytics", "worker", "coordinator"), True)


def test_page_is_a_link_that_signs_in_once(up: Up) -> None:
    """It is printed; the first who follows it is in."""
    link = inside(up.home, "page", "--json").json["url"]
    assert inside(up.home, "page").out.startswith(link.partition("code=")[0])
    statuses = []
    for _ in range(2):
        try:
            with urlopen(link, timeout=10) as answer:  # noqa: S310 - loopback
                statuses.append((answer.status, "HttpOnly" in answer.headers["Set-Cookie"]))
        except HTTPError as error:
            statuses.append((error.code, False))
            error.close()
    assert statuses == [(200, True), (401, False)]


def test_second_up_is_refused(up: Up) -> None:
    """A second `dev up` names the process that runs and `dev down`, and leaves it running."""
    pid = up.stack.pid
    inside(up.home, "dev", "up").refused(FAILED, f"process {pid}", "`tipoff dev down`")
    assert up.stack.pid == pid


def test_run_goes_through_the_running_stack(up: Up, undisturbed: Replayed) -> None:
    """A run predicts whom a replay predicts, on the same lines; the bulk game log's whole minutes shift means a bit."""
    run = inside(up.home, "run", "--date", str(LAST), "--mode", "same_day", "--json")
    assert (run.code, run.json["status"]) == (DONE, "complete")
    found = {key_of(row): row for row in inside(up.home, "predictions", "--json").json}
    wanted = {key: row for key, row in undisturbed.keyed().items() if row["game_date"] == LAST}
    assert found.keys() == wanted.keys()
    for key, row in wanted.items():
        assert (found[key]["line"], found[key]["mean"]) == (row["line"], pytest.approx(row["mean"], abs=0.25))


def test_run_of_an_idle_date_through_the_stack(up: Up) -> None:
    """A date without games is success there, too, and says so."""
    run = inside(up.home, "run", "--date", str(IDLE))
    assert (run.code, f"no games on {IDLE}" in run.out) == (DONE, True)


def test_what_needs_a_workspace_of_its_own_is_refused(up: Up, league_folder: Path) -> None:
    """`replay` and `demo` beside the stack name its workspace and `dev down`, dry runs too; nothing is made."""
    before = sorted(up.home.iterdir())
    replay = ("replay", "--history", league_folder, "--from", str(FIRST), "--to", str(FIRST))
    for command in (replay, ("demo",), ("demo", "--dry-run")):
        inside(up.home, *command).refused(FAILED, f"`tipoff {command[0]}`", str(up.home / "local"), "`tipoff dev down`")
    assert sorted(up.home.iterdir()) == before


def test_a_slate_of_another_history_is_refused(up: Up) -> None:
    """Whatever workspace was last worked in, the stack's history is meant: no run is written, its clock stands."""
    ledger, stood = inside(up.home, "runs", "--json").json, clock(up.stack)
    Workspace(up.home, "demo-of-another-history").make()  # it becomes the current one, as a command before would have
    try:
        for command in (("run", "--date", "2024-12-19"), ("backfill", "--from", "2024-12-18", "--to", "2024-12-19")):
            inside(up.home, *command).refused(USAGE, "2024-12-19 is in the future", str(LAST), "`tipoff dev down`")
        would = inside(up.home, "run", "--date", str(IDLE), "--dry-run", "--json")
        assert would.json["run"]["game_date"] == str(IDLE)
    finally:
        Workspace(up.home, "local").make()
    assert (inside(up.home, "runs", "--json").json, clock(up.stack)) == (ledger, stood)


def test_a_backfill_from_another_history_is_refused(up: Up, league_folder: Path, tmp_path: Path) -> None:
    """A folder of other games names both histories; one of the same games is filled by the stack itself."""
    fill = ("backfill", "--from", str(IDLE), "--to", str(IDLE), "--to-step", "schedule", "--history")
    write(tables(12, OPENING_NIGHT, 10, 2), tmp_path / "other")
    for dry_run in ((), ("--dry-run",)):
        inside(up.home, *fill, tmp_path / "other", *dry_run).refused(FAILED, str(league_folder), "`tipoff dev down`")
    same = copytree(league_folder, tmp_path / "same")
    assert inside(up.home, *fill, same).code == DONE
    assert [run["mode"] for run in inside(up.home, "runs", "--json").json if run["game_date"] == str(IDLE)][-1:]
    assert not list(up.home.glob("history-*"))


@pytest.mark.parametrize(("key", "words"), [("wrong", "API key is wrong"), (None, "credentials are missing")])
def test_f35_without_its_key_the_api_answers_401(up: Up, key: str | None, words: str) -> None:
    """Whoever lacks the key gets 401 and a JSON object with error and remedy, whatever he asks for."""
    for path, body in (("predictions", None), ("runs", b'{"game_date": "2024-11-16"}'), ("dead-letters", None)):
        status, answer = call(up.stack, path, body, {} if key is None else {"X-API-Key": key})
        assert (status, answer["error"]) == (401, words)
        assert "X-API-Key" in answer["remedy"]


def test_a_bad_request_is_answered_400(up: Up) -> None:
    """A body that breaks the model is refused with the field that is wrong."""
    status, answer = call(up.stack, "runs", b'{"game_date": "soon"}', {"X-API-Key": up.stack.api_key})
    assert (status, answer["error"].partition(":")[0]) == (400, "game_date")


def test_killed_stack_comes_up_again_with_everything(league_folder: Path, tmp_path: Path) -> None:
    """After `kill -9` of the stack, `dev status` says it is down, `dev up` works and what was published is there."""
    command = ("dev", "up", "--history", league_folder, "--port", "0")
    try:
        assert tipoff(tmp_path, *command).code == DONE
        assert inside(tmp_path, "run", "--date", str(LAST)).code == DONE
        published = inside(tmp_path, "predictions", "--json").json
        killed = kill(tmp_path)
        assert inside(tmp_path, "dev", "status").code == FAILED
        assert tipoff(tmp_path, *command).code == DONE
        assert inside(tmp_path, "dev", "status", "--json").json["pid"] != killed
        assert inside(tmp_path, "predictions", "--json").json == published
    finally:
        daemon.stop(tmp_path)
    assert len(published) > 0


def test_down_returns_when_the_workspace_is_free(league_folder: Path, tmp_path: Path) -> None:
    """After `dev down` the next command can have the workspace at once; a second `dev down` is success, too."""
    assert tipoff(tmp_path, "dev", "up", "--history", league_folder, "--port", "0").code == DONE
    pid = inside(tmp_path, "dev", "status", "--json").json["pid"]
    down = inside(tmp_path, "dev", "down")
    assert (down.code, f"process {pid}" in down.out) == (DONE, True)
    assert query(tmp_path, "SELECT COUNT(*) FROM predictions.player_prop_predictions") == [(0,)]
    again = inside(tmp_path, "dev", "down")
    assert (again.code, "nothing was running" in again.out) == (DONE, True)


def kill(home: Path) -> int:
    """`kill -9` of the stack, and wait until it is gone."""
    stack = daemon.running_stack(home)
    assert stack is not None
    os.kill(stack.pid, signal.SIGKILL)
    while daemon.running_stack(home) is not None:
        pass
    return stack.pid


def call(stack: daemon.RunningStack, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
    """Status and JSON of a request to the coordinator's API."""
    try:
        with urlopen(Request(f"{stack.url}/v1/{path}", body, headers), timeout=10) as response:  # noqa: S310 - loopback
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
