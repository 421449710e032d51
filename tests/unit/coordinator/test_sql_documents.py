"""The statements of documents over hand-made rows: what was known of a game at its publication, and nothing later."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import CUTOFF, ON_SLATE, ago, context, full, graded, lined, summary
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, game, tip

PUBLISHED = "predictions.player_prop_predictions"
MORNING = tip(SLATE, 6)
NOW: Params = {**ON_SLATE, "games": "2", "published_at": CUTOFF}
BY_RUN: Params = {**ON_SLATE, "run_id": "run.2"}
SECOND = timedelta(seconds=1)


def made(run: int, minutes: int = 0, **values: object) -> Row:
    """A row of a run so many minutes after six; its generation is its number."""
    key = {"game_id": "2", "player_id": 101, "market": "points", "system": "b"}
    at = {"run_id": f"run.{run}", "generation": run, "predicted_at": MORNING + timedelta(minutes=minutes)}
    return full(PUBLISHED, 1, **ON_SLATE) | key | at | values


async def forecasts(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """(game, system, run) of what run 2 publishes."""
    found = await answers(sql("documents/forecasts"), BY_RUN, predictions__player_prop_predictions=rows)
    return [(each["game_id"], each["system"], each["run_id"]) for each in found]


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([], [("2", "b", "run.2")]),
        ([made(1)], [("2", "b", "run.2")]),
        ([made(1, system="a")], [("2", "a", "run.1"), ("2", "b", "run.2")]),
        ([made(1, system="a"), made(0, system="a")], [("2", "a", "run.1"), ("2", "b", "run.2")]),
        ([made(1, game_id="3")], [("2", "b", "run.2")]),
        ([made(1, 9, system="a")], []),
        ([made(3, system="a")], []),
        ([made(3, 9, game_id="3"), made(3, -1, system="a")], [("2", "a", "run.3"), ("2", "b", "run.2")]),
        ([made(2, run_id="run.1.2", system="a")], [("2", "a", "run.1.2"), ("2", "b", "run.2")]),
        ([made(2, run_id="run.3.2", system="a")], []),
    ],
    ids=["alone", "superseded", "another system's", "its newest", "another game", "made later", "of a later generation",
         "made earlier by a later one", "before it by name", "after it by name"],
)  # fmt: skip
async def test_a_run_publishes_what_counts_once_it_is_there(
    others: Sequence[Row], found: list[tuple[object, ...]]
) -> None:
    """A system that fell silent keeps what it said; a game that was predicted later meanwhile is left to that run."""
    assert await forecasts([made(2), *others]) == found


async def test_forecasts_of_another_slate_or_mode_are_not_published() -> None:
    """Nor do they keep one from being published."""
    beside = near(made(1, 9, system="a"), game_date=(YESTERDAY, TOMORROW), mode=MODES)
    beside = [each | {"run_id": f"beside.{number}"} for number, each in enumerate(beside)]
    assert await forecasts([made(2), *beside]) == [("2", "b", "run.2")]


@pytest.mark.parametrize(
    ("edge", "size"),
    [(None, "no price"), (0.0, "0-2 %"), (-0.0199, "0-2 %"), (0.02, "2-4 %"), (-0.04, "4-6 %"), (0.0999, "6-10 %"),
     (0.1, "10 % and more")],
)  # fmt: skip
async def test_a_forecast_says_how_large_its_edge_is(edge: float | None, size: str) -> None:
    """In the words of the accuracy report, whatever the side."""
    [found] = await answers(
        sql("documents/forecasts"), BY_RUN, predictions__player_prop_predictions=[made(2, edge=edge)]
    )
    assert found["edge_size"] == size


async def test_the_players_are_those_of_the_games_as_they_were_served() -> None:
    """By tip-off, game and name."""
    people = [
        context(101, game_id="2"),
        context(100, game_id="2"),
        context(102, game_id="1"),
        context(103, game_id="3"),
    ]
    others = [
        each | {"player_id": 200 + number}
        for number, each in enumerate(near(people[0], game_date=(YESTERDAY, TOMORROW), mode=MODES))
    ]
    found = await answers(
        sql("documents/players"),
        {**ON_SLATE, "games": "1 2"},
        raw__games=[
            game("2", tip_utc=tip(SLATE, 19)),
            game("1", tip_utc=tip(SLATE, 20)),
            game("3"),
            game("4", TOMORROW),
        ],
        analytics__upcoming_player_game_context=[*people, *others],
    )  # fmt: skip
    assert [(each["game_id"], each["player_id"], each["home_team"]) for each in found] == [
        ("2", 100, "BOS"), ("2", 101, "BOS"), ("1", 102, "BOS"),
    ]  # fmt: skip


async def books(lines: Sequence[Row], **asked: object) -> list[tuple[object, ...]]:
    """(book, line, over price) of the player's points."""
    found = await answers(
        sql("documents/books"),
        NOW | asked,  # type: ignore[operator]  # parameters by name
        analytics__upcoming_player_game_context=[context(101, game_id="2", cutoff_at=CUTOFF)],
        raw__prop_lines=lines,
    )
    return [(each["bookmaker"], each["line"], each["over_price"]) for each in found]


