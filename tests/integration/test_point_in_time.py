"""Failure 29 on real seasons: whatever becomes of the rows after a cutoff, not a bit of the served features changes."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from devstack.history import History
from services.analytics.processors import PROCESSORS
from shared.basketball.slate import RETROSPECT, Mode, cutoff
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Params, Row
from shared.registries.pipeline import STEPS
from shared.tables import TABLES
from tests.integration.real_slates import AROUND, raw
from tests.unit.analytics.conftest import NIGHT

SEASONS = (date(2022, 10, 25), date(2024, 5, 20))
"""From a week after the first tip-off, when there are features to serve, to a round that has games every other day."""
TIMED = date(2024, 3, 2)
"""From here on the history's lines say when they were posted."""
PER_SLATE = [step for step in NIGHT if "mode" in TABLES[STEPS[step].table].key]
KEPT = {"game_id", "player_id", "game_date", "available_at", "market", "bookmaker"}
"""What says which row it is, and when it was published."""
SIDES = {"season", "season_type", "team", "opponent", "is_home"}
"""Of a box score: with them scrambled a team's game is summarised twice, which is refused before it can leak."""
Rows = list[Row]
Mutation = Callable[[str, Rows, random.Random], Rows]


def deleted(table: str, rows: Rows, dice: random.Random) -> Rows:  # noqa: ARG001 - a mutation is given all of it
    """Nothing of it was ever published."""
    return []


def untouched(table: str, rows: Rows, dice: random.Random) -> Rows:  # noqa: ARG001 - as above
    """As it happened."""
    return rows


def scrambled(table: str, rows: Rows, dice: random.Random) -> Rows:
    """Each column dealt out anew among the rows: teams, statuses, tips, lines, prices and statistics."""
    mixed = [dict(row) for row in rows]
    kept = KEPT | SIDES if table == "raw.player_box_scores" else KEPT
    for column in TABLES[table].columns:
        if column.name not in kept:
            values = [row[column.name] for row in rows]
            dice.shuffle(values)
            for row, value in zip(mixed, values, strict=True):
                row[column.name] = value
    return distinct(table, mixed)


def doubled(table: str, rows: Rows, dice: random.Random) -> Rows:
    """Each row again, scrambled and under the key of another player or game."""
    players = [row.get("player_id") for row in rows]
    copies = scrambled(table, rows, dice)
    for number, row in enumerate(copies):
        row.update({"player_id": dice.choice(players)} if "player_id" in row else {"game_id": f"009{number:07d}"})
    return distinct(table, [*copies, *rows])


def distinct(table: str, rows: Rows) -> Rows:
    """One row per key, the last one."""
    return list({tuple(row[name] for name in TABLES[table].key): row for row in rows}.values())


@dataclass(frozen=True)
class World:
    """A warehouse with what was ever known around a slate, in which the rows after an instant can be exchanged."""

    warehouse: DuckDBWarehouse
    slate: date
    tables: Mapping[str, Rows]

    async def served(self, mode: Mode, after: datetime, mutation: Mutation) -> Rows:
        """The feature store's rows with a cutoff not later than `after`, with everything newer than it mutated."""
        dice = random.Random(29)  # noqa: S311 - a seed to repeat
        for table, rows in self.tables.items():
            late = [row for row in rows if row["available_at"] > after]
            await self.warehouse.replace(
                table, mutation(table, late, dice), scope="available_at > @after", params={"after": after}
            )
        await self.summarise(self.slate - AROUND)
        for step in PER_SLATE:
            await self._make(step, {"first_date": self.slate, "last_date": self.slate, "mode": mode.value})
        return await self.warehouse.query(
            "SELECT * FROM features.ml_feature_store WHERE mode = @mode AND cutoff_at <= @after ORDER BY player_id",
            {"mode": mode.value, "after": after},
        )

    async def summarise(self, since: date) -> None:
        """The games since a date, those after the slate too: what is there early must not count either."""
        for step in NIGHT:
            if step not in PER_SLATE:
                await self._make(step, {"first_date": since, "last_date": self.slate + AROUND})

    async def empty(self) -> set[str]:
        """The tables that a processor reads and that have no rows: a leak through one of them would not be seen."""
        read = {table for step in NIGHT for table in PROCESSORS[step].header.inputs}
        return {table for table in read if not await self.warehouse.query(f"SELECT 1 FROM {table} LIMIT 1")}  # noqa: S608 - names of the registry

    async def _make(self, step: str, params: Params) -> None:
        processor = PROCESSORS[step]
        known = {**params, "asked_at": RETROSPECT}
        await self.warehouse.transform(processor.table, processor.select, scope=processor.scope, params=known)


