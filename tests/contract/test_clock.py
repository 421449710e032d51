"""The clock: aware UTC, and durations that never run backwards."""

from datetime import UTC

from shared.ports import Clock


async def test_now_is_aware_utc(clock: Clock) -> None:
    """Instants are UTC, never naive."""
    assert clock.now().tzinfo is UTC


async def test_sleeping_takes_as_long_as_asked(clock: Clock) -> None:
    """`monotonic` measures what `sleep` waits."""
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.01


async def test_now_does_not_run_backwards(clock: Clock) -> None:
    """Later is not earlier."""
    before = clock.now()
    await clock.sleep(0)
    assert clock.now() >= before
