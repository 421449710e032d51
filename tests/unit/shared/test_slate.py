"""Business dates and cutoffs, over midnight and daylight saving."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basketball.slate import (
    BOX_SCORE_LAG,
    EASTERN,
    PREDICTED_SEASON_TYPES,
    RETROSPECT,
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
    """By hand: midnight is at 05:00 UTC in winter and at 04:00 in summer."""
    assert eastern_date(datetime(2024, 3, 5, 0, 30, tzinfo=UTC)) == date(2024, 3, 4)
    assert eastern_date(datetime(2024, 3, 5, 4, 59, 59, tzinfo=UTC)) == date(2024, 3, 4)
    assert eastern_date(datetime(2024, 3, 5, 5, 0, tzinfo=UTC)) == date(2024, 3, 5)
    assert eastern_date(datetime(2024, 4, 5, 3, 59, 59, tzinfo=UTC)) == date(2024, 4, 4)
    assert eastern_date(datetime(2024, 4, 5, 4, 0, tzinfo=UTC)) == date(2024, 4, 5)


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2024, 1, 15), time(0), datetime(2024, 1, 15, 5, tzinfo=UTC)),
        (date(2024, 7, 15), time(0), datetime(2024, 7, 15, 4, tzinfo=UTC)),
        (date(2024, 1, 15), time(22, 15, 30), datetime(2024, 1, 16, 3, 15, 30, tzinfo=UTC)),
        (date(2024, 3, 10), time(1, 59), datetime(2024, 3, 10, 6, 59, tzinfo=UTC)),
        (date(2024, 3, 10), time(3), datetime(2024, 3, 10, 7, tzinfo=UTC)),
        (date(2024, 11, 3), time(2), datetime(2024, 11, 3, 7, tzinfo=UTC)),
    ],
)
def test_f10_eastern_times_by_hand(day: date, at: time, instant: datetime) -> None:
    """Five hours before UTC in winter, four in summer; a day begins at midnight unless told otherwise."""
    assert eastern_instant(day, at) == instant
    assert eastern_instant(day, at).tzinfo is UTC
    if at == time(0):
        assert eastern_instant(day) == instant


def test_a_naive_instant_is_refused() -> None:
    """Nobody knows which instant it is."""
    naive = r"^naive instant datetime.datetime\(2024, 3, 4, 12, 0\): instants are aware UTC$"
    with pytest.raises(ValueError, match=naive):
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


TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
EARLY, LATE = datetime(2024, 3, 4, 11, 30, tzinfo=UTC), datetime(2024, 3, 5, 0, 20, tzinfo=UTC)
SEVEN, LEAD = datetime(2024, 3, 4, 12, tzinfo=UTC), datetime(2024, 3, 5, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mode", "asked_at", "limit"),
    [
        ("overnight", EARLY, SEVEN),
        ("overnight", LATE, SEVEN),
        ("backfill", EARLY, SEVEN),
        ("backfill", LATE, SEVEN),
        ("tomorrow", EARLY, EARLY),
        ("tomorrow", LATE, SEVEN),
        ("same_day", EARLY, LEAD),
        ("same_day", LATE, LEAD),
        ("manual", EARLY, EARLY),
        ("manual", LATE, LEAD),
    ],
)
def test_f25_cutoffs_by_hand(mode: str, asked_at: datetime, limit: datetime) -> None:
    """For a tip-off at 19:30 ET of 4 March, asked at 06:30 and at 19:20 ET: 07:00, 19:10, or when it was asked."""
    assert cutoff(Mode(mode), date(2024, 3, 4), TIP, asked_at) == limit


def test_a_box_score_is_known_three_hours_after_tip_off() -> None:
    """And a retrospective run has no instant of its own that comes before any."""
    assert timedelta(hours=3) == BOX_SCORE_LAG
    assert datetime(9999, 12, 31, tzinfo=UTC) == RETROSPECT


@given(dates)
def test_a_season_runs_from_august_to_july(day: date) -> None:
    """The label holds for a whole season and changes with it."""
    label = season_of(day)
    start = int(label[:4])
    assert date(start, 8, 1) <= day < date(start + 1, 8, 1)
    assert label == f"{start}-{str(start + 1)[2:]}"


def test_seasons_by_hand() -> None:
    """Opening night, the finals, the last and the first day of a season, the turn of the century."""
    assert season_of(date(2023, 8, 1)) == season_of(date(2024, 7, 31)) == "2023-24"
    assert season_of(date(2023, 7, 31)) == "2022-23"
    assert season_of(date(2008, 12, 31)) == season_of(date(2009, 1, 1)) == "2008-09"
    assert season_of(date(2023, 10, 24)) == season_of(date(2024, 6, 17)) == "2023-24"
    assert season_of(date(1999, 11, 2)) == "1999-00"


@pytest.mark.parametrize(
    ("game_id", "kind"),
    [("0022300900", "regular"), ("0042300101", "playoffs"), ("0052300101", "playin"), ("0062300001", "cup_final"),
     ("0012300001", "preseason"), ("0032300001", "allstar"), ("0072300001", "other"), ("", "other")],
)  # fmt: skip
def test_a_game_id_says_what_kind_of_game_it_is(game_id: str, kind: str) -> None:
    """By its first three characters; only games that count are predicted."""
    assert PREDICTED_SEASON_TYPES == ("regular", "playoffs", "playin", "cup_final")
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
