"""Logs: one JSON object a line for machines, or lines for people, and no credential in either."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog
from aiohttp import web
from structlog.contextvars import bound_contextvars

from shared.contract import Message, StepReported
from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent
from shared.ports import Delivery
from shared.registries.topics import TOPICS
from shared.runtime.boundary import guarded
from shared.runtime.logs import configure, get_logger
from shared.runtime.trace import traced
from tests.clock import FakeClock

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # pragma: allowlist secret - of the standard
CANARY = "c4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ry_"
KEY = f"tipoff_0123456789abcdef_{CANARY}"

pytestmark = pytest.mark.usefixtures("_restored_logs")


@pytest.fixture
def _restored_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configuring logs is for the process, and so is what it has read of secrets: undo both."""
    monkeypatch.setattr("shared.runtime.redaction._known", set())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    loggers = [logging.getLogger(), logging.getLogger("google")]
    before = [(logger, list(logger.handlers), logger.propagate) for logger in loggers]
    yield
    for logger, handlers, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged: each line an object, and nothing on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


@pytest.mark.parametrize(("level", "shown"), [("info", 1), ("error", 0)])
def test_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    """To stderr, with service, severity, message and fields; stdout belongs to the commands."""
    configure(level, "json")
    get_logger("probe").info("step_settled", step="lines", rows=0)
    found = lines(capsys)
    assert len(found) == shown
    for line in found:
        time = line.pop("time")
        assert time.endswith("Z")
        assert datetime.fromisoformat(time).utcoffset() is not None
        assert line == {"service": "probe", "message": "step_settled", "severity": "INFO", "step": "lines", "rows": 0}


def test_severities_are_the_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    """https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity."""
    configure("debug", "json")
    log = get_logger("probe")
    for say in (log.debug, log.info, log.warning, log.error, log.critical):
        say("said")
    assert [line["severity"] for line in lines(capsys)] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


@pytest.mark.parametrize(("project", "trace"), [("proj", f"projects/proj/traces/{TRACE}"), (None, TRACE)])
def test_trace_and_labels_have_the_platforms_names(
    capsys: pytest.CaptureFixture[str], project: str | None, trace: str
) -> None:
    """The trace within its project; key and run of the message as labels, whoever logs."""
    configure("info", "json", project)
    with bound_contextvars(trace=TRACE, span=SPAN, trace_sampled=True, key="r/lines/1", run_id="r"):
        get_logger("probe").info("ours")
        logging.getLogger("google.api").warning("theirs")
    for line in lines(capsys):
        assert {name: value for name, value in line.items() if name.startswith("logging.googleapis.com")} == {
            "logging.googleapis.com/trace": trace,
            "logging.googleapis.com/spanId": SPAN,
            "logging.googleapis.com/trace_sampled": True,
            "logging.googleapis.com/labels": {"key": "r/lines/1", "run_id": "r"},
        }


