"""The record of a running stack, and what becomes of it when the stack is killed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devstack import daemon
from devstack.workspace import Workspace
from shared.errors import Permanent

# What a stack does as seen from outside: it holds its workspace, leaves a record, and on SIGTERM tidies up and ends a
# good while after the record is gone.
_STAND_IN = """
import fcntl, os, pathlib, signal, sys, time
folder, record = map(pathlib.Path, sys.argv[1:])
lock = (folder / "lock").open("a+")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0), lock.write(str(os.getpid())), lock.flush()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("up", flush=True)
signal.sigwait({signal.SIGTERM})
record.unlink()
time.sleep(0.5)
"""


def record(home: Path, pid: int) -> Path:
    """The file that says where a stack is."""
    stack = daemon.RunningStack(pid, "local", "http://127.0.0.1:1", {}, "http://127.0.0.1:2", "key")
    file = home / "stack.json"
    file.write_text(json.dumps({name: getattr(stack, name) for name in stack.__slots__}))
    return file


@contextmanager
def stand_in(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that looks like a running stack."""
    workspace = Workspace(home, "local")
    workspace.make()
    command = [sys.executable, "-c", _STAND_IN, str(workspace.path), str(home / "stack.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        record(home, process.pid)
        try:
            yield process
        finally:
            process.kill()


def test_nothing_runs_in_a_new_home(tmp_path: Path) -> None:
    """Without a record nothing runs, and stopping it is no error."""
    assert daemon.running_stack(tmp_path) is None
    assert daemon.stop(tmp_path) is None


def test_record_of_a_dead_process_is_cleared_away(tmp_path: Path) -> None:
    """What `kill -9` left is not taken for a stack."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    file = record(tmp_path, gone.pid)
    assert daemon.running_stack(tmp_path) is None
    assert not file.exists()


def test_record_whose_process_id_is_anothers_is_no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart of the machine the id may be anybody's: whoever does not hold the workspace is not stopped."""
    monkeypatch.setattr(daemon, "STOP_TIMEOUT", 1.0)
    Workspace(tmp_path, "local").make()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        record(tmp_path, stranger.pid)
        try:
            assert daemon.stop(tmp_path) is None
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_running_stack_is_found(tmp_path: Path) -> None:
    """A live process that holds its workspace is the running stack."""
    with stand_in(tmp_path) as process:
        stack = daemon.running_stack(tmp_path)
        assert stack is not None
        assert (stack.pid, stack.workspace) == (process.pid, "local")


def test_second_start_is_refused(tmp_path: Path) -> None:
    """Starting where one runs names its process and the remedy."""
    with (
        stand_in(tmp_path) as process,
        pytest.raises(Permanent, match=rf"running already \(process {process.pid}, .*`tipoff dev down` first"),
    ):
        daemon.start(tmp_path, Workspace(tmp_path, "local"), None, 0)


def test_stop_returns_when_the_workspace_is_free(tmp_path: Path) -> None:
    """A stack may need a moment after it has taken its record away: the next command can have the workspace at once."""
    with stand_in(tmp_path) as process:
        assert daemon.stop(tmp_path) == process.pid
        with Workspace(tmp_path, "local").lock():
            pass


def test_start_that_fails_gives_the_last_word(tmp_path: Path) -> None:
    """A stack that cannot start is reported with its own last line and where the log is; nothing runs then."""
    with pytest.raises(Permanent, match=r"did not start: history .*nowhere is not a folder.*stack\.log"):
        daemon.start(tmp_path, Workspace(tmp_path, "local"), str(tmp_path / "nowhere"), 0)
    assert daemon.running_stack(tmp_path) is None