async def test_of_each_book_the_newest_main_line_is_kept() -> None:
    """Of several posted at once the most balanced, then the lowest."""
    at: Row = {"available_at": CUTOFF - SECOND}
    rows = [
        lined(101, bookmaker="a", line=20.5, **at),
        lined(101, bookmaker="a", line=21.5, over_price=-110.0, under_price=-110.0),
        lined(101, bookmaker="b", line=22.5, over_price=-150.0, under_price=120.0),
        lined(101, bookmaker="b", line=23.5, over_price=-115.0, under_price=-105.0),
        lined(101, bookmaker="c", line=25.5, over_price=None, under_price=None),
        lined(101, bookmaker="c", line=24.5, over_price=None, under_price=None),
        lined(101, bookmaker="c", line=1.5, is_main=False),
    ]
    assert await books(rows) == [("a", 21.5, -110.0), ("b", 23.5, -115.0), ("c", 24.5, None)]


@pytest.mark.parametrize("seconds", [0, 1])
async def test_no_line_is_later_than_the_cutoff_or_the_publication(seconds: int) -> None:
    """Whichever is first."""
    line = lined(101, available_at=CUTOFF - SECOND * (1 - seconds))
    assert len(await books([line])) == 1
    assert len(await books([line], published_at=CUTOFF - SECOND)) == 1 - seconds
    assert not await books([line | {"available_at": CUTOFF + SECOND}], published_at=tip(SLATE, 23))


async def test_lines_of_other_games_players_and_slates_are_not_his() -> None:
    """Nor of games that were not asked for."""
    line = lined(101)
    others = near(line, game_id=("1", "3"), player_id=(90, 199), game_date=(YESTERDAY, TOMORROW))
    assert not await books([each | {"bookmaker": f"{number}"} for number, each in enumerate(others)])
    assert not await books([line], games="1 3")


async def past(
    games: Sequence[Row], grades: Sequence[Row] = (), predictions: Sequence[Row] = (), **asked: object
) -> list[Row]:
    """The player's earlier games."""
    return await answers(
        sql("documents/past"),
        NOW | {"systems": " best b "} | asked,  # type: ignore[operator]  # parameters by name
        analytics__upcoming_player_game_context=[context(101, game_id="2", cutoff_at=CUTOFF)],
        analytics__player_game_summary=games,
        predictions__prediction_grades=grades,
        predictions__player_prop_predictions=predictions,
    )


async def test_the_past_is_his_last_twenty_games_the_newest_first() -> None:
    """Of the last 400 days; with the outcome of every market."""
    games = [summary(f"g{days:02d}", 101, ago(days), points=days, rebounds=2, assists=3) for days in range(1, 23)]
    found = await past([*games, summary("x", 102)])
    assert [each["game_id"] for each in found] == [f"g{days:02d}" for days in range(1, 21)]
    assert [(each["points"], each["pra"], each["points_system"]) for each in found[:2]] == [(1, 6, None), (2, 7, None)]
    assert [each["game_id"] for each in await past([summary("a", 101, ago(400)), summary("b", 101, ago(401))])] == ["a"]


async def test_no_game_is_later_than_the_cutoff_or_the_publication() -> None:
    """Nor of the slate itself."""
    assert not await past([summary("x", 101, available_at=CUTOFF + SECOND)], published_at=tip(SLATE, 23))
    assert not await past([summary("x", 101)], published_at=CUTOFF - SECOND)
    assert not await past([summary("x", 101, SLATE)])


async def test_a_game_has_what_the_best_system_that_was_graded_had_forecast_of_it() -> None:
    """Market by market, of the run that counted; systems that are not shown say nothing."""

    def said(system: str, market: str, mean: float, run_id: str = "run.2") -> Row:
        key = {"game_id": "9", "player_id": 101, "game_date": YESTERDAY, "market": market, "system": system}
        return full(PUBLISHED, 1, mode="overnight") | key | {"run_id": run_id, "mean": mean}

    kinds = [("b", "points"), ("best", "points"), ("b", "threes"), ("other", "assists")]
    grades = [graded("9", 101, market=market, system=system) for system, market in kinds]
    rows = [said(system, market, float(number)) for number, (system, market) in enumerate(kinds)]
    wrong = [said("best", "points", 99.0, "run.1"), said("best", "threes", 99.0)]
    [found] = await past([summary("9", 101)], grades, [*rows, *wrong])
    assert {name: found[f"{name}_system"] for name in ("points", "threes", "assists", "pra")} == {
        "points": "best", "threes": "b", "assists": None, "pra": None,
    }  # fmt: skip
    assert (found["points_mean"], found["threes_mean"]) == (1.0, 2.0)
    for name in ("q10", "q90", "line", "recommendation"):
        assert found[f"points_{name}"] == rows[1][name]


async def test_grades_of_another_mode_are_not_read() -> None:
    """What had been forecast in the slate's own mode is shown."""
    grades = [graded("9", 101, mode=mode, run_id=mode) for mode in MODES]
    names = ("game_id", "player_id", "game_date", "run_id", "market", "system", "mode")
    rows = [full(PUBLISHED, 1) | {name: grade[name] for name in names} for grade in grades]
    [found] = await past([summary("9", 101)], grades, rows)
    assert found["points_system"] is None
