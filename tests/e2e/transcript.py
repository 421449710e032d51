"""docs/commands.md: what every command that reads prints, on two replayed nights of the tests' league.

`python -m tests.e2e.transcript > docs/commands.md` writes it anew; tests/e2e/test_transcript.py holds it to what the
commands print. What was measured stands as a constant, and random ids as zeros.
"""

import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from client.api import Client
from devstack.history import write
from devstack.league.season import OPENING_NIGHT, tables
from tests.e2e.command import inside
from tests.e2e.nights import FIRST, LAST, MEASURED, replay

WIDTH = 80
SHOWN = 24
"""Lines of an answer that the page has: those of a terminal."""
_CONSTANT: dict[str, object] = dict.fromkeys(MEASURED, 1.0) | {
    "number": 1, "row_count": 1, "bytes_processed": 2**20, "bytes_billed": 2**20, "slot_ms": 1, "usd": 0.001,
    "seq": 1, "sha256": "0" * 64, "elapsed_seconds": 1, "delay_seconds": 0, "seconds_since_asked": 1,
    **dict.fromkeys((name for name in MEASURED if name.endswith("_at")), "2024-11-16T23:00:00Z"),
}  # fmt: skip
_ID = re.compile(r"\b(?:[0-9a-f]{16}|[0-9a-f]{64})\b")
"""Of keys, and digests."""

COMMANDS = (
    ("", "Tonight in one screen: state, best edges, what needs a hand."),
    ("predictions --best", "What is recommended, largest edge first. `--top N` for more or fewer."),
    ("predictions --market points", "One market, those with an edge first."),
    ("predictions --game BOS --market points", "A game, by one of its teams; `--team` for one team's players."),
    ("predictions --player barn --market pra", "A player, by a part of his name, whatever its accents."),
    ("predictions --player barn --line 20.5 --market points", "His stored distribution against any line."),
    ("predictions --explain barn --market points", "What moved it."),
    ("predictions --best --top 2 --format csv", "For a program: CSV, Parquet or JSON, every column."),
    ("lines --game BOS", "What the bookmakers say of a game itself."),
    ("changes", "What changed since the first prediction, and whom it moved."),
    ("accuracy --market points", "How good graded predictions were: docs/accuracy.md."),
    (f"report --date {LAST}", "The morning in a few lines, for a channel; `--html FILE` is a page."),
    ("verify", "Whether the sealed record holds."),
    ("status", "The latest run, step by step."),
    ("runs", "Every run."),
    ("watch", "Follow a run until it ends."),
    ("grid", "A slate: what is there of each step."),
    (f"grid --from {FIRST} --to {LAST}", "Several slates, a mark for each step."),
    ("cascade", "Timing, delays, presence, coverage, freshness."),
    (f"cost --from {FIRST} --to {LAST}", "What slates cost, or would on Google Cloud."),
    ("models", "Trained models."),
    ("alerts", "Open alerts."),
    ("dlq", "Dead letters."),
    ("names list", "Names of players that fit nobody."),
    ("quarantine list", "What was refused."),
    ("keys list", "API keys."),
    ("predictions --player barmhollow", "What is not known is answered with what may have been meant."),
    ("predictions --date 2024-11-20", "So is a date."),
    ("predictions --market pionts", "So is a value."),
    ("predictoins", "So is a command."),
)
"""Arguments, and what they are for."""


def said(home: Path, arguments: str) -> str:
    """What a command prints, on stdout and stderr, without what differs from one time to the next."""
    with _constant():
        done = inside(home, *arguments.split())
    text = done.out + done.err
    return _ID.sub(lambda found: "0" * len(found[0]), text.replace(str(home), ".tipoff"))


@contextmanager
def _constant() -> Iterator[None]:
    """What the coordinator has measured is always the same."""
    get = Client.get

    async def answered(self: Client, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        return _without_measures(await get(self, path, **query))

    constant: Callable[..., Awaitable[Any]] = answered
    with patch.object(Client, "get", constant):
        yield


def _without_measures(found: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(found, list):
        return [_without_measures(each) for each in found]
    if isinstance(found, dict):
        return {
            name: _CONSTANT[name] if name in _CONSTANT and value is not None else _without_measures(value)
            for name, value in found.items()
        }
    return found


def page(home: Path) -> str:
    """The page."""
    parts = [
        "# What commands print",
        "",
        "Every command that reads, on two nights of a generated league (invented players) replayed with",
        "`tipoff replay --mode same_day`. Made by `python -m tests.e2e.transcript`, and held by a test to what the",
        "commands print in 80 columns; long answers are cut here. `--help` has every option.",
    ]
    for arguments, meaning in COMMANDS:
        parts += ["", f"## `{f'tipoff {arguments}'.rstrip()}`"]
        parts += section(home, arguments, meaning).rstrip("\n").split("\n")[1:]
    return "\n".join(parts) + "\n"


def section(home: Path, arguments: str, meaning: str) -> str:
    """What the page says of a command, below its heading."""
    lines = said(home, arguments).splitlines()
    more = [f"... and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    shown = [cut(line, arguments) for line in lines[:SHOWN]]
    command = f"$ tipoff {arguments}".rstrip()
    return "\n".join(["", "", meaning, "", "```text", command, *shown, *more, "```"]) + "\n\n"


def cut(line: str, arguments: str) -> str:
    """A line as the page has it: rows for a program are longer than it is wide."""
    return line.rstrip() if "--format" not in arguments else f"{line[: WIDTH - 3]}..."


def main() -> None:
    """Replay the nights and print the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(tables(11, OPENING_NIGHT, 26, 6), folder / "league")
        sys.stdout.write(page(replay(folder, folder / "league", FIRST, LAST).home))


if __name__ == "__main__":
    main()
