"""The gate every request passes: it counts, keeps the rate limits, and notes who breaks them."""

from collections import Counter, defaultdict, deque
from typing import Any

from devstack.upstream.faults import RETRY_AFTER, Fault, FaultProfile, Verdict
from shared.ports import Clock

REQUESTS_PER_SECOND = 50
_WINDOW = 1.0


def _counts(seen: Counter[str]) -> dict[str, Any]:
    """What one host, or all of them, have seen, as JSON."""
    return {
        "requests": seen["requests"],
        "faults": {fault.value: seen[fault] for fault in sorted(Fault) if seen[fault]},
        "rate_limit_violations": seen["rate_limit_violations"],
        "retry_after_violations": seen["retry_after_violations"],
    }


class Gate:
    """Accounts of all hosts since the upstream started."""

    def __init__(self, clock: Clock, profile: FaultProfile) -> None:
        self.profile = profile
        self._clock = clock
        self._hosts: dict[str, Counter[str]] = defaultdict(Counter)
        self._arrivals: dict[str, deque[float]] = defaultdict(deque)
        self._asked: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}

    def admit(self, host: str, request: str) -> Verdict | None:
        """Count a request; the fault it meets, if any. One too many for its host's limit is answered 429."""
        seen, arrivals, instant = self._hosts[host], self._arrivals[host], self._clock.monotonic()
        seen["requests"] += 1
        if instant < self._not_before.pop(request, instant):
            seen["retry_after_violations"] += 1
        while arrivals and arrivals[0] <= instant - _WINDOW:
            arrivals.popleft()
        if len(arrivals) >= REQUESTS_PER_SECOND:
            seen["rate_limit_violations"] += 1
            self._not_before[request] = instant + RETRY_AFTER
            return Verdict(Fault.RATE_LIMITED, 0)
        arrivals.append(instant)
        asked = self._asked[request]
        self._asked[request] += 1
        verdict = self.profile.verdict(host, request, asked)
        if verdict is not None:
            seen[verdict.fault] += 1
            if verdict.fault is Fault.RATE_LIMITED:
                self._not_before[request] = instant + RETRY_AFTER
        return verdict

    def report(self) -> dict[str, Any]:
        """Per host and in total, as JSON."""
        hosts = {host: _counts(seen) for host, seen in sorted(self._hosts.items())}
        return {"profile": self.profile.name, "hosts": hosts, "totals": _counts(sum(self._hosts.values(), Counter()))}
