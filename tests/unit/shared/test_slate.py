"""Business dates and cutoffs, over midnight and daylight saving."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.slate import (
    EASTERN,
    PREDICTED_SEASON_TYPES,
    SAME_DAY_LEAD,
    Mode,
    cutoff,
    days,
    eastern_date,
    eastern_instant,
    season_of,
    season_type_of,
)

dates = st.dates(date(2000, 1, 2), date(2060, 12, 30))
times = st.times()
instants = st.datetimes(datetime(2000, 1, 2), datetime(2060, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
CHANGES = [date(2024, 3, 10), date(2024, 11, 3), date(2023, 11, 5), date(2023, 3, 12)]


@given(dates, times)
def test_f10_an_eastern_time_is_on_its_eastern_date(day: date, at: time) -> None:
    """Whatever the hour, and also when it is tomorrow in UTC; but for the hour that spring skips."""
    instant = eastern_instant(day, at)
    assert instant.utcoffset() == timedelta(0)
    assert eastern_date(instant) == day
    back = instant.astimezone(EASTERN)
    if back.time() != at:
        assert back.replace(tzinfo=None) - datetime.combine(day, at) == timedelta(hours=1)


@given(instants)
def test_f10_the_date_of_an_instant_is_new_yorks(instant: datetime) -> None:
    """Between 00:00 and 04:00 UTC it is still the evening before."""
    start = eastern_instant(eastern_date(instant))
    after = eastern_instant(eastern_date(instant) + timedelta(days=1))
    assert start <= instant < after
    assert after - start in (timedelta(hours=23), timedelta(hours=24), timedelta(hours=25))


def test_f10_after_midnight_utc_it_is_still_tonight() -> None:
    """By hand: 00:30 UTC of 5 March is 19:30 ET of 4 March."""
    assert eastern_date(datetime(2024, 3, 5, 0, 30, tzinfo=UTC)) == date(2024, 3, 4)
    assert eastern_date(datetime(2024, 3, 5, 5, 0, tzinfo=UTC)) == date(2024, 3, 5)


def test_a_naive_instant_is_refused() -> None:
    """Nobody knows which instant it is."""
    with pytest.raises(ValueError, match="naive instant"):
        eastern_date(datetime(2024, 3, 4, 12))  # noqa: DTZ001 - that is the point


def test_a_repeated_hour_means_its_first_occurrence() -> None:
    """01:30 ET of 3 November 2024 is 05:30 UTC, not 06:30; a skipped 02:30 is read with the offset before."""
    assert eastern_instant(date(2024, 11, 3), time(1, 30)) == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)
    assert eastern_instant(date(2024, 3, 10), time(2, 30)) == datetime(2024, 3, 10, 7, 30, tzinfo=UTC)


@given(st.one_of(dates, st.sampled_from(CHANGES)), times)
def test_f25_the_overnight_cutoff_is_at_seven_eastern(day: date, tip: time) -> None:
    """On every date of the year, whenever the game tips off, also after midnight."""
    at = cutoff(Mode.OVERNIGHT, day, eastern_instant(day, tip))
    assert at.astimezone(EASTERN).replace(tzinfo=None) == datetime.combine(day, time(7))


@given(instants)
def test_f25_the_same_day_cutoff_is_twenty_minutes_before_the_tip(tip: datetime) -> None:
    """Across midnight and daylight saving it is twenty minutes of time, not of the clock's face."""
    at = cutoff(Mode.SAME_DAY, eastern_date(tip), tip)
    assert tip - at == SAME_DAY_LEAD == timedelta(minutes=20)


@given(dates)
def test_a_season_runs_from_august_to_july(day: date) -> None:
    """The label holds for a whole season and changes with it."""
    label = season_of(day)
    start = int(label[:4])
    assert date(start, 8, 1) <= day < date(start + 1, 8, 1)
    assert label == f"{start}-{str(start + 1)[2:]}"


def test_seasons_by_hand() -> None:
    """Opening night, the finals, the turn of the century."""
    assert season_of(date(2023, 10, 24)) == season_of(date(2024, 6, 17)) == "2023-24"
    assert season_of(date(1999, 11, 2)) == "1999-00"


@pytest.mark.parametrize(
    ("game_id", "kind"),
    [("0022300900", "regular"), ("0042300101", "playoffs"), ("0052300101", "playin"), ("0062300001", "cup_final"),
     ("0012300001", "preseason"), ("0032300001", "allstar"), ("0072300001", "other"), ("", "other")],
)  # fmt: skip
def test_a_game_id_says_what_kind_of_game_it_is(game_id: str, kind: str) -> None:
    """By its first three characters; only games that count are predicted."""
    assert season_type_of(game_id) == kind
    assert (kind in PREDICTED_SEASON_TYPES) == (kind in ("regular", "playoffs", "playin", "cup_final"))


@given(dates, st.integers(0, 60))
def test_days_are_every_date_in_order(first: date, more: int) -> None:
    """Both ends included, none skipped, and none when the ends are the wrong way round."""
    last = first + timedelta(days=more)
    found = days(first, last)
    assert (found[0], found[-1], len(found)) == (first, last, more + 1)
    assert found == sorted(set(found))
    assert days(last + timedelta(days=1), first) == []


@given(dates, times, instants)
def test_nothing_later_than_the_run_itself_is_ever_allowed_by_an_early_look(
    day: date, tip: time, asked: datetime
) -> None:
    """`tomorrow` and `manual` know at most what was known when they were asked, and never more than in retrospect."""
    at = eastern_instant(day, tip)
    for mode in (Mode.TOMORROW, Mode.MANUAL):
        assert cutoff(mode, day, at, asked) == min(asked, cutoff(mode, day, at))
    assert cutoff(Mode.MANUAL, day, at) == cutoff(Mode.SAME_DAY, day, at)
    assert cutoff(Mode.TOMORROW, day, at) == cutoff(Mode.BACKFILL, day, at) == cutoff(Mode.OVERNIGHT, day, at)
