"""The tool that looks for what no test notices."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.embedded.sql import to_duckdb
from tests.mutants import python, sql
from tests.mutants.__main__ import equivalents, sample
from tests.mutants.areas import AREAS, ROOT, text_of
from tests.mutants.examples import EXAMPLES, LIMIT

PYTHON = '''
"""What it is for."""
import logging

LIMIT: float = 0.5


def first(rows: list[int], _log: logging.Logger) -> int:
    """Docs."""
    _log.info("looked", at=1)
    if not rows or rows[0] < LIMIT:
        raise ValueError("no rows", "give some")
    rows.sort()
    return rows[0] + 1
'''
SQL = """\
-- step: example
SELECT a.points, COUNT(*) AS n
FROM raw.player_box_scores AS a
JOIN raw.games AS g ON g.game_id = a.game_id AND g.game_date < @day
WHERE a.rebounds >= 3 AND a.is_home
GROUP BY a.points
ORDER BY a.points DESC
"""
each_file = pytest.mark.parametrize("path", AREAS["sql"].paths())


def test_python_is_changed_where_it_decides() -> None:
    """Comparisons, constants, operators, conditions and calls; never annotations, docs, logs or error texts."""
    found = [(mutant.kind, mutant.before, mutant.after) for mutant in python.mutants("x.py", PYTHON)]
    assert ("swap_op", "rows[0] + 1", "rows[0] - 1") in found
    assert ("number", "0.5", "1.5") in found
    assert ("remove_unary_ops", "not rows", "rows") in found
    assert any(kind == "drop_call" and "rows.sort()" in before and "pass" in after for kind, before, after in found)
    changed = " ".join(before for _, before, _ in found)
    assert not any(word in changed for word in ("Docs", "looked", "no rows", "logging", "list[int]"))


def test_sql_is_changed_where_people_err() -> None:
    """A comparison, a constant, a column of the same type, a join's kind, a predicate, the order."""
    found = {mutant.kind: mutant for mutant in sql.mutants("x.sql", SQL)}
    assert set(found) == {"exchanged", "constant", "column", "side", "join", "predicate", "order"}
    texts = {" ".join(mutant.render().split()) for mutant in sql.mutants("x.sql", SQL)}
    assert all(text.startswith("-- step: example SELECT") for text in texts)
    whole = " ".join(sql.rendered(SQL).split())
    assert any("a.rebounds > 3 AND" in text for text in texts)
    assert any("a.rebounds >= 4" in text for text in texts)
    assert any("SELECT a.rebounds, COUNT(*)" in text for text in texts)
    assert any("LEFT JOIN raw.games" in text for text in texts)
    assert any("WHERE a.is_home GROUP BY" in text for text in texts)
    assert any("ORDER BY a.points" in text and "DESC" not in text for text in texts)
    assert f"-- step: example {whole}" not in texts


@each_file
def test_a_statement_written_again_means_the_same(path: str) -> None:
    """What a mutant changes is the mutation alone: unchanged, the rewritten text runs as the file does."""
    text = text_of(path)
    written, read = to_duckdb(sql.rendered(text)).text, to_duckdb(text).text
    assert _bare(written) == _bare(read)


def _bare(text: str) -> str:
    while "/*" in text:
        before, _, rest = text.partition("/*")
        text = before + rest.partition("*/")[2]
    return "".join(text.split())


def test_every_mutant_of_a_file_has_a_name_of_its_own() -> None:
    """An id names one change, and the same one after lines were added above it."""
    path = "services/scraper/domain/minutes.py"
    text = (ROOT / path).read_text()
    ids = [mutant.id for mutant in python.mutants(path, text)]
    assert len(set(ids)) == len(ids) > 10
    moved = text.replace('"""', '"""\nA line more.\n', 1)
    assert [mutant.id for mutant in python.mutants(path, moved)] == ids


def test_equivalent_mutants_exist() -> None:
    """An entry whose line was changed since is about nothing, and goes."""
    known = equivalents()
    paths = {name.rpartition(":")[0] for name in known}
    there = {
        mutant.id
        for area in AREAS.values()
        for path in sorted(paths.intersection(area.paths()))
        for mutant in area.mutants(path, text_of(path))
    }
    assert known.keys() <= there
    assert all(known.values())


def test_a_seed_draws_the_same_again() -> None:
    """Everybody can try what somebody else has tried; another seed draws others."""
    drawn = [[mutant.id for mutant in sample(AREAS["scraper"], seed, 5, ["domain/m"])] for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.network
def test_a_mutant_ends_in_bounded_time(tmp_path: Path) -> None:
    """Killed, hung, no longer importable, unnoticed or run by no test: each is told apart."""
    found = _run("tests.mutants.examples", str(tmp_path))
    fates = [json.loads(line) for line in found.stdout.splitlines()]
    assert {fate["example"]: fate["fate"] for fate in fates} == {each.kind: each.kind for each in EXAMPLES}
    assert all(fate["seconds"] < 3 * LIMIT for fate in fates)


@pytest.mark.network
@pytest.mark.parametrize(
    ("area", "path", "tests"),
    [
        ("sql", "coordinator/sql/complete/schedule", "tests/unit/coordinator/test_sql_complete.py"),
        ("coordinator", "shared/runtime/boundary.py", "tests/unit/shared/test_boundary.py"),
    ],
)
def test_a_small_sample_is_killed(area: str, path: str, tests: str, tmp_path: Path) -> None:
    """The whole way, in SQL and in Python: measured, drawn, tried, reported."""
    kept = tmp_path / "verdicts.json"
    arguments = ["--area", area, "--path", path, "--tests", tests, "--count", "3", "--jobs", "1", "--json", str(kept)]
    found = _run("tests.mutants", *arguments, "--work", str(tmp_path))
    assert found.returncode == 0, found.stdout + found.stderr
    assert [verdict["fate"] for verdict in json.loads(kept.read_text())] == ["killed"] * 3


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
