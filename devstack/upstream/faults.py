"""Faults on request: which request meets which fault is decided by seed, request and how often it was asked.

So concurrency changes nothing, and at most three consecutive faults meet one request: every fourth time it is told the
truth. A host named with a fault meets it on every request, all night.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    BLOCKED = "blocked"
    """403 with a page, as stats.nba.com answers cloud addresses."""
    REFUSED = "refused"
    """The connection is dropped without an answer."""
    RENAMED = "renamed"
    """Every record's keys have other names."""
    POISONED = "poisoned"
    """One record holds nonsense."""
    STALE = "stale"
    """What it said a day ago."""


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
    hosts: Mapping[str, Fault] = field(default_factory=dict)
    """Hosts that do nothing else, and what they do."""
    credits: int | None = None
    """Credits that the key of The Odds API has left at the start; None: as many as a paid plan has."""

    @classmethod
    def named(cls, name: str, *, seed: int = 0) -> "FaultProfile":
        """The profile called `name`: parts joined by commas, as in `storm,blocked:stats.nba.com,credits:40`.

        Raises:
            Permanent: no such profile, or no such host; the message lists them.
        """
        profile, hosts, credits_left = PROFILES["none"], {}, None
        for part in name.split(","):
            kind, _, of = part.partition(":")
            if kind == _CREDITS and of.isdecimal():
                credits_left = int(of)
            elif kind in set(Fault) and of:
                hosts[_known_host(part, of)] = Fault(kind)
            elif part in PROFILES and not profile.kinds:
                profile = PROFILES[part]
            else:
                raise Permanent(
                    f"unknown fault profile {part!r}",
                    remedy=f"one of {', '.join(PROFILES)}, and with commas any of unreachable:<host> (or another fault "
                    f"of a host) and {_CREDITS}:<number>",
                )
        return cls(name, profile.kinds, profile.share, seed, hosts, credits_left)

    def verdict(self, host: str, request: str, asked: int) -> Verdict | None:
        """The fault that the request meets when it has been asked `asked` times before; None for the truth."""
        if host in self.hosts:
            return Verdict(self.hosts[host], self._drawn(request)[2])
        if not self.kinds or asked % PATIENCE == PATIENCE - 1:
            return None
        chance, kind, draw = self._drawn(f"{request}/{asked}")
        if chance >= self.share * 2**32:
            return None
        return Verdict(self.kinds[kind % len(self.kinds)], draw)

    def _drawn(self, what: str) -> tuple[int, int, int]:
        digest = hashlib.blake2b(f"{self.seed}/{what}".encode(), digest_size=12).digest()
        chance, kind, draw = (int.from_bytes(digest[n : n + 4]) for n in (0, 4, 8))
        return chance, kind, draw


def _known_host(part: str, host: str) -> str:
    if host not in HOSTS:
        raise Permanent(f"fault profile {part!r}: nothing asks {host!r}", remedy=f"one of {', '.join(HOSTS)}")
    return host


_CREDITS = "credits"
STORM = (Fault.RATE_LIMITED, Fault.FLAKY, Fault.HUNG, Fault.TRUNCATED, Fault.HTML, Fault.EMPTY)
PROFILES = {
    profile.name: profile
    for profile in (
        FaultProfile("none"),
        FaultProfile("storm", STORM, 0.4),
        *(FaultProfile(fault.value, (fault,), 0.4) for fault in Fault if fault is not Fault.UNREACHABLE),
    )
}
