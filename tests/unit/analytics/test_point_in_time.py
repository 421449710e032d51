"""Failure 29: the future never leaks into features; and each condition that keeps it out can be seen to do so.

The night of `night.py` has rows on both sides of every cutoff and window. What each game may know of it is loaded
alone; the same must be served where everything is. Then each condition is left out, or moved by a second: something
else is served, or the whole of a table's history is read.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from services.analytics.processors import PROCESSORS
from shared.basketball.slate import RETROSPECT, Mode, cutoff
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row
from shared.registries.expansion import expanded
from shared.tables import TABLES
from tests.unit.analytics import night
from tests.unit.analytics.conditions import Condition, conditions, is_cutoff, shifted, text, unbounded, without
from tests.unit.analytics.conftest import NIGHT, rows_of
from tests.unit.analytics.night import EARLY, EVE, LATE, NEXT, SECOND, Tables
from tests.unit.shared.rows import SLATE, row

FACTS, PER_SLATE = NIGHT[:3], NIGHT[3:]
SPANS = ((EVE, SLATE), (SLATE, SLATE))
MODE = Mode.SAME_DAY
"""Of the conditions: in this one each game has a cutoff of its own."""
WHOLE = {
    "upcoming_player_game_context": ["raw.games AS games from above"],
    "grade": ["raw.games AS games from below", "raw.games AS games from above"],
}
"""Where the schedule is read whole: it has a thousand rows a season."""


async def built(tables: Tables, spans: Sequence[tuple[date, date]], mode: Mode) -> DuckDBWarehouse:
    """A warehouse with raw rows, the facts of all games, and what the processors make of some ranges of slates."""
    warehouse = DuckDBWarehouse(None)
    for table, rows in tables.items():
        await warehouse.append(table, rows)
    for steps, ranges in ((FACTS, [(EVE - timedelta(days=800), NEXT)]), (PER_SLATE, spans)):
        for first, last in ranges:
            for processor in (PROCESSORS[step] for step in steps):
                params = asked(first, last, mode)
                await warehouse.transform(processor.table, processor.select, scope=processor.scope, params=params)
    return warehouse


def asked(first: date, last: date, mode: Mode) -> dict[str, Any]:
    """A processor's parameters."""
    return {"first_date": first, "last_date": last, "mode": mode.value, "asked_at": RETROSPECT}


async def tables_of(tables: Tables, spans: Sequence[tuple[date, date]], mode: Mode) -> dict[str, list[Row]]:
    """The rows that are made of some raw rows, by step."""
    warehouse = await built(tables, spans, mode)
    try:
        return {step: await rows_of(warehouse, PROCESSORS[step].table) for step in NIGHT}
    finally:
        await warehouse.close()


