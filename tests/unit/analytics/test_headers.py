"""The processors come from their SQL files' headers, and the cascade agrees with them."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.headers import FIELDS, Header, parse
from services.analytics.processors import HISTORY_DAYS, PROCESSORS, Processor
from services.coordinator.sql import sql
from shared.errors import Permanent
from shared.registries.pipeline import STEPS
from shared.tables import TABLES

TEXT = """\
-- step: example
-- inputs: raw.games, raw.rosters
-- output: features.player_daily_cache
-- grain: game_date, mode, player_id
-- as_of: rows with available_at <= cutoff_at
-- rows: one per player
-- source: none
--
SELECT 1
"""
_TABLE = re.compile(rf"\b(?:{'|'.join(sorted({name.partition('.')[0] for name in TABLES}))})\.\w+")
MAKERS = {step.name: step.table for step in STEPS.values()}
each_processor = pytest.mark.parametrize("processor", PROCESSORS.values(), ids=PROCESSORS)


def closure(needs: Iterator[str] | frozenset[str]) -> frozenset[str]:
    """The steps, and all that they stand on."""
    found: set[str] = set()
    stack = list(needs)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += STEPS[name].needs
    return frozenset(found)


def test_a_header_is_read() -> None:
    """Lists are lists; what is made for a slate is told from facts of the past by its table's mode."""
    header = parse(TEXT, "example.sql")
    assert (header.step, header.inputs) == ("example", ("raw.games", "raw.rosters"))
    assert header.grain == ("game_date", "mode", "player_id")
    assert (header.per_mode, header.of_the_past) == (True, False)


def test_a_field_may_go_on_in_the_next_line() -> None:
    """A list of many inputs is still one list."""
    text = TEXT.replace("raw.games, raw.rosters", "raw.games,\n--   raw.rosters")
    assert parse(text, "example.sql") == parse(TEXT, "example.sql")


@given(st.sampled_from(FIELDS))
def test_a_header_without_one_of_its_fields_is_refused(field: str) -> None:
    """The file and the field are named."""
    text = "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith(f"-- {field}:"))
    with pytest.raises(Permanent, match=rf"example\.sql: the header lacks `-- {field}"):
        parse(text, "example.sql")


def test_a_table_nobody_declared_is_refused() -> None:
    """A new file needs its table in the registry."""
    with pytest.raises(Permanent, match=r"unknown table 'raw\.nothing'"):
        parse(TEXT.replace("raw.rosters", "raw.nothing"), "example.sql")


@each_processor
def test_a_file_reads_the_tables_its_header_says(processor: Processor) -> None:
    """No more and no fewer."""
    body = "\n".join(line for line in processor.select.splitlines() if not line.lstrip().startswith("--"))
    assert set(_TABLE.findall(body)) & TABLES.keys() == set(processor.header.inputs)


@each_processor
def test_f02_a_file_makes_its_steps_table_at_its_tables_grain(processor: Processor) -> None:
    """Step, table and key, in order, are those of the pipeline and the registry; the file is named after the step."""
    step = STEPS[processor.step]
    assert (step.service, step.table) == ("analytics", processor.table)
    assert processor.header.grain == TABLES[processor.table].key
    assert PROCESSORS[processor.step] is processor


def producers(headers: Mapping[str, Header], tables_of_steps: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Step -> the steps whose tables it waits for; `tables_of_steps` says which step makes which table."""
    makers = {table: step for step, table in tables_of_steps.items() if table}
    return {
        step: frozenset(makers[table] for table in header.waits_for if table in makers)
        for step, header in headers.items()
    }


@each_processor
def test_a_step_waits_for_what_its_file_reads(processor: Processor) -> None:
    """For the makers of its inputs, directly or through one another, and for nothing else: the DAG is the headers'."""
    headers = {name: each.header for name, each in PROCESSORS.items()}
    wanted = producers(headers, MAKERS)[processor.step]
    needs = frozenset(STEPS[processor.step].needs)
    assert needs <= wanted, "waits for a step whose rows it does not read"
    assert wanted <= closure(needs), "reads rows that it does not wait for"


def test_every_input_has_a_maker() -> None:
    """What a processor reads, some step of the pipeline writes."""
    made = set(MAKERS.values())
    assert {table for each in PROCESSORS.values() for table in each.header.inputs} - made == set()


def test_the_past_is_not_waited_for() -> None:
    """Grading reads predictions of earlier slates: tonight's need not be there."""
    inputs = ("predictions.player_prop_predictions", "raw.games")
    header = Header("x", inputs, "predictions.prediction_grades", (), "", "", "")
    assert header.waits_for == ("raw.games",)


@each_processor
def test_a_scope_is_the_dates_that_the_file_is_given(processor: Processor) -> None:
    """Rows of a mode replace rows of that mode only."""
    assert ("mode = @mode" in processor.scope) == any(c.name == "mode" for c in TABLES[processor.table].columns)
    assert "@first_date" in processor.select


def test_what_is_verified_is_what_is_looked_for() -> None:
    """A summary's evidence reaches as far back as the search for games without one."""
    for processor in PROCESSORS.values():
        if not processor.header.per_mode:
            text = sql(f"complete/{processor.step}")
            assert set(re.findall(r"INTERVAL (\d+) DAY", text)) == {str(HISTORY_DAYS)}, processor.step
