"""Which tests see which line: measured once by running them, kept until a file changes."""

import hashlib
import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import forks
from tests.mutants.areas import ROOT, Area, text_of

LIMIT = 900.0
"""Seconds that an area's tests may take without a mutant."""


class Broken(Exception):  # noqa: N818 - a state of the project, told to whoever asked
    """The tests do not run at all: nothing can be said of mutants."""


@dataclass(frozen=True)
class Seen:
    """What was measured of an area's tests."""

    seconds: Mapping[str, float]
    """By test."""
    lines: Mapping[str, Mapping[int, frozenset[str]]]
    """Tests by file and line. A statement of SQL counts as one line, 0."""
    failed: frozenset[str]
    """Tests and modules that fail without a mutant, and so can tell nothing of one."""

    def tests(self, path: str, line: int) -> list[str]:
        """The tests that ran the line, quickest first. Lines that run at import are nobody's: those that ran the file.

        A module that does nothing but at its import may be seen by any test. A statement is seen too by tests that are
        named after it: they compare rows that a fixture made for an earlier test.
        """
        by_line = self.lines.get(path, {})
        found = by_line.get(line, frozenset()) or frozenset().union(*by_line.values())
        if path.endswith(".sql"):
            found |= {test for test in self.seconds if Path(path).stem in test}
        elif not found:
            found = frozenset(self.seconds)
        return sorted(found - self.failed, key=lambda test: (self.seconds.get(test, 0.0), test))


class Recorder:
    """A plugin that notes how long each test took and which statements it executed."""

    def __init__(self, statements: Mapping[str, str], out: Path) -> None:
        self._files = {" ".join(text.split()): path for path, text in statements.items()}
        self._out = out
        self._test = ""
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._statements: defaultdict[str, set[str]] = defaultdict(set)
        self._failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know whose statement it is."""
        self._test, started = item.nodeid, time.monotonic()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] += time.monotonic() - started

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        self._failed.update([report.nodeid] if report.failed else [])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot even be collected."""
        self._failed.update([report.nodeid] if report.failed else [])

    def pytest_sessionstart(self) -> None:
        """Listen where the embedded warehouse translates."""
        from shared.embedded import publish, sql, warehouse  # noqa: PLC0415 - the tree's own, in the fork

        translate = sql.to_duckdb

        def listening(statement: str) -> Any:  # noqa: ANN401 - passed on
            path = self._files.get(" ".join(statement.split()))
            if path is not None:
                self._statements[path].add(self._test)
            return translate(statement)

        for module in (warehouse, publish):
            vars(module)["to_duckdb"] = listening

    def pytest_sessionfinish(self) -> None:
        """Keep it."""
        found = {path: sorted(tests) for path, tests in self._statements.items()}
        seconds = {test: seconds for test, seconds in self._seconds.items() if test not in self._failed}
        self._out.write_text(json.dumps({"seconds": seconds, "statements": found, "failed": sorted(self._failed)}))


def seen(area: Area, work: Path) -> Seen:
    """Run the area's tests once, or read what an earlier run found for the same files.

    Raises:
        Broken: they do not run.
    """
    kept = work / f"{area.name}.{_digest(area)}.json"
    if not kept.exists():
        for old in work.glob(f"{area.name}.*.json"):
            old.unlink()
        kept.write_text(json.dumps(_measure(area, work)))
    data = json.loads(kept.read_text())
    lines = {
        path: {int(line): frozenset(tests) for line, tests in found.items()} for path, found in data["lines"].items()
    }
    return Seen(data["seconds"], lines, frozenset(data["failed"]))


def _measure(area: Area, work: Path) -> dict[str, object]:
    tree = forks.Tree(work / f"{area.name}-{os.getpid()}")
    out, coverage = work / f"{area.name}.recorded", work / f"{area.name}.coverage"
    python = [path for path in area.paths() if path.endswith(".py")]
    statements = {path: text_of(path) for path in area.paths() if path.endswith(".sql")}
    tree.environment |= {"COVERAGE_FILE": str(coverage)}
    arguments = [*area.tests, "-m", "not proof and not network", "--continue-on-collection-errors"]
    if python:
        rc = work / f"{area.name}.coveragerc"
        rc.write_text("[run]\ninclude =\n" + "".join(f"    {tree.path / path}\n" for path in python))
        arguments += ["--cov", f"--cov-config={rc}", "--cov-context=test", "--cov-report="]
    fork = forks.start(tree, arguments, Recorder(statements, out), LIMIT)
    wait([fork.sentinel], LIMIT)
    ended = fork.ended()
    if ended is None or ended.code not in (0, 1):
        reason = "no end" if ended is None else ended.output[-3000:]
        raise Broken(f"the tests of {area.name} do not run without a mutant:\n{reason}")
    recorded = json.loads(out.read_text())
    lines: dict[str, dict[int, list[str]]] = {path: {0: tests} for path, tests in recorded["statements"].items()}
    if python:
        lines |= _contexts(coverage, tree.path)
    shutil.rmtree(tree.path)
    return {"seconds": recorded["seconds"], "lines": lines, "failed": recorded["failed"]}


def _contexts(file: Path, tree: Path) -> dict[str, dict[int, list[str]]]:
    import coverage  # noqa: PLC0415 - only here

    data = coverage.CoverageData(str(file))
    data.read()
    found = {}
    for measured in data.measured_files():
        by_line = data.contexts_by_lineno(measured)
        path = str(Path(measured).relative_to(tree))
        tests = {line: sorted({name.partition("|")[0] for name in names if name}) for line, names in by_line.items()}
        found[path] = {line: names for line, names in tests.items() if names}
    return found


def _digest(area: Area) -> str:
    digest = hashlib.sha256(repr(area.tests).encode())
    for name in ("shared", "services", "live", "devstack", "tests", "pyproject.toml"):
        top = ROOT / name
        files: Sequence[Path] = [top] if top.is_file() else sorted(p for s in ("*.py", "*.sql") for p in top.rglob(s))
        for file in files:
            digest.update(str(file).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
