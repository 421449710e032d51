"""Built slate by slate or by one backfill, the same features, bit for bit; and what the SQL files say of themselves."""

import re
from datetime import date

import pytest

from services.analytics.processors import PROCESSORS
from shared.embedded.warehouse import DuckDBWarehouse
from shared.features import FEATURES
from shared.pipeline import STEPS
from shared.ports import Params, Row
from shared.slate import RETROSPECT
from shared.tables import TABLES
from tests.integration import bigquery_world as world
from tests.unit.analytics.conftest import NIGHT, rows_of

HEADER = re.compile(r"-- (step|inputs|output|grain|as_of|rows|source): (.+)")
BUILT = [step for step in NIGHT if "mode" in TABLES[STEPS[step].table].key]


async def built(ranges: list[tuple[date, date]], mode: str) -> dict[str, list[Row]]:
    """Every table of phases 3 and 4 after building the given ranges one after the other."""
    warehouse = DuckDBWarehouse(None)
    try:
        for table, rows in world.tables().items():
            if table.startswith("raw."):
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
