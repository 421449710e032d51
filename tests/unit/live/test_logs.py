"""Logs in the background: rotated, bounded, and no reason to fail."""

import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from live import logs
from live.logs import RotatingStream
from shared.runtime import logs as shared_logs


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[RotatingStream]:
    stream = RotatingStream(tmp_path / "up.log", 100, 2)
    yield stream
    stream.close()


def test_files_are_bounded_in_size_and_number(stream: RotatingStream, tmp_path: Path) -> None:
    """The newest lines are kept, whole ones, in order."""
    for number in range(100):
        stream.write(f"line {number:03}")
        stream.write("\n")
    kept = [tmp_path / name for name in ("up.log.2", "up.log.1", "up.log")]
    assert sorted(kept) == sorted(tmp_path.iterdir())
    lines = "".join(path.read_text() for path in kept).splitlines()
    assert lines == [f"line {number:03}" for number in range(100 - len(lines), 100)]
    assert all(path.stat().st_size <= 110 for path in kept)
    assert len(lines) > 20


def test_a_full_disk_loses_lines_and_says_how_many(
    stream: RotatingStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever logs goes on."""

    def full(_: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stream.write("before\n")
    with monkeypatch.context() as patch:
        patch.setattr(stream, "_file", SimpleNamespace(write=full))
        stream.write("lost\n")
        stream.write("lost\n")
    stream.write("after\n")
    lost = "2 writes to this log were lost: the disk had no space"
    assert (tmp_path / "up.log").read_text().splitlines() == ["before", lost, "after"]


def test_the_process_logs_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the services log, and what goes to stderr."""
    monkeypatch.setattr(sys, "stderr", sys.stderr)  # put back afterwards
    logs.into(tmp_path / "up.log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", sys.excepthook)
        shared_logs.configure("info", "json")
        shared_logs.get_logger("live").info("up", port=1)
        sys.stderr.write("a word\n")
        sys.stderr.close()
    monkeypatch.undo()
    shared_logs.configure("critical", "console")  # which nobody has closed
    structlog.reset_defaults()
    log, word = (tmp_path / "up.log").read_text().splitlines()
    assert '"message": "up"' in log
    assert word == "a word"
