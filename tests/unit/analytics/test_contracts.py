"""The SQL files' headers and the feature contract agree with the registries."""

import re

import pytest

from services.analytics.processors import PROCESSORS
from shared.features import FEATURES
from shared.pipeline import STEPS
from shared.tables import TABLES
from tests.unit.analytics.conftest import NIGHT

HEADER = re.compile(r"-- (step|inputs|output|grain|as_of|rows|source): (.+)")


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
