"""The processors: which SQL makes which table, and which rows it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from shared.contract import StepRequested
from shared.pipeline import STEPS
from shared.ports import Scalar, Warehouse

_UNSUMMARISED = """
SELECT MIN(box.game_date) AS since
FROM raw.player_box_scores AS box
LEFT JOIN analytics.player_game_summary AS summary
  ON summary.game_id = box.game_id AND summary.player_id = box.player_id
WHERE summary.game_id IS NULL AND box.game_date < @game_date
"""
_GRADED = "game_date BETWEEN @first_date AND @last_date AND mode = @mode"


@dataclass(frozen=True, slots=True)
class Processor:
    """One SELECT of BigQuery SQL (`sql/<step>.sql`) that makes a slate's rows of the step's table."""

    step: str
    scope: str
    """Predicate of the rows it replaces, atomically."""

    @property
    def table(self) -> str:
        """The table it writes."""
        return STEPS[self.step].table

    @property
    def select(self) -> str:
        """The SQL text."""
        return _sql(self.step)

    async def run(self, request: StepRequested, warehouse: Warehouse, *, regrade_days: int) -> int:
        """Compute and replace; returns the rows written. Running it twice leaves the same rows."""
        params: dict[str, Scalar] = {"game_date": request.game_date, "mode": request.mode.value}
        if "@first_date" in self.scope:  # what came before the slate: results, not forecasts
            params["first_date"] = request.game_date - timedelta(days=regrade_days)
            params["last_date"] = request.game_date - timedelta(days=1)
        if "@since" in self.scope:
            params["since"] = request.game_date - timedelta(days=regrade_days)
            if self.step == "player_game_summary":
                [row] = await warehouse.query(_UNSUMMARISED, {"game_date": request.game_date})
                if row["since"] is not None:
                    params["since"] = min(row["since"], request.game_date - timedelta(days=1))
        return await warehouse.transform(self.table, self.select, scope=self.scope, params=params)


@cache
def _sql(step: str) -> str:
    return (files("services.analytics") / "sql" / f"{step}.sql").read_text()


PROCESSORS: Mapping[str, Processor] = {
    processor.step: processor
    for processor in (
        Processor("player_game_summary", "game_date >= @since AND game_date < @game_date"),
        Processor("upcoming_player_game_context", "game_date = @game_date AND mode = @mode"),
        Processor("player_daily_cache", "game_date = @game_date AND mode = @mode"),
        Processor("ml_feature_store", "game_date = @game_date AND mode = @mode"),
        Processor("grade", _GRADED),
        Processor("grade_history", _GRADED),
        Processor("system_daily_performance", _GRADED),
    )
}
