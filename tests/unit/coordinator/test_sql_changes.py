"""What has changed since games were predicted, and how it is put. A row on the wrong side of each condition."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.coordinator.pulse.news import reason
from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ON_SLATE
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, game, row, tip

TIP = tip(SLATE, 19)
CUTOFF = TIP - timedelta(minutes=20)
NOW, KNOWN, SEEN = tip(SLATE, 18), tip(SLATE, 17, 42), tip(SLATE, 17, 45)
MICRO = timedelta(microseconds=1)
CONTEXT = "analytics.upcoming_player_game_context"
DAYS = (YESTERDAY, TOMORROW)


def context(player: int = 1, was: str | None = None, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player as he was served."""
    known = {"game_id": "2", "player_id": player, "player_name": f"P{player}", "injury_status": was}
    return row(CONTEXT, **ON_SLATE) | known | values


def status(became: str | None = "Out", player: int = 1, at: datetime = KNOWN, **values: Any) -> Row:  # noqa: ANN401 - columns
    """What became known of him."""
    known = {"game_date": SLATE, "player_id": player, "status": became, "available_at": at, "fetched_at": SEEN}
    return row("raw.injuries") | known | values


def quote(line: float = 20.5, at: datetime = KNOWN, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A main line of a book on him."""
    known = {"game_id": "2", "game_date": SLATE, "player_id": 1, "market": "points", "bookmaker": "b"}
    prices = {"line": line, "over_price": -110.0, "under_price": -110.0, "is_main": True}
    return row("raw.prop_lines") | known | prices | {"available_at": at, "fetched_at": SEEN} | values


def served(line_at: datetime, **values: Any) -> Row:  # noqa: ANN401 - columns
    """The newest quote that was served of him."""
    known = {"game_id": "2", "player_id": 1, "market": "points", "line_at": line_at}
    return row("analytics.player_market_context", **ON_SLATE) | known | values


async def changes(now: datetime = NOW, **tables: Any) -> list[Row]:  # noqa: ANN401 - rows by table
    """What is found, where the slate has one game at 19:00 unless others are given."""
    tables = {"raw__games": [game("2")], "analytics__upcoming_player_game_context": [context()]} | tables
    params: Params = {"game_date": SLATE, "mode": "overnight", "now": now}
    return await answers(sql("changes"), params, **tables)


def moved(quotes: int = 1, known: datetime = KNOWN, game_id: str = "2") -> Row:
    """So many quotes of a game have moved."""
    rest = dict.fromkeys(("player_name", "was", "became"))
    return {"game_id": game_id, **rest, "known_at": known, "seen_at": SEEN, "quotes": quotes}


async def test_a_status_that_differs_from_the_served_one_is_a_change() -> None:
    """With what was served, what became of it, since when that is known and when it was seen."""
    found = await changes(
        raw__injuries=[status("Out"), status("Questionable", at=KNOWN - MICRO)],
        analytics__upcoming_player_game_context=[context(was="Probable")],
    )
    assert found == [
        {
            "game_id": "2", "player_name": "P1", "was": "Probable", "became": "Out", "known_at": KNOWN, "seen_at": SEEN,
            "quotes": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "became", "changed"),
    [
        (None, "Available", False),
        ("Out", "Out", False),
        ("Out", "Available", True),
        (None, "Questionable", True),
    ],
)
async def test_available_is_the_same_as_no_status(was: str | None, became: str, *, changed: bool) -> None:
    """A player of whom nothing is reported plays."""
    served_as = [context(was=was)]
    found = await changes(raw__injuries=[status(became)], analytics__upcoming_player_game_context=served_as)
    assert bool(found) == changed


@pytest.mark.parametrize(("at", "found"), [(CUTOFF, 1), (CUTOFF + MICRO, 0)], ids=["at the cutoff", "after"])
async def test_a_status_known_after_the_cutoff_is_not_used(at: datetime, found: int) -> None:
    """Nor is a line posted after it: a game's last prediction is as of its cutoff."""
    assert len(await changes(raw__injuries=[status(at=at)])) == found
    assert len(await changes(raw__prop_lines=[quote(at=at)])) == found


@pytest.mark.parametrize(("now", "found"), [(CUTOFF - MICRO, 2), (CUTOFF, 0)], ids=["ahead", "over"])
async def test_a_game_whose_cutoff_is_over_is_left_alone(now: datetime, found: int) -> None:
    """It is the final pass's."""
    assert len(await changes(now, raw__injuries=[status()], raw__prop_lines=[quote()])) == found


async def test_changes_of_other_slates_modes_and_games_are_none() -> None:
    """Of another date, mode, player or game; of a postponed game, of one that nobody plays in."""
    changed: dict[str, Any] = {"raw__injuries": [status()], "raw__prop_lines": [quote()]}
    assert len(await changes(**changed)) == 2
    games = near(game("2"), game_id=("1", "3"))
    for others in (*([one] for one in near(game("2"), game_date=DAYS, postponed=(True,))), games):
        assert await changes(raw__games=others, **changed) == []
    contexts = near(context(), game_date=DAYS, mode=MODES, player_id=(0, 2))
    for others in (contexts, *([one] for one in near(context(), game_id=("1", "3")))):
        assert await changes(analytics__upcoming_player_game_context=others, **changed) == []
    injuries = near(status(), game_date=DAYS, player_id=(0, 2))
    quotes = near(quote(), player_id=(0, 2), game_id=("1", "3"), is_main=(False,))
    quotes += near(quote(at=KNOWN - MICRO), game_date=DAYS[:1]) + near(quote(at=KNOWN - 2 * MICRO), game_date=DAYS[1:])
    assert await changes(raw__injuries=injuries, raw__prop_lines=quotes) == []


async def test_of_two_statuses_known_at_once_the_first_by_name_counts() -> None:
    """As where features are made: otherwise the same change would be found for ever."""
    both = [status("Questionable"), status("Out")]
    assert [one["became"] for one in await changes(raw__injuries=both)] == ["Out"]
    assert await changes(raw__injuries=both, analytics__upcoming_player_game_context=[context(was="Out")]) == []


async def test_a_new_line_is_a_change() -> None:
    """Where none was served, and where a book posts its first after the newest that was."""
    assert await changes(raw__prop_lines=[quote()]) == [moved()]
    older = [served(KNOWN - MICRO)]
    assert await changes(raw__prop_lines=[quote()], analytics__player_market_context=older) == [moved()]


@pytest.mark.parametrize("name", ["over_price", "under_price", "line"])
async def test_a_line_or_price_that_moved_is_a_change(name: str) -> None:
    """Since the newest quote that was served; one that stands as it stood is none, nor is what was served already."""
    at = KNOWN - timedelta(hours=1)
    before, after = quote(at=at), quote() | {name: 21.5}
    old, new = [served(at)], [served(KNOWN)]
    assert await changes(raw__prop_lines=[before, after], analytics__player_market_context=old) == [moved()]
    assert await changes(raw__prop_lines=[before, quote()], analytics__player_market_context=old) == []
    assert await changes(raw__prop_lines=[before, after], analytics__player_market_context=new) == []


@pytest.mark.parametrize("name", ["over_price", "under_price"])
async def test_a_side_that_is_quoted_no_more_is_a_change(name: str) -> None:
    """And one that comes back; one that is not quoted still is none."""
    at = KNOWN - timedelta(hours=1)
    known = [served(at)]
    with_side, without = quote(), quote() | {name: None}
    for one, other, found in ((with_side, without, 1), (without, with_side, 1), (without, without, 0)):
        rows = [one | {"available_at": at}, other]
        assert len(await changes(raw__prop_lines=rows, analytics__player_market_context=known)) == found


async def test_what_was_served_is_of_the_player_market_date_and_mode() -> None:
    """Another's newest quote says nothing of his."""
    mine = served(KNOWN)
    assert await changes(raw__prop_lines=[quote()], analytics__player_market_context=[mine]) == []
    others = near(mine, game_date=DAYS, mode=MODES, player_id=(0, 2), market=("assists", "threes"))
    assert await changes(raw__prop_lines=[quote()], analytics__player_market_context=others) == [moved()]


async def test_quotes_are_compared_by_player_market_and_book_and_counted_by_game() -> None:
    """Each with the one before it; the newest of them says since when."""
    hour = timedelta(hours=1)
    earlier = [quote(at=KNOWN - 2 * hour, bookmaker=book) for book in ("a", "b", "c")]
    earlier += [quote(10.5, at=KNOWN - 2 * hour, bookmaker=book, market="threes") for book in ("a", "b")]
    later = [
        quote(bookmaker="a", at=KNOWN - hour), quote(21.5, bookmaker="b", at=KNOWN - hour), quote(22.5, bookmaker="c"),
        quote(10.5, bookmaker="a", market="threes"), quote(11.5, bookmaker="b", market="threes", at=KNOWN - hour),
        quote(5.5, player_id=3, game_id="3"),
    ]  # fmt: skip
    found = await changes(
        raw__games=[game("2"), game("3", home="LAL", away="UTA")],
        analytics__upcoming_player_game_context=[context(), context(3, game_id="3")],
        raw__prop_lines=[*earlier, *later],
        analytics__player_market_context=[served(KNOWN - 2 * hour, market=market) for market in ("points", "threes")],
    )
    assert found == [moved(3), moved(1, game_id="3")]


async def test_games_of_a_slate_are_those_to_be_played() -> None:
    """Of the date, in the order of tip-off."""
    games = [game("3"), game("1", tip_utc=tip(SLATE, 22)), game("2"), game("4", postponed=True)]
    games += [game(f"9{n}", day) for n, day in enumerate(DAYS)]
    found = await answers(sql("games_of_slate"), {"game_date": SLATE}, raw__games=games)
    assert found == [
        {"game_id": "2", "tip_utc": TIP}, {"game_id": "3", "tip_utc": TIP}, {"game_id": "1", "tip_utc": tip(SLATE, 22)}
    ]  # fmt: skip


def became(name: str, at: datetime = KNOWN) -> Row:
    """A player who is out now."""
    return {"player_name": name, "became": "Out", "known_at": at, "quotes": None}


def test_a_reason_is_one_line() -> None:
    """Statuses with the Eastern time they were known, four at most by name; then how many quotes have moved."""
    quotes = [{"player_name": None, "quotes": n} for n in (3, 9)]
    assert reason([became("Jayson Tatum"), *quotes]) == "Jayson Tatum out since 17:42, 12 quotes moved"
    assert reason([{"player_name": None, "quotes": 1}]) == "1 quote moved"
    four = ", ".join(f"P{n} out since 17:42" for n in range(4))
    assert reason([became(f"P{n}") for n in range(4)]) == four
    assert reason([became(f"P{n}") for n in range(6)]) == f"{four}, 2 more players"
    assert reason([became(f"P{n}") for n in range(5)]) == f"{four}, 1 more player"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "available"),
        ("Questionable", "questionable"),
        ("Suspension", "suspended"),
        ("Not With Team", "not with the team"),
    ],
)
def test_a_status_is_said_as_in_a_sentence(status: str | None, words: str) -> None:
    """The sources' own labels are not."""
    assert reason([became("Al") | {"became": status}]) == f"Al {words} since 17:42"
