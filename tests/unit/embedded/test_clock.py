"""The virtual clock stands still and does not go back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.embedded.clock import VirtualClock
from shared.errors import Permanent

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


async def test_now_stands_still_while_time_is_waited() -> None:
    """Dates are virtual, waiting is not."""
    clock = VirtualClock(NOON)
    before = clock.monotonic()
    await clock.sleep(0.005)
    assert clock.now() == NOON
    assert clock.monotonic() > before


def test_setting_moves_it_and_converts_to_utc() -> None:
    """Another zone's instant is the same instant."""
    clock = VirtualClock(NOON)
    clock.set(datetime(2024, 3, 4, 9, tzinfo=timezone(timedelta(hours=-5))))
    assert clock.now() == datetime(2024, 3, 4, 14, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_it_goes_back_only_by_force() -> None:
    """What was learnt since would be known too early."""
    clock = VirtualClock(NOON)
    with pytest.raises(Permanent, match="cannot go back to 2024-03-04T11:59:59"):
        clock.set(NOON - timedelta(seconds=1))
    assert clock.now() == NOON
    clock.set(NOON - timedelta(days=1), force=True)
    assert clock.now() == NOON - timedelta(days=1)


def test_a_naive_instant_is_refused() -> None:
    """At the start and later."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Permanent, match="naive"):
        VirtualClock(naive)
    with pytest.raises(Permanent, match="naive"):
        VirtualClock(NOON).set(naive)
