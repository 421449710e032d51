"""What a page says of a failure: status, what is wrong, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from shared.errors import TipoffError, Transient
from shared.runtime.access import Untrusted
from shared.runtime.answers import Refusal
from shared.runtime.boundary import classify
from shared.runtime.redaction import redacted

KINDS: Final = (Refusal, Untrusted, TipoffError, ExceptionGroup)
"""Failures of which somebody is told; anything else is a bug."""


class Unknown(Refusal):
    """What was asked for is not there; what else there is."""

    def __init__(self, message: str, remedy: str = "", suggestions: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, message, remedy)
        self.suggestions = tuple(suggestions)
        """Words and addresses."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure."""

    status: HTTPStatus
    what: str
    remedy: str
    suggestions: tuple[tuple[str, str], ...] = ()


def failed(error: Exception) -> Failed:
    """A failure of one of the kinds, without any credential that it may quote.

    Raises:
        ExceptionGroup: there is a bug in the group.
    """
    if isinstance(error, ExceptionGroup):
        if error.split(TipoffError)[1] is not None:
            raise error
        error = classify(error)
    match error:
        case Refusal():
            status, remedy = error.status, error.remedy
        case Untrusted():
            status, remedy = error.status, "sign in with a key that has the role"
        case Transient():
            status, remedy = HTTPStatus.SERVICE_UNAVAILABLE, "try again shortly"
        case TipoffError():
            status, remedy = HTTPStatus.BAD_REQUEST, error.remedy
        case _:
            raise error
    what = str(error).removesuffix(f": {remedy}")
    suggestions = error.suggestions if isinstance(error, Unknown) else ()
    return Failed(HTTPStatus(status), redacted(what), redacted(remedy), suggestions)
