"""Laws of shared.runtime.retry, on a simulated clock."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent, Transient
from shared.runtime.deadline import TooLate, due_within
from shared.runtime.retry import RetryPolicy, no_gate, retry

POLICY = RetryPolicy(attempts=5, attempt_timeout=5.0, base_delay=0.5, max_delay=4.0)


class Script:
    """Calls that fail with the given errors, then succeed; and how long was slept in between."""

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


@pytest.mark.parametrize(
    ("attempt", "asked", "jitter", "seconds"),
    [
        (1, None, 0.0, 0.0),
        (1, None, 0.5, 0.25),
        (1, None, 1.0, 0.5),
        (2, None, 0.5, 0.5),
        (3, None, 0.5, 1.0),
        (4, None, 0.5, 2.0),
        (5, None, 0.5, 2.0),
        (5, None, 0.75, 3.0),
        (100_000, None, 0.5, 2.0),
        (1, 0.0, 0.5, 0.25),
        (1, 0.2, 0.5, 0.25),
        (1, 0.3, 0.5, 0.3),
        (1, 60.0, 0.0, 60.0),
    ],
)
def test_a_wait_is_between_nothing_and_all_of_the_exponential_delay(
    attempt: int, asked: float | None, jitter: float, seconds: float
) -> None:
    """0.5 s doubled with each attempt, at most 4 s, times 0 to 1; never less than the other side asks for."""
    assert POLICY.delay(attempt, asked, jitter) == seconds


def test_doubling_ends_after_thirty_two_attempts() -> None:
    """2^32 halves of a second, times one half: nobody computes 2^1000."""
    policy = RetryPolicy(base_delay=0.5, max_delay=float("inf"))
    assert policy.delay(33, None, 0.5) == policy.delay(1000, None, 0.5) == 2.0**30
    assert policy.delay(32, None, 0.5) == 2.0**29


def test_a_policy_unless_told_otherwise() -> None:
    """Eight attempts of 20 s each, waits of half a second to half a minute."""
    assert RetryPolicy() == RetryPolicy(attempts=8, attempt_timeout=20.0, base_delay=0.5, max_delay=30.0)


def test_delays_double() -> None:
    """Half-way the waits are half of 0.5, 1, 2, 4 s, capped."""
    script = Script([Transient("busy")] * 4)
    script.run(jitter=0.5)
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
    with pytest.raises(Transient, match=r"^no answer within 0\.01 s$") as raised:
        await retry(hang, RetryPolicy(attempts=2, attempt_timeout=0.01), sleep=script.sleep)
    assert cancelled == 2
    assert isinstance(raised.value.__cause__, TimeoutError)


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
        jitter=lambda: 0.5,
        on_retry=lambda failure, attempt, seconds: heard.append((str(failure), attempt, seconds)),
    )
    assert heard == [("one", 1, 0.25), ("two", 2, 9)]


async def test_a_refusing_gate_is_a_failure_like_any_other() -> None:
    """A full queue is tried again, and the call is told how many attempts were made."""
    script, passed = Script([]), 0

    async def gate() -> None:
        nonlocal passed
        passed += 1
        if passed == 1:
            raise Transient("full")

    async def call(attempt: int) -> int:
        return attempt

    assert await retry(call, POLICY, sleep=script.sleep, gate=gate, jitter=lambda: 0.5) == 2
    assert script.slept == [0.25]


async def test_a_wait_beyond_the_deadline_is_a_failure_at_once() -> None:
    """A Retry-After that ends after the delivery is not slept: the failure names both, and its cause."""
    busy = Transient("HTTP 429", retry_after=120.0)
    script = Script([Transient("one"), busy])
    heard: list[str] = []
    with (
        due_within(60.5),
        pytest.raises(
            TooLate, match=r"^HTTP 429; not tried again: a wait of 120 s, and the delivery has 60 s left$"
        ) as refused,
    ):
        await retry(
            script.call,
            POLICY,
            sleep=script.sleep,
            jitter=lambda: 0.5,
            on_retry=lambda failure, *_: heard.append(str(failure)),
        )
    assert refused.value.__cause__ is busy
    assert (script.calls, script.slept, heard) == (2, [0.25], ["one"])


async def test_a_gate_that_opens_too_late_is_asked_once() -> None:
    """Its refusal is the failure as it is: to ask again would not make the wait shorter."""
    passed = 0

    async def gate() -> None:
        nonlocal passed
        passed += 1
        raise TooLate("the host pauses")

    script = Script([])
    with pytest.raises(TooLate, match=r"^the host pauses$"):
        await retry(script.call, POLICY, sleep=script.sleep, gate=gate)
    assert (passed, script.calls, script.slept) == (1, 0, [])


async def test_the_library_neither_waits_nor_writes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own waits are none, and its log lines, which hold the failure's text, are switched off."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    script = Script([Transient("s3cr3t")] * 5)
    with caplog.at_level(logging.DEBUG), pytest.raises(Transient):
        await retry(script.call, POLICY, sleep=script.sleep)
    assert set(waits) <= {0}
    assert [record for record in caplog.records if record.name == "backoff"] == []


async def test_waits_are_spread_unless_told_otherwise() -> None:
    """Two retries at once do not come back at once."""
    script = Script([Transient("busy")])
    for _ in range(8):
        script.calls = 0
        await retry(script.call, POLICY, sleep=script.sleep)
    assert len(set(script.slept)) > 1
    assert all(0 <= seconds <= 0.5 for seconds in script.slept)
    await no_gate()


@pytest.mark.parametrize(
    "change",
    [{"attempts": 0}, {"attempt_timeout": 0.0}, {"attempt_timeout": -1.0}, {"base_delay": -0.5}, {"max_delay": -0.5}],
)
def test_a_policy_that_cannot_work_is_refused(change: dict[str, float]) -> None:
    """No attempt, no time or a negative delay is an error at once, and the policy is shown."""
    with pytest.raises(
        ValueError, match=r"^RetryPolicy\(.*\): at least one attempt, a positive time limit and no negative"
    ):
        RetryPolicy(**change)  # type: ignore[arg-type]  # one field at a time, of either type


def test_a_policy_at_its_bounds_is_taken() -> None:
    """One attempt, hardly any time, no delays: then there is no wait at all."""
    policy = RetryPolicy(attempts=1, attempt_timeout=0.001, base_delay=0.0, max_delay=0.0)
    assert policy.delay(3, None, 0.9) == 0.0
    assert Script([]).run(policy) == "answer"
