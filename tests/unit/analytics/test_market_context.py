"""`analytics.player_market_context`: consensus lines and what their prices say."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.basketball.slate import eastern_instant
from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import Process
from tests.unit.analytics.prices import FAIR
from tests.unit.shared.rows import SLATE, game, load, prop, roster

GAME = "0022300900"
CUTOFF = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 ET, overnight's."""


def before(minutes: int) -> datetime:
    """So many minutes before the overnight cutoff."""
    return CUTOFF - timedelta(minutes=minutes)


async def quoted(warehouse: Warehouse, process: Process, lines: list[Row], players: int = 1) -> list[Row]:
    """The market's context of players of one game, 1 and up."""
    rosters = [roster(player) for player in range(1, players + 1)]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=rosters, raw__prop_lines=lines)
    return await process("upcoming_player_game_context", "player_market_context")


CONSENSUS: list[tuple[list[float], float]] = [
    ([20.5], 20.5),
    ([20.5, 22.5], 21.5),
    ([19.5, 30.5, 20.5], 20.5),
    ([21.5, 19.5, 30.5, 20.5], 21.0),
    ([0.5], 0.5),
    ([0.0, 0.0, 1.0], 0.0),
]


async def test_f31_the_consensus_is_the_median_over_books(warehouse: Warehouse, process: Process) -> None:
    """The middle line of an odd number of books, the mean of the middle two of an even one; zero is a line."""
    players = range(1, len(CONSENSUS) + 1)
    props = [
        prop(GAME, player, line, f"book{n}", before(10 + n))
        for player, (lines, _) in zip(players, CONSENSUS, strict=True)
        for n, line in enumerate(lines)
    ]
    rows = await quoted(warehouse, process, props, len(CONSENSUS))
    assert [(row["player_id"], row["line"], row["line_books"]) for row in rows] == [
        (player, line, len(lines)) for player, (lines, line) in zip(players, CONSENSUS, strict=True)
    ]
    assert {row["line_at"] for row in rows} == {before(10)}


async def test_of_lines_posted_at_once_the_most_balanced_counts(warehouse: Warehouse, process: Process) -> None:
    """The book's main line is the one it prices evenly; one without prices is a last resort."""
    [row] = await quoted(warehouse, process, [
        prop(GAME, 1, 17.5, "a", before(1), over_price=None, under_price=None),
        prop(GAME, 1, 18.5, "a", before(1), over_price=-180.0, under_price=140.0),
        prop(GAME, 1, 20.5, "a", before(1), over_price=-115.0, under_price=-105.0),
    ])  # fmt: skip
    assert row["line"] == 20.5


async def test_f13_a_line_is_real_or_absent(warehouse: Warehouse, process: Process) -> None:
    """Markets are kept apart, and nobody's line is made up: a market without one has no row."""
    lines = [
        prop(GAME, 1, 2.5, "a", before(1), market="threes"),
        prop(GAME, 1, 20.5, "a", before(-1)),
        prop(GAME, 1, 8.5, "a", before(1), market="rebounds", is_main=False),
        prop(GAME, 9, 4.5, "a", before(1), market="assists"),
    ]
    [row] = await quoted(warehouse, process, lines, players=2)
    assert (row["game_id"], row["player_id"], row["market"]) == (GAME, 1, "threes")
    assert (row["line"], row["line_books"], row["line_spread"]) == (2.5, 1, 0.0)


async def test_the_market_price_is_the_mean_of_what_books_at_the_line_say(
    warehouse: Warehouse, process: Process
) -> None:
    """De-vigged two-sided prices at the consensus line only; the book of the least margin is the one quoted."""
    at = eastern_instant(SLATE)
    quotes: list[tuple[str, float, float | None, float | None]] = [
        ("even", 24.5, -110.0, -110.0),
        ("dear", 24.5, -150.0, 130.0),
        ("oneside", 24.5, 120.0, None),
        ("noprice", 24.5, 50.0, -110.0),
        ("prizepicks", 24.5, -119.0, -119.0),
        ("broken", 24.5, -900.0, -900.0),
        ("higher", 26.5, -300.0, 250.0),
    ]
    lines = [prop(GAME, 1, line, book, at, over_price=o, under_price=u) for book, line, o, u in quotes]
    [row] = await quoted(warehouse, process, lines)
    fair = 0.6 / (0.6 + 100 / 230)
    assert row["p_market"] == pytest.approx((0.5 + fair) / 2, abs=1e-8)
    assert (row["book"], row["over_price"], row["under_price"]) == ("dear", -150.0, 130.0)
    assert (row["line"], row["line_books"], row["line_spread"]) == (24.5, 7, 2.0)


async def test_two_prices_are_a_probability(warehouse: Warehouse, process: Process) -> None:
    """Each price counts from its bound on, and both together only while they are two sides of one market."""
    at, players = eastern_instant(SLATE), range(1, len(FAIR) + 1)
    lines = [
        prop(GAME, player, 20.5, book, at, over_price=over, under_price=under)
        for player, (book, over, under, _) in zip(players, FAIR, strict=True)
    ]
    found = {row["player_id"]: row["p_market"] for row in await quoted(warehouse, process, lines, len(FAIR))}
    assert [found[player] for player in players] == [
        None if fair is None else pytest.approx(fair, abs=1e-8) for *_, fair in FAIR
    ]


async def test_f14_a_line_between_books_has_no_price(warehouse: Warehouse, process: Process) -> None:
    """A consensus that nobody posts keeps its books and time, and has neither a book nor a market probability."""
    at = eastern_instant(SLATE)
    lines = [prop(GAME, 1, line, book, at) for book, line in (("one", 20.5), ("two", 21.5))]
    [row] = await quoted(warehouse, process, lines)
    assert (row["line"], row["line_books"], row["line_at"]) == (21.0, 2, at)
    assert (row["p_market"], row["book"]) == (None, None)
