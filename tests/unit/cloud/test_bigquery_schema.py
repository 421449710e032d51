"""What BigQuery is asked for when a table changes: the statements and the metadata, without a server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.cloud.bigquery_jobs import Limits
from shared.cloud.bigquery_schema import alteration, found_of, updated
from shared.cloud.bigquery_tables import DAY_MS, definition
from shared.cloud.warehouse import BigQueryWarehouse, connect
from shared.errors import Permanent
from shared.tables import TABLES, Column, Table
from shared.tables.schema import Change, difference
from tests.unit.cloud.bigquery_fake import DONE, ONE, Answer, Wire, client, error

THINGS = Table(
    "contract.things",
    "Things.",
    ("game_date", "unit"),
    (Column("game_date", "DATE", "date"), Column("unit", "STRING", "unit", nullable=True)),
    rows="few",
)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_as_it_is_made_differs_in_nothing(table: Table) -> None:
    """What is sent to BigQuery is what is compared with it: types, modes, partition, clusters and retention."""
    assert difference({table.name: table}, {table.name: found_of(definition("p", table))}) == []


def test_a_warehouse_with_a_location_makes_its_datasets_there() -> None:
    """Google's client gives its location to every dataset that has none of its own."""
    assert connect("p", "us-east1", "localhost:1").location == "us-east1"
    assert connect("p", endpoint="localhost:1").location is None


def test_retention_is_the_partitions() -> None:
    """Partitions expire, by their own date; without retention they stay."""
    assert definition("p", replace(THINGS, retention_days=30)).time_partitioning.expiration_ms == 30 * DAY_MS
    assert definition("p", THINGS).time_partitioning.expiration_ms is None


def test_a_column_is_added_so_that_it_can_be_added_again() -> None:
    """And comes in nullable: BigQuery adds no REQUIRED column to a table."""
    statement = alteration(THINGS, Change(THINGS.name, "column", "", "unit"))
    assert statement == "ALTER TABLE contract.things ADD COLUMN IF NOT EXISTS unit STRING"


def test_a_column_that_may_be_null_from_now_on_is_relaxed() -> None:
    """The only change of a column that BigQuery allows."""
    statement = alteration(THINGS, Change(THINGS.name, "relax", "", "unit"))
    assert statement == "ALTER TABLE contract.things ALTER COLUMN unit DROP NOT NULL"


def test_retired_columns_are_dropped_at_once_so_that_they_can_be_dropped_again() -> None:
    """One statement, since a table's metadata may change five times in ten seconds; whether they are there or not."""
    statement = alteration(replace(THINGS, retired=("a", "b")), Change(THINGS.name, "drop", ""))
    assert statement == "ALTER TABLE contract.things DROP COLUMN IF EXISTS a, DROP COLUMN IF EXISTS b"


def test_only_what_differs_is_sent() -> None:
    """A new clustering touches neither columns nor partitions; descriptions keep the modes there are."""
    wanted = definition("p", replace(THINGS, cluster=("unit",), description="New."))
    there = definition("p", replace(THINGS, columns=(replace(THINGS.columns[0], nullable=True), THINGS.columns[1])))
    assert updated(there, wanted, ["cluster"]) == ["clustering_fields"]
    assert (there.clustering_fields, there.description) == (["unit"], "Things.")
    assert updated(there, wanted, ["describe"]) == ["schema", "description"]
    assert [field.mode for field in there.schema] == ["NULLABLE", "NULLABLE"]
    assert there.description == "New."
    assert updated(there, wanted, ["retain"]) == ["time_partitioning"]


@asynccontextmanager
async def project(table: Table, there: Table | None) -> AsyncIterator[tuple[BigQueryWarehouse, Wire]]:
    """A project in which `there` is what stands in the place of the table."""

    def answer(what: str) -> Answer:
        if what.startswith("GET datasets/contract/tables"):
            if there is None:
                return error(404, "notFound", "no such table")
            return 200, definition("p", there).to_api_repr()
        if "queries" in what:
            return 200, ONE
        return 200, DONE if "jobs" in what else _made(table)

    wire = Wire(answer)
    limits = Limits(job_timeout=5.0, attempt_timeout=5.0, retry_timeout=5.0)
    warehouse = BigQueryWarehouse("p", tables={table.name: table}, client=client(wire), limits=limits)
    yield warehouse, wire
    await warehouse.close()


