"""Laws of the decision: what a distribution and a line may lead to."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.domain.decision import PASS_REASONS, Decisions, Quotes, Standing, decide, fair_price
from services.worker.domain.distribution import Counts, Floats, power_normal, to_power
from shared.contract import LineQuote
from shared.counts import against
from shared.errors import Permanent
from shared.odds import devig, fair, implied

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
halves = st.integers(0, 90).map(lambda n: n / 2)
prices = st.one_of(st.integers(-900, -100), st.integers(100, 900)).map(float)


def counts(mean: Floats, scale: float = 2.0, power: float = 0.7) -> Counts:
    """Distributions around the given expectations."""
    return power_normal(to_power(mean, power), np.full(len(mean), scale), power)


def quote(line: float = 19.5, *, hours: float = 2.0, books: int = 3, p_market: float | None = 0.5) -> LineQuote:
    """A line posted some hours ago."""
    return LineQuote(line=line, books=books, at=(NOW - timedelta(hours=hours)).isoformat(), p_market=p_market)


def one(mean: float = 20.0, quoted: LineQuote | None = None, standing: Standing | None = None) -> Decisions:
    """The decision on a count around the given expectation."""
    forecast = counts(np.array([mean]))
    return decide(forecast, Quotes.of([quoted], [NOW]), standing if standing is not None else Standing())


quotes = st.one_of(
    st.none(),
    st.builds(
        quote,
        halves,
        hours=st.floats(0.0, 100.0),
        books=st.integers(1, 9),
        p_market=st.one_of(st.none(), st.floats(0.3, 0.7)),
    ),
)


@given(st.lists(st.tuples(st.floats(0.1, 45.0), quotes, st.floats(0.0, 1.0)), min_size=1, max_size=6), st.booleans())
def test_f14_no_line_no_probability_and_every_pass_has_its_reason(
    rows: list[tuple[float, LineQuote | None, float]],
    shadow: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Probabilities, edges and picks exist only where a line does; picks only where a market price does."""
    mean = np.array([row[0] for row in rows])
    standing = Standing(shadow=shadow, p_play=np.array([row[2] for row in rows]))
    made = decide(counts(mean), Quotes.of([row[1] for row in rows], [NOW] * len(rows)), standing)
    for i, (_, quoted, _) in enumerate(rows):
        numbers = (made.p_over[i], made.p_push[i], made.edge[i], made.fair_over[i])
        if quoted is None:
            assert np.isnan(numbers).all()
            assert (made.recommendation[i], made.pass_reason[i]) == ("no_line", None)
            continue
        assert np.isfinite(made.p_over[i])
        assert np.isnan(made.edge[i]) == (quoted.p_market is None)
        assert (made.recommendation[i] == "pass") == (made.pass_reason[i] in PASS_REASONS)
        if made.recommendation[i] != "pass":
            assert not shadow
            assert made.recommendation[i] == ("over" if made.edge[i] > 0 else "under")


@pytest.mark.parametrize(
    ("quoted", "standing", "reason"),
    [
        (quote(p_market=None), Standing(), "no two-sided price"),
        (quote(books=1), Standing(), "few books"),
        (quote(hours=36.1), Standing(), "stale line"),
        (quote(p_market=0.52), Standing(), "small edge"),
        (quote(p_market=0.25), Standing(), "implausible edge"),
        (quote(p_market=0.4), Standing(shadow=True), "shadow system"),
        (quote(p_market=0.4), Standing(p_play=np.array([0.7])), "may not play"),
        (quote(p_market=0.4, hours=100, books=1), Standing(shadow=True), "shadow system"),
        (quote(p_market=0.4), Standing(p_play=np.array([0.75])), None),
        (quote(p_market=0.4), Standing(p_play=np.array([np.nan])), None),
    ],
)
def test_why_a_line_is_passed(quoted: LineQuote, standing: Standing, reason: str | None) -> None:
    """The most important reason that holds is told; a probability to play that nobody knows is none."""
    made = one(20.0, quoted, standing)
    assert made.pass_reason[0] == reason
    assert made.recommendation[0] == ("over" if reason is None else "pass")


