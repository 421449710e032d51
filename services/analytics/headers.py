"""The typed header of a processor's SQL file: what it reads and makes, so that the cascade can be derived from the SQL.

-- step: player_game_summary
-- inputs: raw.player_box_scores
-- output: analytics.player_game_summary
-- grain: game_id, player_id
-- as_of: facts of finished games
-- rows: one per row of raw.player_box_scores
-- source: Oliver, Basketball on Paper (2004)
"""

import re
from dataclasses import dataclass
from functools import cached_property

from shared.errors import Permanent
from shared.tables import TABLES

FIELDS = ("step", "inputs", "output", "grain", "as_of", "rows", "source")
"""All of them, in this order."""


_BEFORE_TIP = ("raw.rosters", "raw.injuries", "raw.prop_lines")
"""What is collected of a slate before its games."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself."""

    step: str
    inputs: tuple[str, ...]
    """Tables it reads."""
    output: str
    """The table it writes."""
    grain: tuple[str, ...]
    """The key of its rows, which is the table's."""
    as_of: str
    """Which of the rows it reads were known in time."""
    rows: str
    """How many rows to expect."""
    source: str
    """Where its formulas come from."""

    @cached_property
    def per_mode(self) -> bool:
        """Whether each mode has rows of its own."""
        return _has_mode(self.output)

    @cached_property
    def of_the_past(self) -> bool:
        """Whether it makes rows of games that are over.

        Facts of a game have no mode. What has one is made for the slate; grades are of the slates before it.
        """
        return not self.per_mode or self.output.startswith("predictions.")

    @cached_property
    def waits_for(self) -> tuple[str, ...]:
        """The inputs that must be verified before it may start.

        What was made or collected for slates of the past (predictions, features, lines) has long been there; what
        grades rest on has not. A table that its own maker reads is no input to wait for.
        """
        return tuple(name for name in self.inputs if name != self.output and not self._long_there(name))

    def _long_there(self, table: str) -> bool:
        if not self.of_the_past or table.startswith("predictions.prediction_grades"):
            return False
        return _has_mode(table) or table in _BEFORE_TIP


def parse(text: str, name: str) -> Header:
    """The header at the top of a file called `name`.

    Raises:
        Permanent: a field is missing or out of place, or a table is not in the registry.
    """
    found: dict[str, str] = {}
    for field, line in zip(FIELDS, _logical_lines(text), strict=False):
        prefix = f"-- {field}: "
        if not line.startswith(prefix) or not line.removeprefix(prefix).strip():
            raise Permanent(f"{name}: the header lacks `{prefix}...`", remedy=f"start with {', '.join(FIELDS)}")
        found[field] = line.removeprefix(prefix).strip()
    header = Header(
        step=found["step"],
        inputs=_list(found["inputs"]),
        output=found["output"],
        grain=_list(found["grain"]),
        as_of=found["as_of"],
        rows=found["rows"],
        source=found["source"],
    )
    for table in (*header.inputs, header.output):
        if table not in TABLES:
            raise Permanent(f"{name}: unknown table {table!r} in the header", remedy="declare it in shared/tables")
    return header


def _logical_lines(text: str) -> list[str]:
    """The lines, with those that begin with `--` and more than one space appended to the one before."""
    return re.sub(r"\n--\s{2,}", " ", text).splitlines()


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _has_mode(table: str) -> bool:
    return any(column.name == "mode" for column in TABLES[table].columns)
