"""`tipoff logs`: the background's log, readable, filtered and followed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import logs
from devstack.workspace import Workspace
from live.workspace import SETTINGS
from shared.errors import Permanent

LINES = [
    {"severity": "INFO", "message": "run_started", "time": "2024-03-04T12:00:00Z", "run_id": "2024-03-04.overnight.1"},
    {"severity": "WARNING", "message": "slow", "time": "2024-03-04T12:00:01Z",
     "logging.googleapis.com/labels": {"key": "2024-03-05.overnight.1/lines/1", "run_id": "2024-03-05.overnight.1"}},
    {"severity": "DEBUG", "message": "looked", "time": "2024-03-04T12:00:02Z"},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a local stack that ran, with a line that is no JSON."""
    monkeypatch.setenv("TIPOFF_HOME", str(tmp_path))
    workspace = Workspace(tmp_path, "local")
    workspace.make()
    log = workspace.path / "stack.log"
    log.write_text("Traceback\n" + "".join(json.dumps(line) + "\n" for line in LINES))
    return log


def shown(*arguments: str) -> list[str]:
    """What the command prints."""
    done = CliRunner().invoke(logs.logs, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.stdout.splitlines()


STARTED = "2024-03-04T12:00:00Z INFO run_started run_id=2024-03-04.overnight.1"
SLOW = "2024-03-04T12:00:01Z WARNING slow key=2024-03-05.overnight.1/lines/1 run_id=2024-03-05.overnight.1"


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ((), ["Traceback", STARTED, SLOW]),
        (("--lines", "1"), [SLOW]),
        (("--lines", "0"), []),
        (("--run", "2024-03-04"), [STARTED]),
        (("--run", "2024-03-05.overnight"), [SLOW]),
        (("--step", "lines"), [SLOW]),
        (("--run", "2024-03-04", "--step", "lines"), []),
        (("--level", "warning"), ["Traceback", SLOW]),
        (("--level", "debug", "-n", "1"), ["2024-03-04T12:00:02Z DEBUG looked"]),
        (("--json", "-n", "1"), [json.dumps(LINES[1])]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_lines_are_readable_and_can_be_chosen(arguments: tuple[str, ...], lines: list[str]) -> None:
    """By number, run, step and level; what is no JSON has none of them."""
    assert shown(*arguments) == lines


def test_rotated_files_come_first(file: Path) -> None:
    """The oldest first."""
    for number in (1, 2):
        file.with_name(f"stack.log.{number}").write_text(f"old {number}\n")
    assert shown()[:3] == ["old 2", "old 1", "Traceback"]


def test_what_is_added_is_followed_also_into_a_new_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is written in two parts is one line."""
    steps = iter(["fir", "st\n", "rotated", "second\n"])

    def asleep(_: float) -> None:
        """Meanwhile the next thing happens."""
        step = next(steps)
        if step == "rotated":
            file.replace(file.with_name("stack.log.1"))
            step = ""
        with file.open("a") as log:
            log.write(step)

    monkeypatch.setattr("cli.logs.time.sleep", asleep)
    following = logs.more(file)
    assert [next(following), next(following)] == ["first", "second"]
    following.close()


def test_where_nothing_has_logged_it_is_said(tmp_path: Path) -> None:
    """With what writes a log, there and in the product's home."""
    Workspace(tmp_path, "local").make()
    with pytest.raises(Permanent, match="`tipoff dev up` writes it"):
        logs.log_file(tmp_path)
    (tmp_path / SETTINGS).touch()
    with pytest.raises(Permanent, match="`tipoff up --detach` writes it"):
        logs.log_file(tmp_path)
