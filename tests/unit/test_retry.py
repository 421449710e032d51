"""Laws of shared.retry, on a simulated clock."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent, Transient
from shared.retry import RetryPolicy, retry

POLICY = RetryPolicy(attempts=5, attempt_timeout=5.0, base_delay=0.5, max_delay=4.0)


class Script:
    """Calls that fail as told, then succeed; and how long was slept in between."""

    def __init__(self, failures: Sequence[Exception]) -> None:
        self.failures = failures
        self.calls = 0
        self.slept: list[float] = []

    async def call(self, attempt: int) -> str:
        self.calls += 1
        assert attempt == self.calls
        if attempt <= len(self.failures):
            raise self.failures[attempt - 1]
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run(self, policy: RetryPolicy = POLICY, jitter: float = 0.0) -> str:
        return asyncio.run(retry(self.call, policy, sleep=self.sleep, jitter=lambda: jitter))


waits = st.none() | st.floats(0, 1000)


@given(st.lists(waits, max_size=12), st.integers(1, 10), st.floats(0, 0.999))
def test_law_attempts_are_bounded_and_retry_after_is_respected(
    asked: list[float | None], attempts: int, jitter: float
) -> None:
    """However often it fails, at most `attempts` calls are made, and no wait is shorter than was asked for."""
    script = Script([Transient("busy", retry_after=seconds) for seconds in asked])
    policy = RetryPolicy(attempts=attempts, attempt_timeout=5.0, base_delay=0.5, max_delay=4.0)
    if len(asked) < attempts:
        assert script.run(policy, jitter) == "answer"
    else:
        with pytest.raises(Transient):
            script.run(policy, jitter)
    assert script.calls == min(attempts, len(asked) + 1)
    assert len(script.slept) == script.calls - 1
    for slept, seconds in zip(script.slept, asked, strict=False):
        assert slept >= (0 if seconds is None else seconds)


@given(st.integers(1, 100), waits, st.floats(0, 0.999))
def test_law_delay_is_bounded_when_nothing_is_asked(attempt: int, asked: float | None, jitter: float) -> None:
    """A wait is between half the exponential delay and its maximum, unless the other side asks for more."""
    seconds = POLICY.delay(attempt, asked, jitter)
    assert seconds >= 0.25
    assert seconds <= max(POLICY.max_delay, asked if asked is not None else 0)


def test_delays_double() -> None:
    """Without jitter the waits are half of 0.5, 1, 2, 4 s, capped."""
    script = Script([Transient("busy")] * 4)
    script.run()
    assert script.slept == [0.25, 0.5, 1.0, 2.0]


def test_the_last_failure_is_raised() -> None:
    """When the attempts are used up the caller sees the last failure itself."""
    last = Transient("the fifth")
    with pytest.raises(Transient) as raised:
        Script([Transient("busy")] * 4 + [last]).run()
    assert raised.value is last


@pytest.mark.parametrize("failure", [Permanent("no"), ValueError("a bug")])
def test_f28_only_transient_is_tried_again(failure: Exception) -> None:
    """A permanent failure, or a bug, is raised at once."""
    script = Script([failure])
    with pytest.raises(type(failure)):
        script.run()
    assert script.calls == 1
    assert script.slept == []


async def test_an_attempt_over_its_time_limit_is_transient() -> None:
    """A call that hangs is cut off and tried again."""
    cancelled = 0

    async def hang(_: int) -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    script = Script([])
    with pytest.raises(Transient, match="no answer within"):
        await retry(hang, RetryPolicy(attempts=2, attempt_timeout=0.01), sleep=script.sleep)
    assert cancelled == 2


async def test_the_gate_is_passed_before_every_attempt_and_costs_none_of_its_time() -> None:
    """Waiting for one's turn longer than the time limit is no failure."""
    script = Script([Transient("busy")])
    passed = 0

    async def gate() -> None:
        nonlocal passed
        passed += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await asyncio.Event().wait()

    policy = RetryPolicy(attempts=3, attempt_timeout=0.01)
    assert await retry(script.call, policy, sleep=script.sleep, gate=gate) == "answer"
    assert passed == 2


async def test_on_retry_hears_of_every_failure_that_is_tried_again() -> None:
    """It is told the failure, the attempt and the wait."""
    heard: list[tuple[str, int, float]] = []
    script = Script([Transient("one"), Transient("two", retry_after=9)])
    await retry(
        script.call,
        POLICY,
        sleep=script.sleep,
        jitter=lambda: 0.0,
        on_retry=lambda failure, attempt, seconds: heard.append((str(failure), attempt, seconds)),
    )
    assert heard == [("one", 1, 0.25), ("two", 2, 9)]


@pytest.mark.parametrize(
    "change", [{"attempts": 0}, {"attempt_timeout": 0.0}, {"base_delay": -1.0}, {"max_delay": -1.0}]
)
def test_a_policy_that_cannot_work_is_refused(change: dict[str, float]) -> None:
    """No attempt, no time or a negative delay is an error at once."""
    with pytest.raises(ValueError, match="at least one attempt"):
        RetryPolicy(**change)  # type: ignore[arg-type]  # one field at a time, of either type