async def test_what_a_handler_logs_carries_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    """Key and run, until the message is handled, and the traceback of a bug in one line."""
    configure("info", "json")
    report = StepReported(run_id="r", step="s", attempt=1, outcome="done")

    async def fail(_: Message) -> None:
        get_logger("probe").info("begun")
        raise ZeroDivisionError(f"X-API-Key: {CANARY}")

    handler = guarded(
        fail, topic=TOPICS["worker-tasks"], bus=EmbeddedBus(FakeClock()), clock=FakeClock(), log=get_logger("probe")
    )
    await handler(Delivery("1", report.encode(), report.attributes(), 1))
    get_logger("probe").info("after")
    begun, dead, after = lines(capsys)
    assert begun["logging.googleapis.com/labels"] == {"key": "r/s/1/reported", "run_id": "r"}
    assert (dead["severity"], dead["message"]) == ("ERROR", "message_dead")
    assert dead["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert dead["stack_trace"].endswith("ZeroDivisionError: X-API-Key: ***")
    assert CANARY not in str(dead)
    assert "logging.googleapis.com/labels" not in after


def test_other_libraries_logs_come_out_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Named after their logger, one line each with its traceback; below a warning they are silent."""
    configure("debug", "json")
    log = logging.getLogger("aiohttp.server")
    log.info("not wanted")
    log.warning("slow %s", "request")
    log.error("Error handling request", exc_info=ValueError(f"Bearer {CANARY}"))
    warning, error = lines(capsys)
    assert (warning["severity"], warning["logger"]) == ("WARNING", "aiohttp.server")
    assert warning["message"] == "slow request"
    assert error["severity"] == "ERROR"
    assert error["stack_trace"].endswith("ValueError: Bearer ***")


def test_an_error_of_another_library_is_shown_at_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line is silent about its own events; a bug of the server in it is not."""
    configure("critical", "json")
    logging.getLogger("asyncio").warning("slow")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert [line["message"] for line in lines(capsys)] == ["Task exception was never retrieved"]


def test_configuring_again_replaces_the_handler(capsys: pytest.CaptureFixture[str]) -> None:
    """No line twice."""
    configure("info", "json")
    configure("info", "json")
    logging.getLogger("asyncio").error("once")
    assert len(lines(capsys)) == 1


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_no_form_of_a_credential_is_written(capsys: pytest.CaptureFixture[str], fmt: str) -> None:
    """By name, by form, in a traceback, by either way to log; a key's id stays."""
    configure("info", fmt)
    log = get_logger("probe")
    log.info("asked", headers={"Authorization": CANARY}, url=f"https://a.example/?apiKey={CANARY}", by=KEY)
    logging.getLogger("google").error("refused %s: Bearer %s", KEY, CANARY)
    error = Permanent(f"refused: password={CANARY}", remedy=KEY)
    log.error("failed", reason=f"eyJhbGciOiJub25lIn0.eyJ{CANARY}", exc_info=error)
    logging.getLogger("aiohttp").error("failed", exc_info=error)
    err = capsys.readouterr().err
    assert CANARY not in err
    assert err.count("tipoff_0123456789abcdef_***") == 4, err


def test_logs_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """The console form names event and fields too."""
    configure("debug", "console")
    get_logger("probe").debug("step_settled", step="lines")
    err = capsys.readouterr().err
    assert "step_settled" in err
    assert "lines" in err


def test_what_ends_the_process_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """As one line with its stack, redacted as any other."""
    configure("info", "json")
    error = RuntimeError(f"token={CANARY}")
    sys.excepthook(RuntimeError, error, None)
    [line] = lines(capsys)
    assert (line["severity"], line["message"]) == ("CRITICAL", "process_failed")
    assert line["stack_trace"] == "RuntimeError: token=***"


def test_an_interrupted_process_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Python's own words, as ever."""
    configure("info", "json")
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == "KeyboardInterrupt\n"


async def send(port: int, text: str) -> bytes:
    """What a server answers to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode("latin-1"))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.network
@pytest.mark.parametrize(
    "head",
    [
        f"X-API-Key: \x00{CANARY}",
        f"X-API-Key: {CANARY}\x01",
        f"X API Key: {CANARY}",
        f"Authorization {CANARY}",
        f"{CANARY}",
        f"Authorization: Bearer {CANARY}\r\nContent-Length: many",
        f"X-API-Key: {CANARY * 400}",
        f"Host: a\r\nHost: {CANARY}\x7f\x00",
    ],
)
async def test_a_malformed_header_is_not_printed(capsys: pytest.CaptureFixture[str], head: str) -> None:
    """The traceback of aiohttp shows the line it could not read: our line is a warning without it."""
    configure("info", "json")
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        answer = await send(runner.addresses[0][1], f"GET / HTTP/1.1\r\n{head}\r\n\r\n")
    finally:
        await runner.cleanup()
    assert b" 400 " in answer.splitlines()[0]
    [line] = lines(capsys)
    assert CANARY[:12] not in str(line)
    assert (line["severity"], line["message"]) == ("WARNING", "Error handling request from 127.0.0.1")
    assert line["reason"].startswith("malformed: ")
    assert "stack_trace" not in line


@pytest.mark.network
async def test_a_request_that_failed_is_found_by_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """A handler's bug is logged by aiohttp, after every middleware: still with the trace, and without the headers."""
    configure("info", "json", "proj")

    async def fail(_: web.Request) -> web.Response:
        raise ZeroDivisionError

    app = web.Application(middlewares=[traced])
    app.router.add_get("/", fail)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        head = f"Host: a\r\nAuthorization: {CANARY}\r\ntraceparent: 00-{TRACE}-{SPAN}-01\r\nConnection: close"
        await send(runner.addresses[0][1], f"GET / HTTP/1.1\r\n{head}\r\n\r\n")
    finally:
        await runner.cleanup()
    [line] = lines(capsys)
    assert line["logging.googleapis.com/trace"] == f"projects/proj/traces/{TRACE}"
    assert line["stack_trace"].endswith("ZeroDivisionError")
    assert CANARY not in str(line)
