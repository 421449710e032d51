"""BigQuery's failures as Tipoff's kinds, in one line each.

Failure 28 is what this table prevents: a BadRequest taken for transient, and six days without grades. Reasons are those
of https://cloud.google.com/bigquery/docs/error-messages; where there is none, the HTTP status decides.
"""

from google.api_core import exceptions
from google.auth import exceptions as auth
from requests import exceptions as http

from shared.errors import Permanent, Transient, first_line

CLIENT_ERRORS = (exceptions.GoogleAPIError, auth.GoogleAuthError, http.RequestException, TimeoutError)
"""Everything the client raises for what happened outside of this process."""

_TRANSIENT_REASONS = {
    "backendError",
    "badGateway",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "stopped",  # cancelled, or over its time limit
    "tableUnavailable",
    "timeout",
}
_TRANSIENT_CODES = {408, 429, 500, 502, 503, 504}
_IN_THE_WAY = ("due to concurrent update", "Too many DML statements outstanding")
"""Parts of the message when other statements on the table are in the way: one changed it first, or twenty wait already
(https://cloud.google.com/bigquery/docs/data-manipulation-language#dml-limitations). Their reasons, invalidQuery and
resourcesExceeded, are those of statements that will never work."""

_REMEDIES = {
    "accessDenied": "grant the service account roles/bigquery.dataEditor and roles/bigquery.jobUser",
    "bytesBilledLimitExceeded": "narrow the statement, or raise maximum_bytes_billed",
    "notFound": "create the tables with `tipoff schema apply`",
}


def failure(error: BaseException, subject: str) -> Transient | Permanent:
    """What an error of the client means; `subject` (a statement's first line) says what it befell."""
    if isinstance(error, exceptions.RetryError) and error.cause is not None:
        error = error.cause
    if isinstance(error, exceptions.GoogleAPICallError):
        reason = _reason(error)
        message = f"warehouse: {first_line(_text(error))} ({reason or f'HTTP {error.code}'}): {subject}"
        if _is_transient(error, reason):
            return Transient(message)
        return Permanent(message, remedy=_REMEDIES.get(reason, ""))
    if isinstance(error, auth.TransportError | http.RequestException | TimeoutError | exceptions.RetryError):
        return Transient(f"warehouse: BigQuery does not answer ({type(error).__name__}): {subject}")
    if isinstance(error, auth.GoogleAuthError):
        if error.retryable:
            return Transient(f"warehouse: no credentials ({first_line(str(error))}): {subject}")
        return Permanent(
            f"warehouse: no credentials ({first_line(str(error))}): {subject}",
            remedy="run as a service account, or `gcloud auth application-default login`",
        )
    return Permanent(f"warehouse: {type(error).__name__}: {first_line(str(error))}: {subject}")


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed if tried again: the client's retry predicate."""
    return isinstance(failure(error, ""), Transient)


def _is_transient(error: exceptions.GoogleAPICallError, reason: str) -> bool:
    if any(words in _text(error) for words in _IN_THE_WAY):
        return True
    # Where BigQuery gives a reason it is the truth: a quota is HTTP 403, and so is a refusal.
    return reason in _TRANSIENT_REASONS if reason else error.code in _TRANSIENT_CODES


def _reason(error: exceptions.GoogleAPICallError) -> str:
    details = error.errors[0] if error.errors else None
    return str(details.get("reason", "")) if isinstance(details, dict) else ""


def _text(error: exceptions.GoogleAPICallError) -> str:
    details = error.errors[0] if error.errors else None
    return str(details.get("message", error.message)) if isinstance(details, dict) else str(error.message)
