"""A mutant: one file with one small change, and a name that outlives changes elsewhere in the file."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

MAX_SHOWN = 70
"""Characters of the changed code that a report shows."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    path: str
    """File, relative to the repository."""
    line: int
    """Line of the change, from 1; 0 where a statement of SQL has no line of its own."""
    kind: str
    """Which rule made it."""
    before: str
    after: str
    context: str
    """What tells it from the same change elsewhere in the file: the text of its line, and its number among equals."""
    render: Callable[[], str]
    """Makes the text of the whole mutated file."""

    @property
    def id(self) -> str:
        """Path and digest: the same until the changed line, or the change, is another."""
        digest = hashlib.sha256(f"{self.kind}\n{self.before}\n{self.after}\n{self.context}".encode())
        return f"{self.path}:{digest.hexdigest()[:10]}"

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.path}:{self.line} {self.kind}: {shown(self.before)} -> {shown(self.after)}"


def shown(code: str) -> str:
    """Code on one line, cut to what can be read at a glance."""
    text = " ".join(code.split())
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
