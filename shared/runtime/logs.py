"""Structured logs: event names are static, values are fields, one JSON object a line in production."""

import logging
import sys
from typing import Any

import structlog


def configure(level: str, fmt: str) -> None:
    """Set up logging for the process. Logs go to stderr: stdout belongs to a command's own output."""
    renderer: Any = structlog.processors.JSONRenderer() if fmt == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(service: str) -> Any:  # noqa: ANN401 - structlog's own loggers are untyped proxies
    """A logger that names its service in every event."""
    return structlog.get_logger(service=service)  # lazy: made at import, configured later
