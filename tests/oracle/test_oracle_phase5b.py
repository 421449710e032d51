"""Phase 5b against its oracle: grades, their history and their daily sums, of a small league and of real games."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pytest

from services.analytics.processors import PROCESSORS
from shared.basketball.slate import Mode
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from tests.oracle import grades, published
from tests.oracle.compare import assert_same, differences
from tests.oracle.known import Tables
from tests.oracle.world import World, per_slate
from tests.unit.analytics.conditions import Condition, conditions, is_cutoff, shifted, text, unbounded, without

GRADES, HISTORY = "predictions.prediction_grades", "predictions.prediction_grades_history"
DAILY = "predictions.system_daily_performance"
STEPS = ("grade", "grade_history", "system_daily_performance")
Oracle = Callable[[Tables, date, date, Mode], list[Row]]


def expected(oracle: Oracle, inputs: Tables) -> list[Row]:
    """What an oracle says of the graded slates, in all modes."""
    return [row for span in published.SPANS for row in oracle(inputs, span.first, span.last, span.mode)]


@pytest.fixture(scope="module")
def league() -> Iterator[World]:
    """The league of `published`."""
    made = published.league()
    yield made
    made.close()


def test_grades_are_what_the_definitions_say(league: World) -> None:
    """Every column of every grade, of the slates asked for and no others."""
    assert_same(GRADES, expected(grades.grade, league.inputs(GRADES)), league[GRADES])


def test_a_slates_sums_are_what_the_definitions_say(league: World) -> None:
    """Every column of every slate, market and system."""
    assert_same(DAILY, expected(grades.system_daily_performance, league.inputs(DAILY)), league[DAILY])


def test_the_history_is_what_the_definitions_say(league: World) -> None:
    """A revision for what is new or changed and for nothing else; earlier revisions stay as they were."""
    now, before = league[GRADES], earlier(league)
    later = published.LAST + published.DAY
    other_day = [row | {"game_date": later, "system": f"not {row['system']}"} for row in before[:5]]
    league.add(HISTORY, [*before, *other_day])
    made = expected(grades.grade_history, {GRADES: now, HISTORY: before})
    assert_same(HISTORY, [*made, *other_day], league[HISTORY])


def earlier(league: World) -> list[Row]:
    """What the history says before the league is graded."""
    return published.histories(league[GRADES], random.Random(3))  # noqa: S311 - test data


@pytest.mark.parametrize("world", ["real"], indirect=True)
def test_grades_of_real_games_are_what_the_definitions_say(world: World) -> None:
    """The same of one real game per night: long histories, and the lines and prices of bookmakers."""
    games = list({one["game_date"]: one for one in world["raw.games"]}.values())
    slates = {slate for span in world.spans for slate in span.slates}
    games = [one for one in games if one["game_date"] in slates]
    dice = random.Random(8)  # noqa: S311 - test data
    predictions = list(published.predictions(games, world["analytics.player_game_summary"], dice, {}))
    world.add("predictions.player_prop_predictions", predictions)
    made = per_slate(world, GRADES, lambda inputs, slate, mode: grades.grade(inputs, slate, slate, mode))
    assert_same(GRADES, made, world[GRADES])


@dataclass(frozen=True)
class Graded:
    """A warehouse with what the three steps read, and what each makes by its definition, by range of slates."""

    warehouse: DuckDBWarehouse
    expected: Mapping[str, Sequence[list[Row]]]

    def differs(self, step: str, sql: str) -> bool:
        """Whether a statement makes other rows than the definition does, in any range."""
        table = PROCESSORS[step].table
        for span, rows in zip(published.SPANS, self.expected[step], strict=True):
            params = {"first_date": span.first, "last_date": span.last, "mode": span.mode.value}
            if next(differences(table, rows, asyncio.run(self.warehouse.query(sql, params))), None) is not None:
                return True
        return False


@pytest.fixture(scope="module")
def graded(league: World) -> Iterator[Graded]:
    """The league's."""
    tables = {table: league[table] for table in (*PROCESSORS["grade"].header.inputs, GRADES)}
    tables[HISTORY] = earlier(league)
    warehouse = DuckDBWarehouse(None)
    for table, rows in tables.items():
        asyncio.run(warehouse.append(table, rows))
    oracles: Mapping[str, Oracle] = {step: getattr(grades, step) for step in STEPS}
    made = {
        step: [oracle(tables, span.first, span.last, span.mode) for span in published.SPANS]
        for step, oracle in oracles.items()
    }
    yield Graded(warehouse, made)
    asyncio.run(warehouse.close())


CONDITIONS = [each for step in STEPS for each in conditions(step, PROCESSORS[step].select)]
CUTOFFS = [each for each in CONDITIONS if is_cutoff(PROCESSORS[each.file].select, each)]


@pytest.mark.parametrize("step", STEPS)
def test_grades_are_read_as_the_definitions_say(step: str, graded: Graded) -> None:
    """Range by range, and nothing of another range."""
    assert not graded.differs(step, PROCESSORS[step].select)


@pytest.mark.parametrize("condition", [each for each in CONDITIONS if each not in CUTOFFS], ids=str)
def test_no_condition_of_grading_can_be_left_out(condition: Condition, graded: Graded) -> None:
    """Without it other grades are made, or a table is read from its first date to its last."""
    sql = PROCESSORS[condition.file].select
    tree = without(sql, condition)
    assert unbounded(tree) != unbounded(sql) or graded.differs(condition.file, text(tree))


@pytest.mark.parametrize("seconds", [-1, 1])
@pytest.mark.parametrize("condition", CUTOFFS, ids=str)
def test_a_cutoff_of_grading_is_exact_to_the_second(condition: Condition, seconds: int, graded: Graded) -> None:
    """Tip-off for predictions and lines, the prediction's instant for the baselines: a second either way shows."""
    assert graded.differs(condition.file, text(shifted(PROCESSORS[condition.file].select, condition, seconds)))
