"""The virtual clock stands still and does not go back."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.embedded.clock import FileClock, VirtualClock
from shared.errors import Permanent
from shared.runtime.clock import WallClock

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


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    """And its durations do not go back."""
    clock = WallClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.monotonic() <= clock.monotonic()


def test_setting_the_same_instant_again_is_no_going_back() -> None:
    """Two who set it to the same instant both may."""
    clock = VirtualClock(NOON)
    clock.set(NOON)
    assert clock.now() == NOON


def test_a_file_clock_is_shared_by_all_who_read_the_file(tmp_path: Path) -> None:
    """Set by one, read by another; white space around the instant does not matter, its zone does."""
    mine, other = FileClock(tmp_path / "clock"), FileClock(tmp_path / "clock")
    mine.set(datetime(2024, 3, 4, 7, tzinfo=timezone(timedelta(hours=-5))))
    assert (tmp_path / "clock").read_text() == "2024-03-04T12:00:00+00:00"
    assert other.now() == NOON
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]
    (tmp_path / "clock").write_text(" 2024-03-04T13:00:00+01:00\n")
    assert (mine.now(), mine.now().tzinfo) == (NOON, UTC)


def test_a_file_clock_goes_back_only_by_force(tmp_path: Path) -> None:
    """As the virtual clock does; the same instant again is no going back."""
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    clock.set(NOON)
    with pytest.raises(Permanent) as error:
        clock.set(NOON - timedelta(seconds=1))
    assert str(error.value) == f"clock file {tmp_path}/clock stands at 2024-03-04T12:00:00+00:00 and cannot go back"
    assert clock.now() == NOON
    clock.set(NOON - timedelta(days=1), force=True)
    assert clock.now() == NOON - timedelta(days=1)


@pytest.mark.parametrize("text", [None, "soon", "2024-03-04T12:00:00"])
def test_a_clock_file_without_an_instant_is_refused(tmp_path: Path, text: str | None) -> None:
    """Missing, no instant, or a naive one: never taken for now."""
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Permanent, match="clock"):
        FileClock(path).now()
    with pytest.raises(Permanent, match="naive"):
        FileClock(path).set(NOON.replace(tzinfo=None))
