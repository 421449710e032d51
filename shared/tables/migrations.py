"""Numbered migrations: which differences between registry and warehouse each one takes care of, and why.

A migration has no script: it makes what `shared.tables.schema.difference` finds, so it can be run again, on any
warehouse, from whatever state, and does only what is left to do. What it did is recorded in `ops.migrations`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.ports import Row
from shared.tables.schema import Change, Kind

APPLIED = "ops.migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """What one number stands for."""

    number: int
    name: str
    why: str
    kinds: frozenset[Kind]
    tables: tuple[str, ...] = ()
    """Empty: all that no other migration names."""

    def claims(self, change: Change) -> bool:
        """Whether the change is this migration's."""
        return change.kind in self.kinds and (not self.tables or change.table in self.tables)


MIGRATIONS = (
    Migration(
        1,
        "tables_and_columns",
        "What the registry declares and the warehouse lacks. Only adds; first: clusters may be by new columns.",
        frozenset(("create", "column", "relax", "describe")),
    ),
    Migration(
        2,
        "cluster_player_prop_predictions",
        "By player_lookup, system and game_date: a player's history is asked for by name. What others call "
        "system_id is `system` here.",
        frozenset(("cluster",)),
        ("predictions.player_prop_predictions",),
    ),
    Migration(
        3,
        "cluster_player_game_summary",
        "By player_lookup, team_abbr and game_date: form is asked for by player, context by team, both by date.",
        frozenset(("cluster",)),
        ("analytics.player_game_summary",),
    ),
    Migration(
        4,
        "clustering_and_retention",
        "What the registry says of the other tables.",
        frozenset(("cluster", "retain")),
    ),
    Migration(
        5,
        "drop_retired_columns",
        "What other columns hold now: a market that is a sum is added up where it is asked for.",
        frozenset(("drop",)),
    ),
)


def numbered(changes: Iterable[Change]) -> list[tuple[Migration, list[Change]]]:
    """Every migration, in order, with those of the changes that are left for it to do. Refused ones are nobody's."""
    left: dict[int, list[Change]] = {migration.number: [] for migration in MIGRATIONS}
    specific_first = sorted(MIGRATIONS, key=lambda migration: not migration.tables)
    for change in changes:
        owner = next((migration for migration in specific_first if migration.claims(change)), None)
        if owner is not None:
            left[owner.number].append(change)
    return [(migration, left[migration.number]) for migration in MIGRATIONS]


def record(migration: Migration, done: Sequence[Change], at: datetime) -> Row:
    """The row of `ops.migrations` that says so."""
    changes = json.dumps([str(change) for change in done])
    return {"number": migration.number, "name": migration.name, "changes": changes, "applied_at": at}