def of_game(rows: Sequence[Row], game_id: str) -> list[Row]:
    """The rows of a game's players or teams: a player's number begins with his team's."""
    teams = night.SIDES[game_id]
    tens = [night.TEAMS[team][0] // 10 for team in teams]

    def belongs(each: Row) -> bool:
        return each["player_id"] // 10 in tens if "player_id" in each else each["team_abbr"] in teams

    return [each for each in rows if each["game_date"] == night.DATES[game_id] and belongs(each)]


async def known_alone(mode: Mode, game_id: str) -> dict[str, list[Row]]:
    """What is served for a game where nothing exists but what it may know."""
    day = night.DATES[game_id]
    made = await tables_of(night.known(night.a_night(mode), mode, game_id), [(day, day)], mode)
    return {step: of_game(made[step], game_id) for step in PER_SLATE}


def sorted_rows(step: str, rows: Sequence[Row]) -> list[Row]:
    """By key, as text, since a broken statement may serve nulls in it."""
    key = TABLES[PROCESSORS[step].table].key
    return sorted(rows, key=lambda each: [str(each[name]) for name in key])


@dataclass(frozen=True)
class Everything:
    """A warehouse with the whole night, and what may be served of it."""

    warehouse: DuckDBWarehouse
    expected: Mapping[str, Sequence[Row]]

    def leaks(self, step: str, sql: str) -> bool:
        """Whether a statement serves anything else than the rows of what was known."""
        return any(self.served(step, sql, first, last) != self.of(step, first, last) for first, last in SPANS)

    def served(self, step: str, sql: str, first: date, last: date) -> list[Row]:
        """A statement's rows for a range of slates."""
        return sorted_rows(step, asyncio.run(self.warehouse.query(sql, asked(first, last, MODE))))

    def of(self, step: str, first: date, last: date) -> list[Row]:
        """What may be served for that range."""
        return sorted_rows(step, [each for each in self.expected[step] if first <= each["game_date"] <= last])


@pytest.fixture(scope="module")
def everything() -> Iterator[Everything]:
    """The whole night, and what each of its games would be served alone."""
    tables = night.a_night(MODE)
    warehouse = asyncio.run(built(tables, [(EVE, SLATE), (NEXT, NEXT)], MODE))
    alone = [asyncio.run(known_alone(MODE, game_id)) for game_id in (night.BEFORE, EARLY, LATE)]
    expected = {step: [each for made in alone for each in made[step]] for step in PER_SLATE}
    # A fact is of one game: those of the slates are made where there are no other games.
    slates = [each for each in tables["raw.player_box_scores"] if EVE <= each["game_date"] <= SLATE]
    facts = asyncio.run(tables_of({"raw.player_box_scores": slates}, [], MODE))
    yield Everything(warehouse, expected | {step: facts[step] for step in FACTS})
    asyncio.run(warehouse.close())


@pytest.mark.parametrize("step", NIGHT)
def test_no_processor_reads_an_empty_table(step: str, everything: Everything) -> None:
    """Every input and every result has rows: a condition on an empty table could not fail."""
    for table in PROCESSORS[step].header.inputs:
        assert asyncio.run(everything.warehouse.query(f"SELECT 1 FROM {table}")), table  # noqa: S608 - names of the registry
    assert everything.expected[step]


@pytest.mark.parametrize("step", NIGHT)
def test_f29_of_what_is_collected_only_dated_rows_are_read(step: str) -> None:
    """Every raw row that a feature is made of says since when it was known: others have no place before a cutoff."""
    read = [table for table in PROCESSORS[step].header.inputs if table.startswith("raw.")]
    assert [table for table in read if "available_at" not in {column.name for column in TABLES[table].columns}] == []


@pytest.mark.parametrize("step", NIGHT)
def test_f29_what_a_game_may_not_know_changes_nothing(step: str, everything: Everything) -> None:
    """Late rows, rows too old, other slates' rows: every table is as if there were none, alone and in a range."""
    for first, last in SPANS:
        found = everything.served(step, PROCESSORS[step].select, first, last)
        assert found == everything.of(step, first, last)


OF_NIGHT = [each for step in NIGHT for each in conditions(step, PROCESSORS[step].select)]
CUTOFFS = [each for each in OF_NIGHT if is_cutoff(PROCESSORS[each.file].select, each)]


@pytest.mark.parametrize("condition", [each for each in OF_NIGHT if each not in CUTOFFS], ids=str)
def test_f29_no_condition_can_be_left_out(condition: Condition, everything: Everything) -> None:
    """Without it something that may not count is served, or a table is read from its first date or to its last."""
    tree = without(PROCESSORS[condition.file].select, condition)
    assert unbounded(tree) != WHOLE.get(condition.file, []) or everything.leaks(condition.file, text(tree))


@pytest.mark.parametrize("seconds", [-1, 1])
@pytest.mark.parametrize("condition", CUTOFFS, ids=str)
def test_f29_a_cutoff_is_exact_to_the_second(condition: Condition, seconds: int, everything: Everything) -> None:
    """A row available at the cutoff counts and one a second later does not: a cutoff moved either way is seen."""
    assert everything.leaks(condition.file, text(shifted(PROCESSORS[condition.file].select, condition, seconds)))


@pytest.mark.parametrize("step", PROCESSORS)
def test_a_table_is_read_within_dates(step: str) -> None:
    """Of every table but the schedule the parameters bound the dates that are read, from below and from above."""
    assert unbounded(PROCESSORS[step].select) == WHOLE.get(step, [])


async def test_f29_scrambling_the_future_leaves_a_game_bit_identical() -> None:
    """Overnight, too: with the future's numbers drawn at random a game is served as if there were no future."""
    alone = await known_alone(Mode.OVERNIGHT, EARLY)
    future = night.scrambled(night.a_night(Mode.OVERNIGHT), Mode.OVERNIGHT, seed=1)
    found = await tables_of(future, [(SLATE, SLATE)], Mode.OVERNIGHT)
    for step in PER_SLATE:
        assert alone[step]
        assert of_game(found[step], EARLY) == alone[step], step


def test_a_night_by_hand(everything: Everything) -> None:
    """The number of games known of each of tonight's players: the other tests do not compare empty forms."""
    games = {each["player_id"]: each["games_total"] for each in everything.of("player_daily_cache", SLATE, SLATE)}
    # 5, 8, 12, 20 and 400 days ago, and six days ago, published at the cutoff; BOS and LAL on the eve, too.
    # 18 played in the game of six days ago alone.
    known = {11: 7, 12: 7, 13: 7, 18: 1, 21: 6, 22: 6, 23: 6, 31: 7, 32: 7, 33: 7, 41: 6, 42: 6, 43: 6}
    assert games == known


async def test_features_do_not_depend_on_the_order_of_loading(everything: Everything) -> None:
    """A resumed night loads its rows in another order and serves the same bits."""
    found = await tables_of(night.shuffled(night.a_night(MODE), seed=1), [(EVE, SLATE)], MODE)
    for step in PER_SLATE:
        assert sorted_rows(step, found[step]) == everything.of(step, EVE, SLATE), step


@dataclass(frozen=True)
class Asked:
    """A statement of another service, its parameters, and what it may answer."""

    file: str
    params: Mapping[str, Any]
    column: str
    answer: Sequence[Any]


TONIGHT = {"game_date": SLATE, "mode": MODE.value}
FROM_TO = {"first": SLATE, "last": SLATE, "mode": MODE.value}
BETWEEN = {"first_date": SLATE, "as_of": NEXT, "mode": MODE.value}
"""The middle one of the slates EVE, SLATE and NEXT."""
AT = cutoff(MODE, SLATE, night.TIPS[EARLY])
SIX, FIVE, THREE = (SLATE - timedelta(days=ago) for ago in (6, 5, 3))
AT_LATE = [31, 32, 33, 41, 42, 43]
"""Players of the late game."""
SERVED = [11, 12, 13, 18, 21, 22, 23, *AT_LATE]
"""Not those whose only game is tonight's, too old or published too late."""
LOADED, TRAINED = "coordinator/sql/load_features.sql", "worker/sql/training_outcomes.sql"
FORM, ZONES = (f"coordinator/sql/complete/{step}.sql" for step in ("player_daily_cache", "player_shot_zone_analysis"))
ASKED = (
    # The early game tips off at this instant; the late one a second later.
    Asked(LOADED, TONIGHT | {"not_tipped_after": night.TIPS[EARLY], "games": ""}, "player_id", AT_LATE),
    Asked(LOADED, TONIGHT | {"not_tipped_after": night.TIPS[LATE] - SECOND, "games": ""}, "player_id", AT_LATE),
    # Of all games before one that has not begun, only those that are asked for.
    Asked(LOADED, TONIGHT | {"not_tipped_after": night.TIPS[EARLY] - SECOND, "games": LATE}, "player_id", AT_LATE),
    Asked("worker/sql/served_slates.sql", BETWEEN, "first_date", [SLATE]),
    Asked("worker/sql/served_slates.sql", BETWEEN, "last_date", [SLATE]),
    Asked("worker/sql/training_features.sql", BETWEEN, "player_id", SERVED),
    # Six days ago BOS played GSW, published at this instant; three days ago, published a second later.
    Asked(TRAINED, {"first_date": SIX, "as_of": FIVE, "known_at": AT}, "player_id", [11, 12, 13, 18, 21, 22, 23]),
    Asked(TRAINED, {"first_date": THREE, "as_of": SLATE, "known_at": AT}, "player_id", [11, 12, 13, 31, 32, 33]),
    Asked("worker/sql/newest_models.sql", {"as_of": SLATE, "mode": MODE.value}, "game_date", [EVE, SLATE]),
    *(Asked(file, FROM_TO, column, [len(SERVED)]) for file in (FORM, ZONES) for column in ("expected", "verified")),
)


@cache
def statement(file: str) -> str:
    """A statement of another service."""
    return expanded((files("services") / file).read_text(), file)


def answers(warehouse: DuckDBWarehouse, case: Asked, sql: str) -> bool:
    """Whether a statement answers what it may."""
    return sorted(each[case.column] for each in asyncio.run(warehouse.query(sql, case.params))) == case.answer


@pytest.fixture(scope="module")
def others(everything: Everything) -> DuckDBWarehouse:
    """The whole night, and a model as of each date."""
    known = {"mode": MODE.value, "system": "boosted"}
    models = [row("predictions.models", game_date=day, digest=f"{day}", **known) for day in (EVE, SLATE, NEXT)]
    asyncio.run(everything.warehouse.append("predictions.models", models))
    return everything.warehouse


@pytest.mark.parametrize("case", ASKED, ids=lambda case: f"{case.file} {case.column}")
def test_other_services_ask_for_what_is_known(case: Asked, others: DuckDBWarehouse) -> None:
    """Features to predict and to train on, outcomes, models, and the counts of what is to be served."""
    assert answers(others, case, statement(case.file))


OF_OTHERS = [each for file in dict.fromkeys(case.file for case in ASKED) for each in conditions(file, statement(file))]


@pytest.mark.parametrize("condition", OF_OTHERS, ids=str)
def test_f29_no_condition_of_another_service_can_be_left_out(condition: Condition, others: DuckDBWarehouse) -> None:
    """Without it at least one answer differs."""
    sql = text(without(statement(condition.file), condition))
    assert not all(answers(others, case, sql) for case in ASKED if case.file == condition.file)


@pytest.mark.parametrize("seconds", [-1, 1])
@pytest.mark.parametrize("condition", [each for each in OF_OTHERS if is_cutoff(statement(each.file), each)], ids=str)
def test_a_cutoff_of_another_service_is_exact_to_the_second(
    condition: Condition, seconds: int, others: DuckDBWarehouse
) -> None:
    """What becomes available, or tips off, at the instant asked for is kept apart from what does a second later."""
    sql = text(shifted(statement(condition.file), condition, seconds))
    assert not all(answers(others, case, sql) for case in ASKED if case.file == condition.file)
