"""`sql/moves.sql` over hand-made rows: what a pass moved, against what counted before it."""

from collections.abc import Sequence
from datetime import timedelta

from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ON_SLATE, full
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, tip

PUBLISHED = "predictions.player_prop_predictions"
ASKED: Params = {**ON_SLATE, "systems": ["a", "b"], "games": ""}
MORNING = tip(SLATE, 11)
KEY = {"game_id": "2", "player_id": 101, "market": "points", "system": "b"}


def made(hours: int, mean: float, reason: str | None = None, **values: object) -> Row:
    """A row of a run so many hours after the slate's own; the run is called after that."""
    run = {"run_id": f"run.{hours}", "generation": 1, "predicted_at": MORNING + timedelta(hours=hours)}
    return full(PUBLISHED, 1, **ON_SLATE) | KEY | run | {"mean": mean, "reason": reason, "player_lookup": "x"} | values


async def moves(predictions: Sequence[Row], context: Sequence[Row] = (), games: str = "") -> list[Row]:
    """What the statement says of the slate, or of some of its games."""
    named = {"analytics__upcoming_player_game_context": context, "predictions__player_prop_predictions": predictions}
    return await answers(sql("moves"), {**ASKED, "games": games}, **named)


def short(found: Sequence[Row]) -> list[tuple[object, ...]]:
    """Run, player, before and change."""
    return [(each["run_id"], each["player_id"], each["was"], each["change"]) for each in found]


async def test_a_move_is_against_the_newest_earlier_row_of_the_same() -> None:
    """Whatever run that is of; the same game, player, market, system, slate and mode."""
    before = made(2, 20.0)
    beside = near(
        before | {"predicted_at": MORNING + timedelta(hours=3), "mean": 1.0},
        game_date=(YESTERDAY, TOMORROW), mode=MODES, game_id=("1", "3"), player_id=(90, 199),
        market=("assists", "threes"), system=("aa", "a", "c"),
    )  # fmt: skip
    beside = [each | {"run_id": f"beside.{number}"} for number, each in enumerate(beside)]
    rows = [made(1, 30.0), before, made(5, 23.5, "why"), made(6, 99.0), *beside]
    context = full("analytics.upcoming_player_game_context", 1, **ON_SLATE, player_id=101) | {
        "player_name": "Al", "team_abbr": "BOS",
    }  # fmt: skip
    others = near(context | {"player_name": "z"}, game_date=(YESTERDAY, TOMORROW), mode=MODES, player_id=(90, 199))
    assert await moves(rows, [context, *others]) == [
        {
            "run_id": "run.5", "predicted_at": MORNING + timedelta(hours=5), "reason": "why", **KEY,
            "player_name": "Al", "team": "BOS", "was": 20.0, "mean": 23.5, "change": 3.5,
        }
    ]  # fmt: skip


async def test_of_rows_made_at_one_instant_the_later_generation_counts() -> None:
    """And of one generation the later id, as in the current predictions."""
    at: Row = {"predicted_at": MORNING}
    rows = [made(1, 1.0, **at, generation=2), made(2, 2.0, **at), made(0, 3.0, **at, generation=2)]
    assert short(await moves([*rows, made(5, 5.0, "why")])) == [("run.5", 101, 1.0, 4.0)]


async def test_the_three_that_moved_most_are_said_of_each_game_system_and_market() -> None:
    """Up or down; of equal moves the first players'."""
    by = {1: 0.5, 2: -2.0, 3: 1.0, 4: 1.0, 5: 0.0}
    kinds = [{}, {"game_id": "1"}, {"market": "assists"}, {"system": "a"}]
    rows = [
        made(hours, 10.0 + by[player] * (hours > 1), "why" if hours > 1 else None, player_id=player, **kind)
        for kind in kinds
        for player in by
        for hours in (1, 5)
    ]
    found = await moves(rows)
    assert short(found) == [("run.5", 2, 10.0, -2.0), ("run.5", 3, 10.0, 1.0), ("run.5", 4, 10.0, 1.0)] * len(kinds)
    assert [(each["game_id"], each["system"], each["market"]) for each in found[::3]] == [
        ("1", "b", "points"), ("2", "a", "points"), ("2", "b", "assists"), ("2", "b", "points"),
    ]  # fmt: skip


async def test_passes_come_newest_first_and_one_that_moved_nothing_comes_too() -> None:
    """A player whom nobody had predicted has no move, and the name he is looked up by."""
    rows = [made(1, 10.0), made(5, 11.0, "first"), made(7, 11.0, "then"), made(8, 4.0, "new", player_id=7)]
    found = await moves(rows)
    assert short(found) == [("run.8", 7, None, None), ("run.7", 101, 11.0, 0.0), ("run.5", 101, 10.0, 1.0)]
    assert {each["player_name"] for each in found} == {"x"}


async def test_the_moves_of_some_games_are_those_of_no_others() -> None:
    """By their ids, between blanks."""
    rows = [made(1, 1.0, game_id=game, reason="why") for game in ("1", "2", "3")]
    assert [found["game_id"] for found in await moves(rows, games="1 3")] == ["1", "3"]
