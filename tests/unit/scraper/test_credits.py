"""Credits: what a source says is left, and what is asked for with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.credits import Plan, UsedUp, credits_left, plan, used_up

BODY = b'{"message": "Usage quota has been reached", "error_code": "OUT_OF_USAGE_CREDITS"}'


@pytest.mark.parametrize(
    ("value", "left"),
    [("419", 419), (" 419 ", 419), ("0", 0), ("-3", 0), ("", None), ("many", None), ("1.5", None), ("9" * 400, None)],
)
def test_what_the_header_says(value: str, left: int | None) -> None:
    """A whole number of at most fifteen digits, or nothing."""
    assert credits_left({"x-requests-remaining": value}) == left


def test_without_the_header_nothing_is_known() -> None:
    """Most sources are free."""
    assert credits_left({}) is None


@pytest.mark.parametrize(
    ("status", "body", "used"),
    [(401, BODY, True), (429, BODY, True), (200, BODY, False), (500, BODY, False), (401, b"INVALID_KEY", False)],
)
def test_used_up_credits_are_told_from_a_wrong_key(status: int, body: bytes, *, used: bool) -> None:
    """By the code in the body."""
    assert used_up(status, body) is used


def test_used_up_credits_say_how_many_are_left() -> None:
    """None unless the source says otherwise: fewer than the request costs may be left."""
    assert (UsedUp("The Odds API", None).left, UsedUp("The Odds API", 3).left) == (0, 3)


@pytest.mark.parametrize(
    ("left", "planned"),
    [
        (None, Plan(alternates=True, needed=160)),
        (160, Plan(alternates=True, needed=160)),
        (
            159,
            Plan(
                alternates=False,
                needed=80,
                note="alternate lines are not asked for: 159 credits left, 160 needed with them, 80 without",
            ),
        ),
        (
            80,
            Plan(
                alternates=False,
                needed=80,
                note="alternate lines are not asked for: 80 credits left, 160 needed with them, 80 without",
            ),
        ),
        (
            79,
            Plan(
                alternates=False,
                needed=80,
                refusal="credits used up: 79 left, 80 needed for 8 games; "
                "buy more, ask for fewer markets (TIPOFF_ODDS_MARKETS), or wait for the next period",
            ),
        ),
    ],
)
def test_alternates_go_first_then_everything(left: int | None, planned: Plan) -> None:
    """Eight games, ten markets, one region: 160 credits with alternate lines, 80 without."""
    assert plan(left, live=8, past=0, markets=10, regions=1, alternates=True) == planned


def test_the_past_costs_ten_times_as_much_and_a_region_as_much_again() -> None:
    """A live and two past games, three markets, two regions."""
    assert plan(None, live=1, past=2, markets=3, regions=2, alternates=False).needed == 21 * 6
    assert plan(None, live=1, past=2, markets=3, regions=2, alternates=True).needed == 2 * 21 * 6


def test_alternates_that_are_not_wanted_are_not_missed() -> None:
    """Nothing is said of what was not asked for."""
    assert plan(80, live=8, past=0, markets=10, regions=1, alternates=False) == Plan(alternates=False, needed=80)


@given(
    left=st.integers(0, 3000),
    live=st.integers(0, 15),
    past=st.integers(0, 15),
    markets=st.integers(1, 10),
    regions=st.integers(1, 4),
    alternates=st.booleans(),
)
def test_law_what_is_asked_for_is_paid_for(
    left: int, live: int, past: int, markets: int, regions: int, *, alternates: bool
) -> None:
    """Never more than is left; alternates whenever they fit; everything is refused only when the main lines do not."""
    planned = plan(left, live=live, past=past, markets=markets, regions=regions, alternates=alternates)
    mains = (live + 10 * past) * markets * regions
    assert bool(planned.refusal) is (mains > left)
    assert planned.refusal or planned.needed <= left
    assert planned.alternates is (alternates and 2 * mains <= left)
    assert bool(planned.note) is (alternates and not planned.alternates and not planned.refusal)
