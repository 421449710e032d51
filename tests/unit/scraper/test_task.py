"""A step's task: its queries, its writes, its work side by side."""

from datetime import datetime, timedelta

import pytest

from services.scraper.domain.wire import Parsed
from services.scraper.payloads import Collected
from services.scraper.task import published, sql, together
from tests.unit.scraper.bench import GAMES, MORNING, ROSTER, SLATE, bench

NYK_ASH, BOS_ELM = 5200, 3804


async def test_results_come_in_the_order_of_the_work() -> None:
    """Whichever is done first."""

    async def one(number: int) -> int:
        return number * 10

    assert await together(one(number) for number in (3, 1, 2)) == [30, 10, 20]
    assert await together([]) == []


@pytest.mark.parametrize(
    ("header", "public"),
    [(None, MORNING), (MORNING - timedelta(hours=1), MORNING - timedelta(hours=1)), (MORNING + timedelta(1), MORNING)],
)
def test_a_payload_is_public_since_its_header_says_never_later_than_we_had_it(
    header: datetime | None, public: datetime
) -> None:
    """Without a header, since we had it."""
    assert published(Collected(Parsed(()), "espn", "k", MORNING, header, 1)) == public


async def test_a_task_writes_the_fetch_log_before_the_rows() -> None:
    """Both when it replaces and when it appends; it returns what the warehouse counted."""
    b = bench("lines", {})
    assert await b.task.append("raw.prop_lines", [{}, {}]) == 2
    assert [table for table, *_ in b.warehouse.replaced] == ["raw.fetches", "raw.quarantine"]
    assert b.warehouse.appended == [("raw.prop_lines", [{}, {}])]
    assert await b.task.replace("raw.rosters", [{}], scope="TRUE", params={"a": 1}) == 1
    assert [table for table, *_ in b.warehouse.replaced][2:] == ["raw.fetches", "raw.quarantine", "raw.rosters"]
    assert b.warehouse.written("raw.rosters") == [([{}], "TRUE", {"a": 1})]


async def test_queries_are_bound_to_the_slate() -> None:
    """The slate's games and the players of a query are those of its date."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER, "known_players": ROSTER[:1], "settled_names": []})
    assert await b.task.slate() == list(GAMES)
    assert (await b.task.names("roster")).find("Bos Elm", ("BOS",)) == BOS_ELM
    assert (await b.task.names("known_players")).find("Nyk Ash", ("NYK",)) == NYK_ASH
    bound = {"game_date": SLATE}
    assert b.warehouse.asked == [
        ("slate_games", bound),
        ("roster", bound),
        ("settled_names", {}),
        ("known_players", bound),
        ("settled_names", {}),
    ]
    assert b.task.game_date == SLATE
    assert sql("roster").startswith("-- The slate's roster.\nSELECT")
