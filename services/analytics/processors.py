"""The processors: which SQL makes which table, and which rows it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from shared.contract import StepRequested
from shared.pipeline import STEPS
from shared.ports import Scalar, Warehouse

_UNSUMMARISED = {
    "player_game_summary": """
SELECT MIN(box.game_date) AS since
FROM raw.player_box_scores AS box
LEFT JOIN analytics.player_game_summary AS summary
  ON summary.game_id = box.game_id AND summary.player_id = box.player_id
WHERE summary.game_id IS NULL AND box.game_date < @game_date
""",
    "team_offense_game_summary": """
SELECT MIN(box.game_date) AS since
FROM raw.player_box_scores AS box
LEFT JOIN analytics.team_offense_game_summary AS summary
  ON summary.game_id = box.game_id AND summary.team_abbr = box.team
WHERE summary.game_id IS NULL AND box.game_date < @game_date
""",
    "team_defense_game_summary": """
SELECT MIN(box.game_date) AS since
FROM raw.player_box_scores AS box
LEFT JOIN analytics.team_defense_game_summary AS summary
  ON summary.game_id = box.game_id AND summary.team_abbr = box.team
WHERE summary.game_id IS NULL AND box.game_date < @game_date
""",
}
"""Summary -> the first date with box scores that are not in it."""
_GAMES = "game_date >= @first_date AND game_date <= @last_date"
_SLATES = "game_date >= @first_date AND game_date <= @last_date AND mode = @mode"
_GRADES = "game_date >= @since AND game_date < @game_date AND mode = @mode"


@dataclass(frozen=True, slots=True)
class Processor:
    """One SELECT of BigQuery SQL (`sql/<step>.sql`) that makes the rows of a range of dates of the step's table."""

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
        day = request.game_date
        since = day - timedelta(days=regrade_days)
        params: dict[str, Scalar] = {"mode": request.mode.value}
        if self.scope == _GRADES:
            params |= {"game_date": day, "since": since}
        elif self.scope == _SLATES:
            params |= {"first_date": day, "last_date": day}
        else:
            [row] = await warehouse.query(_UNSUMMARISED[self.step], {"game_date": day})
            yesterday = day - timedelta(days=1)
            first = since if row["since"] is None else min(row["since"], yesterday)
            params = {"first_date": first, "last_date": yesterday}
        return await warehouse.transform(self.table, self.select, scope=self.scope, params=params)


@cache
def _sql(step: str) -> str:
    return (files("services.analytics") / "sql" / f"{step}.sql").read_text()


PROCESSORS: Mapping[str, Processor] = {
    processor.step: processor
    for processor in (
        Processor("player_game_summary", _GAMES),
        Processor("team_offense_game_summary", _GAMES),
        Processor("team_defense_game_summary", _GAMES),
        Processor("upcoming_player_game_context", _SLATES),
        Processor("upcoming_team_game_context", _SLATES),
        Processor("player_shot_zone_analysis", _SLATES),
        Processor("team_defense_zone_analysis", _SLATES),
        Processor("player_daily_cache", _SLATES),
        Processor("player_composite_factors", _SLATES),
        Processor("ml_feature_store", _SLATES),
        Processor("grade", _GRADES),
    )
}
