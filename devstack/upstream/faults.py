"""Faults on request: which request meets which fault is decided by seed, request and how often it was asked.

So concurrency changes nothing, and at most three consecutive faults meet one request: every fourth time it is told the
truth.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from devstack.upstream.hosts import HOSTS
from shared.errors import Permanent

PATIENCE = 4
"""Of this many consecutive requests for one URL, the last is always answered truthfully."""
RETRY_AFTER = 1
"""Seconds a 429 asks for."""
HELD = 4.0
"""Seconds a hung request is held: longer than a client's attempt may take."""


class Fault(StrEnum):
    """What an upstream does instead of answering."""

    RATE_LIMITED = "rate_limited"
    FLAKY = "flaky"
    HUNG = "hung"
    TRUNCATED = "truncated"
    HTML = "html"
    EMPTY = "empty"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fault, and a number in [0, 2^32) that picks among its forms."""

    fault: Fault
    draw: int


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """How often requests are faulted, and how."""

    name: str
    kinds: tuple[Fault, ...] = ()
    share: float = 0.0
    """Chance that a request not owed the truth is faulted."""
    seed: int = 0
    unreachable: str = ""
    """A host that never answers."""

    @classmethod
    def named(cls, name: str, *, seed: int = 0) -> "FaultProfile":
        """The profile called `name`; `unreachable:<host>` is one for every host.

        Raises:
            Permanent: no such profile, or no such host; the message lists them.
        """
        kind, _, host = name.partition(":")
        if kind == Fault.UNREACHABLE and host:
            if host not in HOSTS:
                raise Permanent(f"fault profile {name!r}: nothing asks {host!r}", remedy=f"one of {', '.join(HOSTS)}")
            return cls(name, unreachable=host, seed=seed)
        known = PROFILES.get(name)
        if known is None:
            raise Permanent(
                f"unknown fault profile {name!r}", remedy=f"one of {', '.join(PROFILES)}, unreachable:<host>"
            )
        return cls(known.name, known.kinds, known.share, seed)

    def verdict(self, host: str, request: str, asked: int) -> Verdict | None:
        """The fault that the request meets when it has been asked `asked` times before; None for the truth."""
        if host == self.unreachable:
            return Verdict(Fault.UNREACHABLE, 0)
        if not self.kinds or asked % PATIENCE == PATIENCE - 1:
            return None
        digest = hashlib.blake2b(f"{self.seed}/{request}/{asked}".encode(), digest_size=12).digest()
        chance, kind, draw = (int.from_bytes(digest[n : n + 4]) for n in (0, 4, 8))
        if chance >= self.share * 2**32:
            return None
        return Verdict(self.kinds[kind % len(self.kinds)], draw)


_STORM = (Fault.RATE_LIMITED, Fault.FLAKY, Fault.HUNG, Fault.TRUNCATED, Fault.HTML, Fault.EMPTY)
PROFILES = {
    profile.name: profile
    for profile in (
        FaultProfile("none"),
        FaultProfile("storm", _STORM, 0.4),
        *(FaultProfile(fault.value, (fault,), 0.4) for fault in _STORM),
    )
}


_LISTS = frozenset({"gameDates", "rowSet", "injuries", "bookmakers", "data", "players"})


def emptied(payload: object) -> object:
    """The payload with its list of records empty, its shape otherwise kept."""
    if isinstance(payload, list):
        return []
    if not isinstance(payload, dict):
        return payload
    kept: dict[str, object] = {}
    for key, value in payload.items():
        if key in _LISTS and isinstance(value, list):
            kept[key] = []
        elif key == "resultSets" and isinstance(value, list):
            kept[key] = [emptied(result) for result in value]
        else:
            kept[key] = emptied(value) if isinstance(value, dict) else value
    return kept