def _made(table: Table) -> Mapping[str, Any]:
    return {**definition("p", table).to_api_repr(), "datasetReference": {"projectId": "p", "datasetId": "contract"}}


async def test_a_missing_table_is_created_partitioned_and_clustered() -> None:
    """In one request, after its dataset and the staging one."""
    clustered = replace(THINGS, cluster=("unit",), retention_days=30)
    async with project(clustered, None) as (warehouse, wire):
        [change] = await warehouse.ensure()
    assert change.kind == "create"
    assert [what for what in wire.asked if what.startswith("POST")] == [
        "POST datasets",
        "POST datasets",
        "POST datasets/contract/tables",
    ]
    body = wire.bodies[-1]
    assert body["clustering"] == {"fields": ["unit"]}
    assert body["timePartitioning"] == {"type": "DAY", "field": "game_date", "expirationMs": str(30 * DAY_MS)}


async def test_a_clustering_change_set_is_one_update_of_metadata() -> None:
    """No statement runs and nothing is scanned."""
    async with project(replace(THINGS, cluster=("unit",)), THINGS) as (warehouse, wire):
        [change] = await warehouse.ensure()
    assert change.kind == "cluster"
    assert wire.asked[-1] == "PATCH datasets/contract/tables/things"
    assert wire.bodies[-1] == {"clustering": {"fields": ["unit"]}}
    assert not any("jobs" in what for what in wire.asked)


async def test_a_new_column_is_one_statement_and_one_update() -> None:
    """The statement names the column; the update gives its description."""
    wider = replace(THINGS, columns=(*THINGS.columns, Column("age", "INT64", "days", nullable=True)))
    async with project(wider, THINGS) as (warehouse, wire):
        [change] = await warehouse.ensure()
    assert change.kind == "column"
    statements = [body["configuration"]["query"]["query"] for body in wire.bodies if "configuration" in body]
    assert statements == ["ALTER TABLE contract.things ADD COLUMN IF NOT EXISTS age INT64"]
    assert "days" in json.dumps(wire.bodies[-1])


async def test_a_change_that_loses_something_sends_nothing() -> None:
    """It is refused after looking, before anything is written."""
    other = replace(THINGS, columns=(THINGS.columns[0], replace(THINGS.columns[1], type="INT64")))
    async with project(other, THINGS) as (warehouse, wire):
        with pytest.raises(Permanent, match=r"contract\.things has unit as STRING, not INT64"):
            await warehouse.ensure()
    assert wire.asked == ["GET datasets/contract/tables/things"]


async def test_what_keeps_statements_from_working_is_asked_of_metadata() -> None:
    """A missing table, column or staging dataset; no job runs, and what is only described otherwise is no obstacle."""
    found = definition("p", replace(THINGS, columns=THINGS.columns[:1], description="As it was.")).to_api_repr()
    answers: dict[str, Answer] = {
        "GET datasets/contract/tables/things": (200, found),
        "GET datasets/contract/tables/others": error(404, "notFound", "Not found: Table"),
        "GET datasets/tipoff_staging": error(404, "notFound", "Not found: Dataset"),
    }
    wire = Wire(answers.__getitem__)
    tables = {THINGS.name: THINGS, "contract.others": replace(THINGS, name="contract.others")}
    warehouse = BigQueryWarehouse("p", tables=tables, client=client(wire))
    assert await warehouse.missing([*tables]) == [
        "tipoff_staging: create the dataset",
        "contract.things: add unit STRING, null in the rows there are",
        "contract.others: create with 2 columns",
    ]
    assert sorted(wire.asked) == sorted(answers)
    answers["GET datasets/contract/tables/things"] = error(403, "accessDenied", "Access Denied")
    with pytest.raises(Permanent, match="Access Denied"):
        await warehouse.missing([THINGS.name])
    await warehouse.close()
