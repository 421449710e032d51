"""Which firings of a schedule are due: each once, whatever the instants at which somebody looks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.scheduler import due, firings, following
from shared.basketball.slate import EASTERN, Mode, eastern_date
from shared.registries.schedules import RUNS_PATH, SCHEDULES, Schedule

HOUR = timedelta(hours=1)
MINUTELY = Schedule("every-minute", "* * * * *", Mode.SAME_DAY, "of this test", path="/v1/every-minute")
TABLE = {**SCHEDULES, MINUTELY.name: MINUTELY}

schedules = st.sampled_from(list(TABLE.values()))
instants = st.one_of(
    st.datetimes(datetime(2024, 2, 1), datetime(2024, 4, 1)),  # noqa: DTZ001 - the strategy takes the zone apart
    st.datetimes(datetime(2024, 10, 20), datetime(2024, 11, 20)),  # noqa: DTZ001 - as above
).map(lambda instant: instant.replace(tzinfo=UTC))
pauses = st.lists(st.timedeltas(timedelta(0), 30 * HOUR), max_size=5)


def between(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    """All instants of a schedule in (after, until]."""
    found = []
    for firing in firings(schedule, after):
        if firing.at > until:
            break
        found.append(firing.at)
    return found


def fired(schedule: Schedule, start: datetime, looks: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """(firing, look that found it) of whoever looks at these instants."""
    since, found = start, []
    for now in looks:
        firing = due(schedule, since, now)
        if firing is not None:
            found.append((firing.at, now))
            since = firing.at
    return found


@given(schedules, instants, pauses)
def test_each_firing_is_made_once_by_whoever_wakes_for_it(
    schedule: Schedule, start: datetime, naps: Sequence[timedelta]
) -> None:
    """However long it slept before: none twice, none too late, and of what a look could still make the newest."""
    looks, now = [], start
    for nap in naps:
        now += nap
        looks.append(now)
    found = fired(schedule, start, looks)
    made = [at for at, _ in found]
    assert made == sorted(set(made))
    assert set(made) <= set(between(schedule, start, now))
    assert all(timedelta(0) <= seen - at < schedule.late for at, seen in found)
    for earlier, later in zip([start, *looks], looks, strict=False):
        in_time = [at for at in between(schedule, earlier, later) if later - at < schedule.late]
        assert [at for at, seen in found if seen == later][-1:] == in_time[-1:] or earlier == later


@given(st.sampled_from(list(SCHEDULES.values())), instants)
def test_whoever_never_sleeps_makes_every_firing_at_its_instant(schedule: Schedule, start: datetime) -> None:
    """Three days, or three hours of what is every minute, waking whenever the next one comes."""
    end, now, looks = start + (72 if schedule.late > timedelta(minutes=1) else 3) * HOUR, start, []
    while (now := following(schedule, now).at) <= end:
        looks.append(now)
    assert fired(schedule, start, looks) == [(at, at) for at in between(schedule, start, end)]


@given(schedules, instants)
def test_a_firing_is_after_the_instant_that_is_asked_about(schedule: Schedule, after: datetime) -> None:
    """Also after one that is not a whole minute, and in UTC."""
    firing = following(schedule, after)
    assert firing.at > after
    assert (firing.at.tzinfo, firing.at.second, firing.at.microsecond) == (UTC, 0, 0)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=lambda schedule: schedule.name)
@pytest.mark.parametrize("day", [datetime(2024, 3, 4, 12), datetime(2024, 3, 10, 12), datetime(2024, 11, 3, 12)])  # noqa: DTZ001 - Eastern, below
def test_a_run_that_is_made_late_is_of_its_own_day(schedule: Schedule, day: datetime) -> None:
    """It names no date: whatever is missed is given up before the day ends, an hour before at least."""
    if schedule.path == RUNS_PATH:
        firing = following(schedule, day.replace(tzinfo=EASTERN) - 12 * HOUR)
        assert eastern_date(firing.end + HOUR / 2) == eastern_date(firing.at)


def eastern(day: tuple[int, int], *, hours: int = 30) -> dict[str, list[str]]:
    """What fires from midnight of a day in 2024 on, on the Eastern wall clock, by schedule."""
    start = datetime(2024, *day, tzinfo=EASTERN).astimezone(UTC)
    return {
        name: [f"{at.astimezone(EASTERN):%d %H:%M%z}" for at in between(schedule, start, start + hours * HOUR)]
        for name, schedule in SCHEDULES.items()
    }


def test_the_night_of_the_spring_change() -> None:
    """10 March 2024: 02:00 to 03:00 is left out. The overnight run is at 05:00, the reconciler skips an hour."""
    fires = eastern((3, 10), hours=22)
    assert fires["overnight"] == ["10 05:00-0400"]
    assert fires["tomorrow"] == ["10 20:00-0400"]
    assert fires["reconcile"][:4] == ["10 00:30-0500", "10 01:30-0500", "10 03:30-0400", "10 04:30-0400"]


def test_the_night_of_the_autumn_change() -> None:
    """3 November 2024: 01:00 to 02:00 comes twice. The overnight run is once, the reconciler looks in both hours."""
    fires = eastern((11, 3), hours=24)
    assert fires["overnight"] == ["03 05:00-0500"]
    assert fires["reconcile"][:4] == ["03 00:30-0400", "03 01:30-0400", "03 01:30-0500", "03 02:30-0500"]


def test_a_fixed_time_in_the_hour_of_the_change_is_neither_lost_nor_doubled() -> None:
    """A schedule at 02:30 or 01:30, had the table one: at the end of the missing hour, in the first of the two."""
    missing = Schedule("missing", "30 2 * * *", Mode.OVERNIGHT, "of this test")
    twice = Schedule("twice", "30 1 * * *", Mode.OVERNIGHT, "of this test")
    spring, autumn = datetime(2024, 3, 10, 5, tzinfo=UTC), datetime(2024, 11, 3, 4, tzinfo=UTC)
    assert between(missing, spring, spring + 24 * HOUR) == [datetime(2024, 3, 10, 7, tzinfo=UTC)]
    assert between(twice, autumn, autumn + 24 * HOUR) == [datetime(2024, 11, 3, 5, 30, tzinfo=UTC)]


def test_only_the_newest_of_missed_firings_is_made() -> None:
    """A machine that wakes at 10:35 Eastern asks for the night's run of today; the reconciler's round just once."""
    woke = datetime(2024, 3, 7, 15, 35, tzinfo=UTC)
    week = woke - 7 * 24 * HOUR
    overnight = due(SCHEDULES["overnight"], week, woke)
    assert overnight is not None
    assert (overnight.at, overnight.key) == (datetime(2024, 3, 7, 10, tzinfo=UTC), "overnight.2024-03-07T10:00Z")
    reconcile = due(SCHEDULES["reconcile"], week, woke)
    assert reconcile is not None
    assert reconcile.at == datetime(2024, 3, 7, 15, 30, tzinfo=UTC)
    assert due(SCHEDULES["predictions-fallback"], week, woke) is None
    assert due(SCHEDULES["tomorrow"], week, woke) is None
