"""What an answer means: its status and its headers."""

from datetime import UTC, datetime

import pytest

from services.scraper.domain.wire import Fault
from services.scraper.verdicts import NEVER, classify, http_date, retry_after
from shared.errors import Permanent

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "message", "wait"),
    [
        (429, "rate_limited", "HTTP 429", 7.0),
        (408, "timeout", "HTTP 408", None),
        (500, "server_error", "HTTP 500", 7.0),
        (503, "server_error", "HTTP 503", 7.0),
        (599, "server_error", "HTTP 599", 7.0),
        (204, "malformed", "HTTP 204 instead of 200", None),
        (304, "malformed", "HTTP 304 instead of 200", None),
        (399, "malformed", "HTTP 399 instead of 200", None),
        (199, "malformed", "HTTP 199 instead of 200", None),
    ],
)
def test_f28_statuses_that_may_pass(status: int, kind: str, message: str, wait: float | None) -> None:
    """They are faults, tried again and counted by kind; who asks for a wait gets it."""
    verdict = classify(status, {"Retry-After": "7"}, NOW)
    assert isinstance(verdict, Fault)
    assert (verdict.kind, str(verdict), verdict.retry_after) == (kind, message, wait)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 409, 428, 430, 499])
def test_f05_f28_refusals_are_permanent(status: int) -> None:
    """A 403 is never an empty success, a bad request never transient."""
    verdict = classify(status, {}, NOW)
    assert isinstance(verdict, Permanent)
    assert str(verdict) == f"HTTP {status}"


def test_a_200_is_read() -> None:
    """Its body decides."""
    assert classify(200, {}, NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "Mon, 04 Mar 2024 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Mon, 04 Mar 2024 12:00:01 GMT"}, 1.0),
        ({"Retry-After": "Mon, 04 Mar 2024 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 04 Mar 2024 07:00:30 -0500"}, 30.0),
        ({"Retry-After": "Sat, 01 Jan 2000 00:00:05 GMT", "Date": "Sat, 01 Jan 2000 00:00:00 GMT"}, 5.0),
        ({"Retry-After": "Mon, 04 Mar 2024 12:00:30 GMT", "Date": "today"}, 30.0),
        ({"Date": "Mon, 04 Mar 2024 12:00:30 GMT"}, None),
        ({"Retry-After": "in a while"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "7.5"}, None),
        ({"Retry-After": "\u0667"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "7, 8"}, None),
        ({"Retry-After": "31536000"}, NEVER),
        ({"Retry-After": "31536001"}, NEVER),
        ({"Retry-After": "9" * 400}, NEVER),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, NEVER),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date counts from the answer's own Date, else from now; what cannot be read is not there."""
    assert retry_after(headers, NOW) == seconds


def test_last_modified() -> None:
    """An HTTP date is an aware UTC instant."""
    found = http_date("Mon, 04 Mar 2024 00:00:00 -0500")
    assert found == datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert found.tzinfo is UTC
    assert http_date("yesterday") is None
    assert http_date("Mon, 99 Mar 2024 05:00:00 GMT") is None
    assert http_date(None) is None


@pytest.mark.parametrize(
    "value", ["Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 04 Mar 99999999999 00:00:00 GMT", "x" * 9_999]
)
def test_f11_a_date_beyond_the_calendar_is_none(value: str) -> None:
    """No OverflowError leaves the fetcher."""
    assert http_date(value) is None
