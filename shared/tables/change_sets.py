"""Change sets: the differences between registry and warehouse that are made together, in this order, and why.

None has a script: it is what `shared.tables.schema.difference` finds of its kinds, so it can be applied again, to any
warehouse, in whatever state, and holds only what is left to do. Each time one is applied is a row of `ops.migrations`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.ports import Row
from shared.tables.schema import Change, Kind

APPLIED = "ops.migrations"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one number stands for."""

    number: int
    name: str
    why: str
    kinds: frozenset[Kind]
    tables: tuple[str, ...] = ()
    """Empty: all that no other change set names."""

    def claims(self, change: Change) -> bool:
        """Whether the change is of this set."""
        return change.kind in self.kinds and (not self.tables or change.table in self.tables)


CHANGE_SETS = (
    ChangeSet(
        1,
        "tables_and_columns",
        "What the registry declares and the warehouse lacks. Only adds; first: clusters may be by new columns.",
        frozenset(("create", "column", "relax", "describe")),
    ),
    ChangeSet(
        2,
        "cluster_player_prop_predictions",
        "By player_lookup, system and game_date: a player's history is asked for by name. What others call "
        "system_id is `system` here.",
        frozenset(("cluster",)),
        ("predictions.player_prop_predictions",),
    ),
    ChangeSet(
        3,
        "cluster_player_game_summary",
        "By player_lookup, team_abbr and game_date: form is asked for by player, context by team, both by date.",
        frozenset(("cluster",)),
        ("analytics.player_game_summary",),
    ),
    ChangeSet(
        4,
        "clustering_and_retention",
        "What the registry says of the other tables.",
        frozenset(("cluster", "retain")),
    ),
    ChangeSet(
        5,
        "drop_retired_columns",
        "What other columns hold now: a market that is a sum is added up where it is asked for.",
        frozenset(("drop",)),
    ),
)


def grouped(changes: Iterable[Change]) -> list[tuple[ChangeSet, list[Change]]]:
    """Every change set, in order, with those of the changes that are its own. Refused ones are nobody's."""
    left: dict[int, list[Change]] = {each.number: [] for each in CHANGE_SETS}
    specific_first = sorted(CHANGE_SETS, key=lambda each: not each.tables)
    for change in changes:
        owner = next((each for each in specific_first if each.claims(change)), None)
        if owner is not None:
            left[owner.number].append(change)
    return [(each, left[each.number]) for each in CHANGE_SETS]


def record(change_set: ChangeSet, done: Sequence[Change], at: datetime) -> Row:
    """The row of `ops.migrations` that says so."""
    changes = json.dumps([str(change) for change in done])
    return {"number": change_set.number, "name": change_set.name, "changes": changes, "applied_at": at}
