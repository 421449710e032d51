"""Mutants that behave badly, tried for real: `python -m tests.mutants.examples FOLDER` says what became of each."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click

from tests.mutants import forks
from tests.mutants.areas import ROOT
from tests.mutants.mutant import Mutant
from tests.mutants.run import try_all
from tests.mutants.seen import Seen

PATH = "services/scraper/domain/minutes.py"
TEST = "tests/unit/scraper/test_minutes.py::test_law_no_text_does_worse_than_be_refused"
LIMIT = 8.0
"""Seconds: enough to start, whatever else the machine does."""


def example(name: str, change: Callable[[str], str]) -> Mutant:
    """A mutant of one small module, whose tests take no time."""
    return Mutant(PATH, 1, name, "", "", name, lambda: change((ROOT / PATH).read_text()))


EXAMPLES = (
    example("killed", lambda text: text.replace("raise BadRecord", "raise KeyError")),
    example("hung", lambda text: f"{text}\nwhile True: pass\n"),
    example("broke", lambda text: f"{text}\nimport there_is_no_such_module\n"),
    example("survived", lambda text: f"{text}\nNOBODY_ASKS = 1\n"),
    example("unseen", lambda text: text),
)


def main(work: Path) -> None:
    """Try them all, and print their fates."""
    forks.preload()
    seen = Seen({TEST: 0.1}, {PATH: {1: frozenset({TEST})}}, frozenset())
    for example in EXAMPLES:
        known = Seen({}, {}, frozenset()) if example.kind == "unseen" else seen
        for verdict in try_all([example], known, work, 1, shortest=LIMIT):
            click.echo(json.dumps({"example": example.kind, "fate": verdict.fate, "seconds": verdict.seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
