"""What a table is made of, and the columns that several of them share. Types are BigQuery's."""

from dataclasses import dataclass, field
from typing import Literal

from shared.registries.markets import MARKET_NAMES, MARKETS

Type = Literal["STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; nullable only where null has a meaning, which the description gives."""

    name: str
    type: Type
    description: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `name` is `dataset.table`."""

    name: str
    description: str
    key: tuple[str, ...]
    """Columns that no two rows share."""
    columns: tuple[Column, ...]
    partition: str = "game_date"
    """The DATE or TIMESTAMP column that rows are kept apart by, a partition for each day."""
    cluster: tuple[str, ...] = field(default=())
    """Columns that a partition's rows are sorted by, at most four: those that queries filter and join on."""
    retired: tuple[str, ...] = ()
    """Columns it once had: dropped where a warehouse still has them, for others hold what they said."""
    rows: str = ""
    """How many rows to expect."""
    retention_days: int | None = None
    """Days after its partition's date that a row is kept; None: for ever.

    BigQuery counts from the partition's date and not from when the row was written: what is partitioned by game date
    must be kept, or a backfill of two years ago would be gone the moment it is written.
    """

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def c(name: str, type_: Type, description: str) -> Column:
    """A column without nulls."""
    return Column(name, type_, description)


def n(name: str, type_: Type, description: str) -> Column:
    """A column in which null has a meaning, which the description gives."""
    return Column(name, type_, description, nullable=True)


GAME_DATE = c("game_date", "DATE", "US-Eastern date of the game")
GAME = c("game_id", "STRING", "NBA game id, ten characters")
PLAYER = c("player_id", "INT64", "NBA player id")
LOOKUP = n("player_lookup", "STRING", "normalised name; null in rows from before there was this column")
MARKET = c("market", "STRING", MARKET_NAMES)
MODE = c("mode", "STRING", "overnight, same_day, tomorrow, manual or backfill: which cutoff holds")
AVAILABLE = c("available_at", "TIMESTAMP", "when the upstream had published it: the point-in-time rule reads this")
FETCHED = c("fetched_at", "TIMESTAMP", "business instant at which it was fetched")
SOURCE = c("source", "STRING", "upstream it came from")

BOX = (
    n("starter", "BOOL", "in the starting five; null where the source does not say (bulk game logs)"),
    c("minutes", "FLOAT64", "minutes played"),
    c("points", "INT64", "points"),
    c("rebounds", "INT64", "total rebounds"),
    c("offensive_rebounds", "INT64", "offensive rebounds"),
    c("defensive_rebounds", "INT64", "defensive rebounds"),
    c("assists", "INT64", "assists"),
    c("field_goals_made", "INT64", "field goals made, threes included"),
    c("field_goals_attempted", "INT64", "field goals attempted, threes included"),
    c("threes", "INT64", "three-pointers made"),
    c("threes_attempted", "INT64", "three-pointers attempted"),
    c("free_throws_made", "INT64", "free throws made"),
    c("free_throws_attempted", "INT64", "free throws attempted"),
    c("steals", "INT64", "steals"),
    c("blocks", "INT64", "blocks"),
    c("turnovers", "INT64", "turnovers"),
    c("fouls", "INT64", "personal fouls"),
    n("plus_minus", "FLOAT64", "team points minus opponent points while on court; null where the source lacks it"),
)


def per_market(suffix: str, type_: Type, description: str, *, nullable: bool = False) -> tuple[Column, ...]:
    """`<market>_<suffix>` of every market; where it may be null, the description says what null means."""
    return tuple(Column(f"{market}_{suffix}", type_, f"{market}: {description}", nullable) for market in MARKETS)
