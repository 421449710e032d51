"""The three kinds of failure.

Everything that can go wrong is one of these; only `shared.runtime.boundary` maps other exceptions to them.
Every message names the thing and, where there is one, the remedy.
"""


class TipoffError(Exception):
    """Base of the three kinds; never raised itself."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message if not remedy else f"{message}: {remedy}")
        self.remedy = remedy


class Transient(TipoffError):  # noqa: N818 - the domain's own name for it
    """May succeed if tried again: the message is nacked and redelivered with backoff."""

    def __init__(self, message: str, *, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait (HTTP Retry-After), if it did."""


class Permanent(TipoffError):  # noqa: N818 - as above
    """Will fail the same way for ever: the message goes to the dead letter, once, with its reason."""


class Outdated(Permanent):
    """A file that is not there yet, or whose tables another version made: opened to be written, it is made right."""


class Skip(TipoffError):  # noqa: N818 - as above
    """Nothing to do, and that is right: the message is acknowledged and the reason is logged."""


class Conflict(Transient):
    """A compare-and-set met a newer version: read again and retry."""


class AlreadyExists(Permanent):
    """A `create` met an existing document."""


class Missing(Permanent):
    """What was asked for by name is not there."""


def first_line(text: str) -> str:
    """The first line of a statement or an error that says something, for messages."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("--")), "")
