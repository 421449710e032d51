"""What is mutated, and which tests may see it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from shared.registries.expansion import expanded
from tests.mutants import python, sql
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]


def text_of(path: str) -> str:
    """A file as it is run: a statement with its passages and its blocks."""
    text = (ROOT / path).read_text()
    return expanded(text, path) if path.endswith(".sql") else text


@dataclass(frozen=True)
class Area:
    """Files that are mutated alike and tested by the same folders."""

    name: str
    files: tuple[str, ...]
    """Patterns, relative to the repository."""
    tests: tuple[str, ...]
    """Folders and modules: quick, without a network."""
    goal: float
    """Share of the mutants that the tests must kill."""
    mutants: Callable[[str, str], Iterator[Mutant]] = python.mutants

    def paths(self) -> list[str]:
        """The files, relative to the repository, in the order of their names."""
        found = {path for pattern in self.files for path in ROOT.glob(pattern)}
        return sorted(str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py")

    def all(self, patterns: Sequence[str] = ()) -> Iterator[Mutant]:
        """Every mutant there is; with patterns, of the files whose path contains one."""
        for path in self.paths():
            if not patterns or any(fnmatch(path, f"*{pattern}*") for pattern in patterns):
                yield from self.mutants(path, text_of(path))


AREAS = {
    area.name: area
    for area in (
        Area(
            "sql",
            ("services/**/*.sql", "shared/registries/grade.sql"),
            ("tests/oracle", *(f"tests/unit/{name}" for name in ("analytics", "coordinator", "scraper", "worker"))),
            0.92,
            sql.mutants,
        ),
        Area("worker", ("services/worker/domain/**/*.py",), ("tests/unit/worker",), 0.88),
        Area(
            "coordinator",
            (
                "services/coordinator/runs/*.py",
                "services/coordinator/steps/*.py",
                "services/coordinator/grid/cells.py",
                "services/coordinator/handlers.py",
                "shared/runtime/boundary.py",
                "shared/embedded/broker_core.py",
                "shared/embedded/subscription.py",
            ),
            (
                "tests/unit/coordinator",
                "tests/unit/embedded",
                "tests/unit/shared",
                "tests/simulation",
            ),
            0.94,
        ),
        Area(
            "scraper",
            ("services/scraper/domain/*.py", "services/scraper/sources/**/*.py"),
            ("tests/unit/scraper",),
            0.92,
        ),
    )
}
