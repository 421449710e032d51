"""The commands of the documentation: blocks of `bash`, which are run as they stand, or say why they are not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/tutorial.md", "docs/how-to.md", "docs/consume-the-api.md")
"""Whose commands are run, each page's in one shell, in the order in which they stand."""
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    page: str
    line: int
    """Of its first line."""
    language: str
    text: str
    not_run: str
    """Why it is not run; empty where it is."""

    @property
    def where(self) -> str:
        """For people, and for ids of tests."""
        return f"{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    start: int | None = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        above = _NOT_RUN.fullmatch(lines[start - 1]) if start else None
        text = "\n".join(lines[start + 1 : number]) + "\n"
        yield Block(page, start + 2, lines[start].removeprefix("```"), text, above[1] if above is not None else "")
        start = None


def commands(page: str) -> list[Block]:
    """The blocks of commands, those that are not run among them."""
    return [block for block in blocks(page) if block.language == "bash"]


def script(page: str) -> str:
    """A page's commands as one script that ends at the first that fails, and says where it is."""
    parts = [f"echo '### {block.where}' >&2\n{block.text}" for block in commands(page) if not block.not_run]
    return "set -euo pipefail\n" + "".join(parts)
