"""What a reading command shows: a heading with date and mode, then tables and text, through a pager if it is long."""

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from cli.common import out


class Paged:
    """Lines and tables under one heading, shown at once."""

    def __init__(self, heading: str) -> None:
        self._parts: list[Table | str] = [heading]

    def add(self, part: Table | str) -> None:
        """Put a table, or text, below."""
        self._parts.append(part)

    def rest(self, total: int, top: int) -> None:
        """Say that a table shows only so many of its rows."""
        if top and total > top:
            self.add(f"{top} of {total:,}; `--top 0` shows all")

    def show(self) -> None:
        """Print it; on a terminal that is too short for it, through the pager."""
        with out.capture() as captured:
            for part in self._parts:
                if isinstance(part, str):
                    out.print(part, markup=False)
                else:
                    out.print(part)
        text = captured.get()
        if out.is_terminal and text.count("\n") >= out.height:
            click.echo_via_pager(text, color=True)
        else:
            click.echo(text, nl=False)


def narrow(table: Table, column: str, width: int) -> None:
    """Let a column take so many characters at most: what is longer ends in an ellipsis."""
    [found] = [each for each in table.columns if each.header == column]
    found.max_width, found.no_wrap, found.overflow = width, True, "ellipsis"


def whole(table: Table, column: str) -> None:
    """Never cut or wrap a column: it is copied, or compared."""
    [found] = [each for each in table.columns if each.header == column]
    found.no_wrap, found.min_width = True, max(map(len, map(str, found.cells)), default=0)


def counted(n: int, what: str) -> str:
    """Like "1 game", "8 games"."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def game(row: Mapping[str, Any]) -> str:
    """Like BOS@NYK: who comes, and where to."""
    return f"{row['away_team']}@{row['home_team']}"
