"""A source's circuit breaker: one that is down is not asked again and again for a whole night.

Own code, as the libraries for it (purgatory, pybreaker, aiobreaker) read the process's clock and count plainly: a third
of a storm's requests fail, and of many requests at once those that hang end last, one after the other, though the
source has answered all others meanwhile. Here a failure counts only if the source has answered nothing since it was
asked, and what it has answered, be it a refusal, ends the count.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from shared.errors import Permanent
from shared.runtime.logs import get_logger

FAILURES: Final = 8
"""Failures in a row, of whatever requests, that open the breaker. A storm in which each attempt fails like that with a
chance of 0.13 gets there once in ten million attempts."""
STUBBORN: Final = 4
"""Failures in a row of one and the same request that do: no fault lasts more than three answers to the same request
(docs/adr/0007-empty-answers.md). With the usual waits between attempts that is 3.5 s at most."""
PROBE_AFTER: Final = (5.0, 60.0)
"""Seconds, first and most, after which one request is let through to see whether the source is back; a probe that fails
doubles them."""

DOWN: Final = frozenset({"timeout", "connection", "server_error", "html", "refused_403"})
"""Kinds of failure that a source in trouble, or one that keeps us out, gives whatever it is asked."""

_log = get_logger("breaker")


class Refused(Permanent):
    """A status that says no."""

    def __init__(self, status: int, *, remedy: str = "") -> None:
        super().__init__(f"HTTP {status}", remedy=remedy)
        self.kind = f"refused_{status}"


class NotAsked(Permanent):
    """The breaker is open: the request was not made."""


class Breaker:
    """Closed, open, or half-open with one probe under way."""

    def __init__(self, source: str, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._failures: Counter[str] = Counter()
        """By request, since the last answer."""
        self._answered_at = float("-inf")
        self._probe_at: float | None = None
        """When it is asked again; None: the breaker is closed."""
        self._probe_after = PROBE_AFTER[0]
        self._probing = False
        self._why = ""

    def check(self) -> None:
        """Whether the source may be asked.

        Raises:
            NotAsked: it is down; the reason says why and until when.
        """
        if self._probe_at is not None and (rest := self._probe_at - self._monotonic()) > 0:
            raise NotAsked(f"{self._source} is down ({self._why}): not asked, tried again in {rest:.0f} s")

    def asked(self) -> None:
        """A request is about to be sent: in an open breaker the probe, and until the next one nobody else is let in."""
        if self._probe_at is not None:
            self._probe_at = self._monotonic() + self._probe_after
            self._probing = True

    def answered(self) -> None:
        """The source is there."""
        if self._probe_at is not None:
            _log.warning("breaker_closed", source=self._source)
        self._probe_at, self._probing, self._probe_after = None, False, PROBE_AFTER[0]
        self._failures.clear()
        self._answered_at = self._monotonic()

    def failed(self, request: str, asked_at: float, why: str) -> None:
        """A request that was asked at an instant got no answer, or one that only a source in trouble gives."""
        if self._answered_at >= asked_at:
            return
        self._failures[request] += 1
        number = self._failures.total()
        self._why = f"{number} failures in a row, the last: {why}"
        if self._probing:
            self._probe_after = min(2 * self._probe_after, PROBE_AFTER[1])
            self._open()
        elif self._probe_at is None and (number >= FAILURES or self._failures[request] >= STUBBORN):
            _log.warning("breaker_opened", source=self._source, reason=self._why)
            self._open()

    def _open(self) -> None:
        self._probing = False
        self._probe_at = self._monotonic() + self._probe_after
