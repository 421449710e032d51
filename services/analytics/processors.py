"""The processors: one for each SQL file, made from its header. A new file, table and step are all a new one takes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files

from services.analytics.headers import Header, parse
from shared.basketball.slate import RETROSPECT
from shared.contract import StepRequested
from shared.ports import Job, Params, Scalar, Warehouse
from shared.registries.expansion import expanded
from shared.tables import TABLES

HISTORY_DAYS = 800
"""How far back a game that has no rows yet is looked for: two seasons, twice what any feature looks at.

Bounded, so that a night costs the same however long the history is.
"""


@dataclass(frozen=True)
class Processor:
    """One SELECT of BigQuery SQL that makes a slate's rows of one table, or those of the games before it."""

    header: Header
    select: str
    """The SQL text, its blocks expanded."""

    @property
    def step(self) -> str:
        """The step of the pipeline."""
        return self.header.step

    @property
    def table(self) -> str:
        """The table it writes."""
        return self.header.output

    @property
    def scope(self) -> str:
        """Predicate of the rows it replaces, atomically."""
        dates = "game_date >= @first_date AND game_date <= @last_date"
        return f"{dates} AND mode = @mode" if self.header.per_mode else dates

    async def run(
        self,
        request: StepRequested,
        warehouse: Warehouse,
        *,
        regrade_days: int,
        now: datetime = RETROSPECT,
        job: Job | None = None,
    ) -> int:
        """Compute and replace; returns the rows written. Running it twice leaves the same rows.

        `now` limits what a live run may know; a retrospective one is limited by its mode's cutoffs alone.
        """
        slate = request.game_date
        asked_at = RETROSPECT if request.retrospective else now
        known: dict[str, Scalar] = {"mode": request.mode.value, "asked_at": asked_at}
        if not self.header.of_the_past:
            return await self._make(slate, slate, known, warehouse, job, request.games)
        first, last = slate - timedelta(days=regrade_days), slate - timedelta(days=1)
        # Beside each other: on most nights nothing older is missing, and one waiting is enough.
        looking = asyncio.create_task(self._oldest_missing(slate, warehouse, job))
        try:
            written = await self._make(first, last, known, warehouse, job)
            missing = await looking
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        if missing is None or missing >= first:
            return written
        return await self._make(missing, last, known, warehouse, job)

    async def _make(
        self,
        first: date,
        last: date,
        known: Mapping[str, Scalar],
        warehouse: Warehouse,
        job: Job | None,
        games: Sequence[str] = (),
    ) -> int:
        params: Params = {**known, "first_date": first, "last_date": last}
        if not games:
            return await warehouse.transform(self.table, self.select, scope=self.scope, params=params, job=job)
        mine = of_games(self.table)
        select = f"SELECT * FROM (\n{self.select}\n) AS made\nWHERE {mine}"  # noqa: S608 - a statement of this package
        of_these = {**params, "games": games}
        return await warehouse.transform(self.table, select, scope=f"{self.scope} AND {mine}", params=of_these, job=job)

    async def _oldest_missing(self, slate: date, warehouse: Warehouse, job: Job | None) -> date | None:
        """The date of the oldest game before the slate that has a box score and no row here; None if all have."""
        if self.header.per_mode:
            return None  # grades: a slate that was not predicted has none to miss
        params: dict[str, Scalar] = {"game_date": slate, "since": slate - timedelta(days=HISTORY_DAYS)}
        [row] = await warehouse.query(oldest_missing(self.table), params, job)
        found: date | None = row["since"]
        return found


def of_games(table: str) -> str:
    """The predicate of a table's rows that belong to the games @games; those of a player to his game of the slate."""
    if "game_id" in {column.name for column in TABLES[table].columns}:
        return "game_id IN UNNEST(@games)"
    return """player_id IN (
  SELECT player_id
  FROM analytics.upcoming_player_game_context
  WHERE game_date >= @first_date AND game_date <= @last_date AND mode = @mode AND game_id IN UNNEST(@games)
)"""


def oldest_missing(table: str) -> str:
    """The statement that looks for box scores from @since to before @game_date that have no row in `table`."""
    key = [name for name in TABLES[table].key if name in ("game_id", "player_id")]
    match = " AND ".join(f"made.{name} = box.{name}" for name in key)
    return f"""
SELECT MIN(box.game_date) AS since
FROM raw.player_box_scores AS box
LEFT JOIN (
  SELECT DISTINCT {", ".join(key)}
  FROM {table}
  WHERE game_date >= @since AND game_date < @game_date
) AS made ON {match}
WHERE made.game_id IS NULL AND box.game_date >= @since AND box.game_date < @game_date
"""  # noqa: S608 - names of the registry


def _load() -> dict[str, Processor]:
    found = {}
    grading = files("shared.registries") / "grade.sql"  # the coordinator grades once more when it verifies
    for file in sorted([*(files("services.analytics") / "sql").iterdir(), grading], key=lambda file: file.name):
        if file.name.endswith(".sql"):
            text = expanded(file.read_text(), file.name)
            processor = Processor(parse(text, file.name), text)
            found[processor.step] = processor
    return found


PROCESSORS: Mapping[str, Processor] = _load()