@asynccontextmanager
async def world(history: History, slate: date, days: int) -> AsyncIterator[World]:
    """A slate with `days` of history, all of it loaded and summarised."""
    warehouse = DuckDBWarehouse(None)
    try:
        tables = raw(history, slate, days)
        for table, rows in tables.items():
            await warehouse.append(table, rows)
        made = World(warehouse, slate, tables)
        await made.summarise(slate - timedelta(days=days))
        yield made
    finally:
        await warehouse.close()


async def hold(history: History, slate: date, days: int, mode: Mode) -> None:
    """Fail where a future reaches the features of a slate, or where there is none that could."""
    cutoffs = {cutoff(mode, slate, game.tip) for game in history.on(slate)}
    async with world(history, slate, days) as around:
        for after in sorted({min(cutoffs), max(cutoffs)}):
            late = {table: sum(row["available_at"] > after for row in rows) for table, rows in around.tables.items()}
            assert min(late.values()) > 0, f"{slate}: nothing to mutate in {late}"
            alone = await around.served(mode, after, deleted)
            assert alone, f"{slate} {mode}: no features with a cutoff up to {after}"
            # In the real history most lines are closing ones: at a slate's first cutoff there may be none yet.
            assert await around.empty() <= {"analytics.player_market_context"}
            for mutation in (untouched, scrambled, doubled):
                found = await around.served(mode, after, mutation)
                assert found == alone, f"{slate} {mode}: {mutation.__name__} rows after {after} reach the features"


@pytest.fixture(scope="module")
def history(shared_data: Path) -> History:
    """The real seasons."""
    return History.open(shared_data)


@pytest.mark.parametrize(
    ("slate", "mode"),
    [
        (date(2023, 1, 18), Mode.OVERNIGHT),
        pytest.param(date(2024, 3, 10), Mode.SAME_DAY, marks=pytest.mark.proof),
    ],
    ids=str,
)
async def test_f29_the_future_of_a_real_slate_does_not_reach_its_features(
    slate: date, mode: Mode, history: History
) -> None:
    """Deleted, as it was, scrambled or doubled: the feature store's rows are the same, bit for bit."""
    await hold(history, slate, 45, mode)


async def test_f29_the_past_of_a_real_slate_does(history: History) -> None:
    """The proof has teeth: the same mutations two days before the cutoff change the features."""
    slate = date(2024, 3, 10)
    at = max(cutoff(Mode.OVERNIGHT, slate, game.tip) for game in history.on(slate))
    async with world(history, slate, 30) as around:
        served = await around.served(Mode.OVERNIGHT, at, untouched)
        tables = {table: [row for row in rows if row["game_date"] < slate] for table, rows in around.tables.items()}
        past = World(around.warehouse, slate, {"raw.player_box_scores": tables["raw.player_box_scores"]})
        assert await past.served(Mode.OVERNIGHT, at - timedelta(days=2), scrambled) != served


@pytest.mark.proof
@pytest.mark.parametrize("mode", [Mode.OVERNIGHT, Mode.SAME_DAY])
@pytest.mark.parametrize("number", range(20))
async def test_f29_twenty_real_slates_do_not_see_their_future(number: int, mode: Mode, history: History) -> None:
    """Slates of 2022-24 with lines, drawn at random, half of them timed, on all the history that a feature looks at."""
    dice = random.Random(number)  # noqa: S311 - a seed to repeat
    first, last = (TIMED, SEASONS[1]) if number % 2 else (SEASONS[0], TIMED)
    drawn = dice.sample(dates := [day for day in history.dates if first <= day < last], len(dates))
    slate = next(day for day in drawn if any(history.lines(game.game_id) for game in history.on(day)))
    await hold(history, slate, 410, mode)
