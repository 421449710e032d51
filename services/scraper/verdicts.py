"""What an answer's status and headers mean, before its body is looked at."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.scraper.breaker import Refused
from services.scraper.domain.wire import Fault
from shared.errors import Permanent

_SECONDS = re.compile(r"\s*(\d+)\s*", re.ASCII)
NEVER = 365 * 86_400.0
"""Seconds, the most that a Retry-After is taken for: longer than any process lives, and a number that can be added."""


def classify(status: int, headers: Mapping[str, str], now: datetime) -> Fault | Permanent | None:
    """What an HTTP status means; None for an answer to be read."""
    if status == 200:  # noqa: PLR2004 - HTTP
        return None
    if status == 429:  # noqa: PLR2004 - HTTP
        return Fault("rate_limited", "HTTP 429", retry_after=retry_after(headers, now))
    if status == 408:  # noqa: PLR2004 - HTTP
        return Fault("timeout", "HTTP 408")
    if status >= 500:  # noqa: PLR2004 - HTTP
        return Fault("server_error", f"HTTP {status}", retry_after=retry_after(headers, now))
    if status >= 400:  # noqa: PLR2004 - HTTP
        return Refused(status)
    return Fault("malformed", f"HTTP {status} instead of 200")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, given in seconds or as a date; None without a readable one.

    A date counts from the answer's own Date header, so that neither skewed nor virtual clocks matter.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    if (seconds := _SECONDS.fullmatch(value)) is not None:
        return min(float(seconds[1]), NEVER)
    until = http_date(value)
    if until is None:
        return None
    asked = http_date(headers.get("Date"))
    return min(max(0.0, (until - (asked if asked is not None else now)).total_seconds()), NEVER)


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as aware UTC; None where there is none or it cannot be read."""
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter at the end of the calendar
        return None