def test_f36_the_edge_goes_with_the_forecast_and_against_the_market() -> None:
    """More expected, more edge; a dearer over, less; and the side follows the sign."""
    low, high, dear = one(18.0, quote()), one(22.0, quote()), one(22.0, quote(p_market=0.6))
    assert low.edge[0] < high.edge[0]
    assert dear.edge[0] < high.edge[0]
    assert one(18.0, quote()).recommendation[0] == "under"


@given(st.floats(0.5, 45.0), halves, st.floats(0.4, 1.0))
def test_fair_prices_break_even_and_a_push_returns_the_stake(mean: float, line: float, power: float) -> None:
    """Given no push, the two fair prices imply probabilities that add up to one."""
    forecast = counts(np.array([mean]), 1.2, power)
    made = decide(forecast, Quotes.of([quote(line)], [NOW]), Standing())
    both = [implied(price) for price in (float(made.fair_over[0]), float(made.fair_under[0])) if np.isfinite(price)]
    if len(both) == 2 and None not in both:
        assert sum(p for p in both if p is not None) == pytest.approx(1.0)
    assert made.p_push[0] == 0 or line == int(line)


@given(st.floats(0.05, 45.0), st.floats(0.1, 4.0), st.integers(-2, 90).map(lambda n: n / 2), st.floats(0.4, 1.0))
def test_a_stored_distribution_answers_like_the_worker(mean: float, scale: float, line: float, power: float) -> None:
    """The scalar twin, from what is stored, gives the probabilities of the arrays; whatever the line."""
    found = counts(np.array([mean]), scale, power)
    answer = against(line, centre=float(found.centre[0]), scale=float(found.scale[0]), power=found.power)
    assert answer.p_over == pytest.approx(found.over(np.array([line]))[0], abs=1e-8)
    assert answer.p_push == pytest.approx(found.push(np.array([line]))[0], abs=1e-8)
    assert answer.p_over + answer.p_push + answer.p_under == pytest.approx(1.0)
    share = np.array([answer.p_over / (answer.p_over + answer.p_under)]) if answer.p_over + answer.p_under else None
    if share is not None and answer.fair_over is not None:
        assert answer.fair_over == pytest.approx(fair_price(share)[0])


@given(prices, prices)
def test_devigged_sides_add_up_to_one(over: float, under: float) -> None:
    """What is left without the margin is a probability, the same whichever side is asked."""
    one_side, other = devig(over, under), devig(under, over)
    assert (one_side is None) == (other is None)
    if one_side is not None and other is not None:
        assert one_side + other == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("over", "under", "expected"),
    [(-110.0, -110.0, 0.5), (-150.0, 130.0, 0.6 / (0.6 + 100 / 230)), (None, -110.0, None), (0.0, -110.0, None),
     (-110.0, 50.0, None), (-900.0, -900.0, None), (300.0, 300.0, None)],
)  # fmt: skip
def test_f31_only_two_prices_that_fit_together_are_a_market(
    over: float | None, under: float | None, expected: float | None
) -> None:
    """Zero and +50 are no American odds; 1.8 or 0.5 is no overround."""
    assert devig(over, under) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("p", "price"), [(0.5, -100.0), (0.6, -150.0), (0.4, 150.0), (0.0, None), (1.0, None)])
def test_fair_prices_by_hand(p: float, price: float | None) -> None:
    """Even is -100; what is certain has no price."""
    assert fair(p) == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize(("line", "scale"), [(float("nan"), 1.0), (float("inf"), 1.0), (9.5, 0.0)])
def test_nonsense_is_refused(line: float, scale: float) -> None:
    """A line is a number, and a distribution has a width."""
    with pytest.raises(Permanent):
        against(line, centre=10.0, scale=scale, power=0.7)
