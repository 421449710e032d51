"""Built slate by slate, in one go, or with another future: the same features; and the headers of the SQL files."""

import random
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

import pytest

from services.analytics.processors import PROCESSORS
from shared.embedded.warehouse import DuckDBWarehouse
from shared.features import FEATURES
from shared.pipeline import STEPS
from shared.ports import Params, Row
from shared.slate import RETROSPECT, Mode, cutoff
from shared.tables import TABLES
from tests.integration import bigquery_world as world
from tests.unit.analytics.conftest import NIGHT, rows_of

HEADER = re.compile(r"-- (step|inputs|output|grain|as_of|rows|source): (.+)")
BUILT = [step for step in NIGHT if "mode" in TABLES[STEPS[step].table].key]


def raw() -> dict[str, list[Row]]:
    """What the upstreams said, seven dates of it."""
    return {table: rows for table, rows in world.tables().items() if table.startswith("raw.")}


async def built(
    ranges: list[tuple[date, date]], mode: str, tables: Mapping[str, list[Row]] | None = None
) -> dict[str, list[Row]]:
    """Every table of phases 3 and 4 after building the given ranges one after the other."""
    warehouse = DuckDBWarehouse(None)
    try:
        for table, rows in (raw() if tables is None else tables).items():
            await warehouse.append(table, rows)
        for first, last in ranges:
            for step in NIGHT:
                processor = PROCESSORS[step]
                params: Params = {"first_date": first, "last_date": last, "mode": mode, "asked_at": RETROSPECT}
                if step not in BUILT:  # games that are over
                    params = {"first_date": world.PLAYED[0], "last_date": world.EVE}
                await warehouse.transform(processor.table, processor.select, scope=processor.scope, params=params)
        return {step: await rows_of(warehouse, PROCESSORS[step].table) for step in NIGHT}
    finally:
        await warehouse.close()


@pytest.mark.parametrize("mode", ["overnight", "same_day"])
async def test_slate_by_slate_or_in_one_go_the_same_features(mode: str) -> None:
    """The rows of a slate do not depend on the range it was built in, nor on the order of building."""
    alone = await built([(world.SLATE, world.SLATE), (world.EVE, world.EVE)], mode)
    together = await built([(world.PLAYED[-2], world.SLATE)], mode)
    for step in BUILT:
        found = [row for row in together[step] if row["game_date"] >= world.EVE]
        assert found, step
        assert found == alone[step], step


def deleted(row: Row, dice: random.Random) -> list[Row]:  # noqa: ARG001 - a mutation is given dice
    """Nothing of it."""
    return []


def scrambled(row: Row, dice: random.Random) -> list[Row]:
    """Other numbers, another status, another team."""
    numbers = {
        name: dice.randint(0, 60) for name, value in row.items() if type(value) is int and not name.endswith("_id")
    }
    floats = {name: dice.randint(0, 60) + 0.5 for name, value in row.items() if type(value) is float}
    return [row | numbers | floats | {name: "Doubtful" for name in ("status",) if name in row}]


def doubled(row: Row, dice: random.Random) -> list[Row]:
    """Twice, the second time under another key where the key is the warehouse's to guard."""
    other = (
        {"player_id": dice.randint(90_000, 99_999)} if "player_id" in row else {"game_id": f"009{dice.random()}"[:10]}
    )
    return [row, row | other]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("mutation", [deleted, scrambled, doubled])
async def test_f29_another_future_leaves_the_features_as_they_are(
    mode: Mode, mutation: Callable[[Row, random.Random], list[Row]]
) -> None:
    """Whatever becomes of the rows published after a slate's last cutoff, every table is the same, bit for bit."""
    dice = random.Random(3)  # noqa: S311 - a seed to repeat
    slate = world.EVE
    tips = [row["tip_utc"] for row in raw()["raw.games"] if row["game_date"] == slate]
    last: datetime = max(cutoff(mode, slate, at) for at in tips)
    changed = 0
    future: dict[str, list[Row]] = {}
    for table, rows in raw().items():
        future[table] = []
        for row in rows:
            late = row.get("available_at") is not None and row["available_at"] > last
            changed += late
            future[table].extend(mutation(row, dice) if late else [row])
    assert changed > 50
    served, other = await built([(slate, slate)], mode.value), await built([(slate, slate)], mode.value, future)
    for step in BUILT:
        assert served[step], step
        assert other[step] == served[step], step


@pytest.mark.parametrize("step", NIGHT)
def test_a_header_tells_the_truth(step: str) -> None:
    """Step, output and grain are the registries'; the inputs are the tables that the SQL reads, all declared."""
    text = PROCESSORS[step].select
    head, _, body = text.partition("\nWITH ") if "\nWITH " in text else text.partition("\nSELECT")
    header = dict(HEADER.findall(head))
    table = TABLES[STEPS[step].table]
    assert header.keys() == {"step", "inputs", "output", "grain", "as_of", "rows", "source"}
    assert (header["step"], header["output"]) == (step, table.name)
    assert tuple(header["grain"].split(", ")) == table.key
    read = set(re.findall(r"(?:FROM|JOIN) ((?:raw|analytics|features)\.\w+)", body))
    assert set(header["inputs"].split(", ")) == read
    assert read <= TABLES.keys()


def test_a_step_needs_what_its_sql_reads() -> None:
    """Whoever makes an input is, directly or by another step, among the needs."""
    makers = {step.table: step.name for step in STEPS.values() if step.table}
    for step in NIGHT:
        before: set[str] = set()
        stack = [step]
        while stack:
            new = set(STEPS[stack.pop()].needs) - before
            before |= new
            stack.extend(new)
        read = set(re.findall(r"(?:FROM|JOIN) ((?:raw|analytics|features)\.\w+)", PROCESSORS[step].select))
        assert {makers[table] for table in read} <= before, step


def test_the_store_serves_the_contract() -> None:
    """Every feature is a column of its source, and the feature store has them all in the contract's order."""
    for feature in FEATURES.values():
        assert feature.column in {column.name for column in TABLES[feature.source].columns}, feature.name
        assert feature.low < feature.high
        assert 0 <= feature.nulls <= 1
    served = [column.name for column in TABLES["features.ml_feature_store"].columns]
    assert served[6:] == list(FEATURES)
