"""From a distribution and a line to a decision: literal expectations, and the laws of a missing line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.domain.decision import PASS_REASONS, Decisions, Policy, Quotes, Standing, decide, fair_price
from services.worker.domain.distribution import Distributions, Floats, power_normal, to_power
from shared.contract import LineQuote

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)


def quote(line: float = 9.5, *, hours: float = 2.0, books: int = 3, p_market: float | None = 0.5) -> LineQuote:
    """A line posted some hours ago."""
    return LineQuote(line=line, books=books, at=(NOW - timedelta(hours=hours)).isoformat(), p_market=p_market)


def weighed(quoted: LineQuote | None, standing: Standing | None = None) -> Decisions:
    """The decision on a count around 9.5: the edge of 9 is the centre, so that P(over 9.5) is 1/2."""
    forecast = Distributions(np.array([10.0]), np.array([2.0]), 1.0)
    return decide(forecast, Quotes.of([quoted], [NOW]), standing if standing is not None else Standing())


def verdict(made: Decisions) -> tuple[str, str | None]:
    """Recommendation and why it passes."""
    return made.recommendation[0], made.pass_reason[0]


def numbers(made: Decisions) -> list[float]:
    """P(over), P(push), edge and fair prices of both sides."""
    return [float(each[0]) for each in (made.p_over, made.p_push, made.edge, made.fair_over, made.fair_under)]


def test_a_half_line_by_hand() -> None:
    """P(over) is 1/2, the market says 0.4: an edge of 0.1 on the over, and even prices."""
    made = weighed(quote(p_market=0.4))
    assert numbers(made) == pytest.approx([0.5, 0.0, 0.1, -100.0, -100.0])
    assert verdict(made) == ("over", None)


def test_a_push_returns_the_stake() -> None:
    """At 10 over is 0.3085375, push 0.1914625: of what is decided 0.3085375 / 0.8085375 = 0.3816 goes over."""
    made = weighed(quote(10.0, p_market=0.45))
    # 0.3815995 - 0.45; 100 x 0.5 / 0.3085375 and its opposite
    assert numbers(made)[:3] == pytest.approx([0.3085375, 0.1914625, -0.0684005], abs=1e-6)
    assert numbers(made)[3:] == pytest.approx([162.0548, -162.0548], abs=0.001)
    assert verdict(made) == ("under", None)


def test_without_both_prices_there_is_a_probability_but_no_edge() -> None:
    """The line alone gives P(over) and fair prices; nothing is recommended."""
    made = weighed(quote(p_market=None))
    assert numbers(made) == pytest.approx([0.5, 0.0, np.nan, -100.0, -100.0], nan_ok=True)
    assert verdict(made) == ("pass", "no two-sided price")


def test_f14_without_a_line_there_is_nothing() -> None:
    """No number and no reason, and the recommendation says that there is no line."""
    made = weighed(None, Standing(shadow=True, p_play=np.array([0.1])))
    assert np.isnan(numbers(made)).all()
    assert verdict(made) == ("no_line", None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"p_market": 0.4701}, ("pass", "small edge")),  # 0.0299
        ({"p_market": 0.4699}, ("over", None)),
        ({"p_market": 0.5299}, ("pass", "small edge")),
        ({"p_market": 0.5301}, ("under", None)),
        ({"p_market": 0.5}, ("pass", "small edge")),
        ({"p_market": 0.3001}, ("over", None)),  # 0.1999
        ({"p_market": 0.2999}, ("pass", "implausible edge")),
        ({"p_market": 0.6999}, ("under", None)),
        ({"p_market": 0.7001}, ("pass", "implausible edge")),
        ({"p_market": 0.4, "books": 2}, ("over", None)),
        ({"p_market": 0.4, "books": 1}, ("pass", "few books")),
        ({"p_market": 0.4, "hours": 36.0}, ("over", None)),
        ({"p_market": 0.4, "hours": 36.001}, ("pass", "stale line")),
        ({"p_market": 0.4, "hours": -1.0}, ("over", None)),
    ],
)
def test_both_sides_of_every_bound(changes: dict[str, Any], expected: tuple[str, str | None]) -> None:
    """An edge of 0.03 to 0.20, two books, and 36 hours: P(over) is 1/2."""
    assert verdict(weighed(quote(**changes))) == expected


def test_the_bounds_of_an_edge_belong_to_it() -> None:
    """With a policy of 1/16 to 1/4 the edges of exactly 1/16 and exactly 1/4 are recommended."""
    standing = Standing(policy=Policy(min_edge=0.0625, max_edge=0.25))
    assert verdict(weighed(quote(p_market=0.4375), standing)) == ("over", None)
    assert verdict(weighed(quote(p_market=0.25), standing)) == ("over", None)
    assert verdict(weighed(quote(p_market=0.4376), standing)) == ("pass", "small edge")


@pytest.mark.parametrize(
    ("p_play", "expected"),
    [(0.74, ("pass", "may not play")), (0.75, ("over", None)), (1.0, ("over", None)), (np.nan, ("over", None))],
)
def test_a_pick_needs_a_player_who_plays(p_play: float, expected: tuple[str, str | None]) -> None:
    """Three chances in four; a probability that nobody knows is no doubt."""
    assert verdict(weighed(quote(p_market=0.4), Standing(p_play=np.array([p_play])))) == expected


def test_the_most_important_reason_is_told() -> None:
    """All reasons hold at first; then the most important one goes away, one after the other."""
    low, both = np.array([0.5]), {"hours": 50.0, "books": 1}
    found = [
        weighed(quote(**changes), standing).pass_reason[0]
        for changes, standing in (
            ({**both, "p_market": None}, Standing(shadow=True, p_play=low)),
            ({**both, "p_market": None}, Standing(p_play=low)),
            ({**both, "p_market": None}, Standing()),
            ({**both, "p_market": 0.1}, Standing()),
            ({"hours": 50.0, "p_market": 0.1}, Standing()),
            ({"p_market": 0.1}, Standing()),
            ({"p_market": 0.49}, Standing()),
        )
    ]
    assert found == [
        "shadow system", "may not play", "no two-sided price", "few books", "stale line", "implausible edge",
        "small edge",
    ]  # fmt: skip
    assert found == list(PASS_REASONS)


def test_each_row_is_weighed_by_its_own_line() -> None:
    """Four rows: over, no line, under and in doubt."""
    forecast = Distributions(np.full(4, 10.0), np.full(4, 2.0), 1.0)
    quoted = [quote(p_market=0.4), None, quote(p_market=0.6), quote(p_market=0.4)]
    made = decide(forecast, Quotes.of(quoted, [NOW] * 4), Standing(p_play=np.array([0.9, 0.9, 0.9, 0.1])))
    assert list(made.recommendation) == ["over", "no_line", "under", "pass"]
    assert list(made.pass_reason) == [None, None, None, "may not play"]
    assert made.edge == pytest.approx([0.1, np.nan, -0.1, 0.1], nan_ok=True)


def test_quotes_become_columns() -> None:
    """Line, market probability and books as quoted; the age is from the quote to the prediction, in hours."""
    later = NOW + timedelta(hours=1)
    found = Quotes.of([quote(19.5, hours=1.5, books=4, p_market=0.52), None, quote(p_market=None)], [later, NOW, NOW])
    assert list(found.line) == pytest.approx([19.5, np.nan, 9.5], nan_ok=True)
    assert list(found.p_market) == pytest.approx([0.52, np.nan, np.nan], nan_ok=True)
    assert list(found.books) == pytest.approx([4.0, np.nan, 3.0], nan_ok=True)
    assert list(found.age_hours) == pytest.approx([2.5, np.nan, 2.0], nan_ok=True)


def test_fair_prices_by_hand() -> None:
    """-100 p / (1 - p) from an even chance on, 100 (1 - p) / p below; nothing for what is certain or unknown."""
    found = fair_price(np.array([0.5, 0.6, 0.4, 0.75, 0.2, 0.0, 1.0, np.nan]))
    expected = [-100.0, -150.0, 150.0, -300.0, 400.0, np.nan, np.nan, np.nan]
    assert found == pytest.approx(expected, nan_ok=True)


def test_a_certain_push_has_no_price() -> None:
    """Where only the line itself is possible nothing is decided: no share, no edge, no price, no warning of numpy."""
    forecast = Distributions(np.array([9.5]), np.array([0.02]), 1.0)
    made = decide(forecast, Quotes.of([quote(9.0, p_market=0.5)], [NOW]), Standing())
    assert numbers(made) == pytest.approx([0.0, 1.0, np.nan, np.nan, np.nan], nan_ok=True)
    assert verdict(made) == ("pass", "small edge")


halves = st.integers(0, 90).map(lambda n: n / 2)
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
    mean: Floats = np.array([row[0] for row in rows])
    standing = Standing(shadow=shadow, p_play=np.array([row[2] for row in rows]))
    forecast = power_normal(to_power(mean, 0.7), np.full(len(mean), 2.0), 0.7)
    made = decide(forecast, Quotes.of([row[1] for row in rows], [NOW] * len(rows)), standing)
    for i, (_, quoted, _) in enumerate(rows):
        if quoted is None:
            assert np.isnan((made.p_over[i], made.p_push[i], made.edge[i], made.fair_over[i])).all()
            assert (made.recommendation[i], made.pass_reason[i]) == ("no_line", None)
            continue
        assert np.isfinite(made.p_over[i])
        assert np.isnan(made.edge[i]) == (quoted.p_market is None)
        assert (made.recommendation[i] == "pass") == (made.pass_reason[i] in PASS_REASONS)
        if made.recommendation[i] != "pass":
            assert not shadow
            assert made.recommendation[i] == ("over" if made.edge[i] > 0 else "under")
