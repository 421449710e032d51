"""Blocks of SQL that are repeated for every market, sum, statistic and feature."""

import pytest

from shared.errors import Permanent
from shared.registries.expansion import expanded
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS, STATISTICS


def test_a_block_is_repeated_for_every_market() -> None:
    """Its lines in the registry's order, and what is around them stays; a sum is that of its statistics."""
    text = "SELECT\n  -- for each market\n  MAX({sum of a.*_mean}) AS {market}_x,\n  -- end\n  b\n"
    *lines, last = expanded(text, "a.sql").splitlines()
    assert lines[:6] == [
        "SELECT",
        "  MAX(a.points_mean) AS points_x,",
        "  MAX(a.rebounds_mean) AS rebounds_x,",
        "  MAX(a.assists_mean) AS assists_x,",
        "  MAX(a.threes_mean) AS threes_x,",
        "  MAX(a.points_mean + a.rebounds_mean + a.assists_mean) AS pra_x,",
    ]
    assert (len(lines), last) == (1 + len(MARKETS), "  b")


def test_blocks_of_sums_statistics_and_features() -> None:
    """A sum is a market of several statistics; a statistic is named once; a feature is taken from its source."""
    first, *_ = expanded("-- for each sum\n{sum of *} AS {market}\n-- end\n", "").splitlines()
    assert first == "points + rebounds + assists AS pra"
    text = "-- for each statistic\n{statistic}\n-- end\nand\n"
    assert expanded(text, "").split() == [*STATISTICS, "and"]
    assert STATISTICS[:4] == ("points", "rebounds", "assists", "threes")
    found = expanded("-- for each feature\n{taken} AS {feature}\n-- end\n", "").splitlines()
    assert len(found) == len(FEATURES)
    assert found[0] == "form.points_season_mean AS points_season_mean"
    assert "opponent.points_factor AS opponent_points_factor" in found
    assert "IF(context.is_home, 1, 0) AS is_home" in found


def test_a_block_of_quantiles_has_levels_and_distances() -> None:
    """Number, level, what is left of 1, and how far apart its neighbours are; 0 and 1 are those of the outermost."""
    found = expanded("-- for each quantile\n{number} {quantile} {level} {rest} {width}\n-- end\n", "").splitlines()
    assert (found[0], found[1], found[5], found[-1]) == (
        "0 q05 0.05 0.95 0.10", "1 q10 0.10 0.90 0.15", "5 q50 0.50 0.50 0.20", "10 q95 0.95 0.05 0.10"
    )  # fmt: skip


def test_a_passage_is_put_in_with_the_statements_own_words() -> None:
    """Wherever it is named; a name that is no passage is refused like any other hole."""
    assert expanded("SELECT {implied by x.over_price of x.book}\n", "").splitlines()[1:3] == [
        "  WHEN x.book IN ('prizepicks', 'underdog') OR x.over_price IS NULL THEN NULL",
        "  WHEN x.over_price <= -100 THEN -x.over_price / (100 - x.over_price)",
    ]
    assert "games.available_at <= context.cutoff_at" in expanded("WHERE {games known to context}", "")
    with pytest.raises(Permanent, match=r"nothing fills '\{games known by context\}'"):
        expanded("WHERE {games known by context}", "a.sql")


def test_a_statement_without_blocks_stays() -> None:
    """Comments included."""
    assert expanded("-- for everybody\nSELECT 1 -- end\n", "a.sql") == "-- for everybody\nSELECT 1 -- end\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("-- for each player\n{player}\n-- end\n", "-- for each player"),
        ("-- for each market\n{market}\n", "-- for each market"),
        ("-- for each market\n{statistic}\n-- end\n", r"\{statistic\}"),
        ("SELECT {market}\n", r"\{market\}"),
    ],
)
def test_a_block_that_nothing_fills_is_refused(text: str, left: str) -> None:
    """By file and text, with what there is."""
    with pytest.raises(Permanent, match=f"a.sql: nothing fills '{left}'.*for each of market, sum, statistic, feature"):
        expanded(text, "a.sql")
