"""Logs: one JSON object a line for machines, or lines for people."""

import json
from collections.abc import Iterator

import pytest
import structlog

from shared.runtime.logs import configure, get_logger


@pytest.fixture
def _restored_logs() -> Iterator[None]:
    """Configuring logs is for the process: undo it."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_restored_logs")
@pytest.mark.parametrize(("level", "shown"), [("info", 1), ("error", 0)])
def test_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    """To stderr, with service, level, event and fields; stdout belongs to the commands."""
    configure(level, "json")
    get_logger("probe").info("step_settled", step="lines", rows=0)
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert (out, len(lines)) == ("", shown)
    for line in lines:
        assert line.items() >= {"service": "probe", "event": "step_settled", "level": "info", "rows": 0}.items()
        assert line["timestamp"].endswith("Z")


@pytest.mark.usefixtures("_restored_logs")
def test_logs_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """The console form names event and fields too."""
    configure("debug", "console")
    get_logger("probe").debug("step_settled", step="lines")
    err = capsys.readouterr().err
    assert "step_settled" in err
    assert "lines" in err
