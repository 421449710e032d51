"""Google's errors as ours: one table by gRPC status for every client that speaks gRPC.

The clients themselves retry nothing (`retry=None`): there is one layer of retries, the bus's redelivery, so that a call
is bounded by its own time limit.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.api_core import exceptions
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError

from shared.errors import Permanent, Transient

T = TypeVar("T")

TRANSIENT = (
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""Statuses that may be gone at the next attempt; every other one fails the same way for ever."""

_LOGIN = "give the process a service account, or run: gcloud auth application-default login"


def classified(error: GoogleAPICallError, what: str, *, role: str) -> Transient | Permanent:
    """The kind of failure a refused call is, in one line.

    Args:
        error: what the client raised.
        what: names the thing the call was about.
        role: the IAM role the call needs.
    """
    line = f"{what}: {type(error).__name__}: {' '.join(str(error.message).split())}"
    # Without a status the answer came from something in between, a proxy or a load balancer.
    if isinstance(error, TRANSIENT) or error.grpc_status_code is None:
        return Transient(line)
    if isinstance(error, exceptions.PermissionDenied):
        return Permanent(line, remedy=f"grant the process's service account {role}")
    if isinstance(error, exceptions.Unauthenticated):
        return Permanent(line, remedy=_LOGIN)
    return Permanent(line)


@contextmanager
def google_errors(what: str, *, role: str) -> Iterator[None]:
    """Raise what Google's client raises inside as `Transient` or `Permanent`; see `classified`."""
    try:
        yield
    except GoogleAPICallError as error:
        raise classified(error, what, role=role) from error
    except GoogleAuthError as error:
        raise Permanent(f"{what}: {' '.join(str(error).split())}", remedy=_LOGIN) from error


async def at_once(calls: Iterable[Awaitable[T]]) -> list[T]:
    """What all of the calls answer, in their order; once all have ended, the first failure if there was any."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    answers = []
    for each in ended:
        if isinstance(each, BaseException):
            raise each
        answers.append(each)
    return answers
