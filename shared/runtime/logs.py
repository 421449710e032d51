"""Structured logs: event names are static, values are fields, one JSON object a line in production.

In the form that Cloud Logging and Error Reporting read from stderr: `severity`, `message`, `time`, a stack in
`stack_trace`, and under names of their own the request's trace and, as labels, the message that is handled. What other
libraries log through the standard library's `logging` comes out as the same lines. Nothing is written that the
redaction has not seen.

https://cloud.google.com/logging/docs/structured-logging
https://cloud.google.com/error-reporting/docs/formatting-error-messages
"""

import logging
import sys
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

from shared.runtime.redaction import redact

TRACE: Final = "trace"
SPAN: Final = "span"
SAMPLED: Final = "trace_sampled"
"""What `shared/runtime/trace.py` binds of a request."""
LABELS: Final = ("key", "run_id")
"""What a handler's logs are found by: the message's idempotency key and its run."""
_HANDLER = "tipoff"
_PLATFORM = "logging.googleapis.com"
PLATFORM_LABELS: Final = f"{_PLATFORM}/labels"
"""The field that holds the labels of a line."""


def configure(level: str, fmt: str, project: str | None = None) -> None:
    """Set up logging for the process. Logs go to stderr: stdout belongs to a command's own output.

    Args:
        level: Least severe level of our own events. Of other libraries, warnings at that level, and every error.
        fmt: "json" for the platform, "console" for people.
        project: Google Cloud project that traces belong to; without one, their ids stand alone.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.processors.StackInfoRenderer(), structlog.processors.format_exc_info]
    if fmt == "json":
        last += [_ForThePlatform(project), redact, structlog.processors.JSONRenderer()]
        sys.excepthook = _uncaught
    else:  # a plain traceback: structlog's own for people shows the values of variables
        people = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        last += [redact, people]
    ours = [_critical_only, *common] if least > logging.ERROR else common  # a command is silent, its audit too
    structlog.configure(
        processors=[*ours, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_others(min(max(least, logging.WARNING), logging.ERROR), common, last)


def get_logger(service: str) -> Any:  # noqa: ANN401 - structlog's own loggers are untyped proxies
    """A logger that names its service in every event."""
    return structlog.get_logger(service=service)  # lazy: made at import, configured later


def get_unfiltered_logger(service: str) -> Any:  # noqa: ANN401 - as above
    """The same for what must be logged at every level that a service can have."""
    everything = structlog.make_filtering_bound_logger(logging.NOTSET)
    return structlog.wrap_logger(None, wrapper_class=everything, service=service)


def _configure_others(level: int, common: list[Processor], last: list[Processor]) -> None:
    """One handler, in place of the one of an earlier call: of the root logger, and of Google's.

    Google's clients, when first made, cut their logger off from the root unless it has a handler of its own.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.name = _HANDLER
    handler.setLevel(level)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common, _without_what_strangers_sent],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    google = logging.getLogger("google")
    google.propagate = False
    for logger in (logging.getLogger(), google):
        for old in [each for each in logger.handlers if each.name == _HANDLER]:
            logger.removeHandler(old)
        logger.addHandler(handler)


def _critical_only(_: object, level: str, event: EventDict) -> EventDict:
    if level != "critical":
        raise structlog.DropEvent
    return event


class _ForThePlatform:
    """Renames what Cloud Logging has names for."""

    def __init__(self, project: str | None) -> None:
        self._traces = "" if project is None else f"projects/{project}/traces/"

    def __call__(self, _: object, __: str, event: EventDict) -> EventDict:
        """The event as the platform reads it."""
        named: EventDict = {
            "severity": event.pop("level").upper(),
            "message": event.pop("event"),
            "time": event.pop("timestamp"),
        }
        if "exception" in event:
            named["stack_trace"] = event.pop("exception")
        if TRACE in event:
            named[f"{_PLATFORM}/trace"] = self._traces + event.pop(TRACE)
        if SPAN in event:
            named[f"{_PLATFORM}/spanId"] = event.pop(SPAN)
        if SAMPLED in event:
            named[f"{_PLATFORM}/trace_sampled"] = event.pop(SAMPLED)
        labels = {name: str(event.pop(name)) for name in LABELS if name in event}
        if labels:
            named[PLATFORM_LABELS] = labels
        return {**named, **event}


def _without_what_strangers_sent(_: object, __: str, event: EventDict) -> EventDict:
    """A request that is no HTTP is one line without its traceback, which prints what was sent: keys among it.

    Whoever sends such a thing is to blame: it is no error of ours.
    """
    given = event.get("exc_info")
    error = given[1] if isinstance(given, tuple) else None
    while error is not None:
        # By name: the command line logs too, and starts without a web server.
        if any(kind.__module__ == "aiohttp.http_exceptions" for kind in type(error).__mro__):
            del event["exc_info"]
            event.update(level="warning", reason=f"malformed: {type(error).__name__}")
            return event
        error = error.__cause__ if error.__cause__ is not None else error.__context__
    return event


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is logged as well."""
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process_failed", exc_info=(kind, error, trace))
