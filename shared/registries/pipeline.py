"""The steps of a night and the modes' rules: the one table everything else is derived from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from shared.basketball.slate import Mode
from shared.errors import Permanent


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of the cascade: a service makes the rows of one table for one slate."""

    name: str
    phase: int
    service: str
    needs: tuple[str, ...]
    table: str
    """The table whose rows prove the step (empty: proved by the fetch log or an artifact)."""
    required: bool = True
    """A run cannot go on without it; an optional step that fails only degrades the run."""


STEPS = {
    step.name: step
    for step in (
        Step("schedule", 1, "scraper", (), "raw.games"),
        Step("box_scores", 1, "scraper", ("schedule",), "raw.player_box_scores"),
        Step("rosters", 1, "scraper", ("schedule",), "raw.rosters"),
        Step("injuries", 1, "scraper", ("rosters",), "raw.injuries", required=False),
        Step("lines", 1, "scraper", ("rosters",), "raw.prop_lines", required=False),
        Step("player_game_summary", 3, "analytics", ("box_scores",), "analytics.player_game_summary"),
        Step(
            "upcoming_player_game_context",
            3,
            "analytics",
            ("rosters", "injuries"),
            "analytics.upcoming_player_game_context",
        ),
        Step(
            "player_market_context",
            3,
            "analytics",
            ("upcoming_player_game_context", "lines"),
            "analytics.player_market_context",
        ),
        Step("team_offense_game_summary", 3, "analytics", ("box_scores",), "analytics.team_offense_game_summary"),
        Step("team_defense_game_summary", 3, "analytics", ("box_scores",), "analytics.team_defense_game_summary"),
        Step("upcoming_team_game_context", 3, "analytics", ("schedule",), "analytics.upcoming_team_game_context"),
        Step(
            "team_daily_record",
            3,
            "analytics",
            ("upcoming_team_game_context", "team_offense_game_summary", "team_defense_game_summary"),
            "analytics.team_daily_record",
            required=False,
        ),
        Step(
            "player_shot_zone_analysis",
            4,
            "analytics",
            ("upcoming_player_game_context", "player_game_summary"),
            "features.player_shot_zone_analysis",
        ),
        Step(
            "team_defense_zone_analysis",
            4,
            "analytics",
            ("upcoming_team_game_context", "team_defense_game_summary"),
            "features.team_defense_zone_analysis",
        ),
        Step(
            "player_daily_cache",
            4,
            "analytics",
            ("upcoming_player_game_context", "player_game_summary", "team_offense_game_summary"),
            "features.player_daily_cache",
        ),
        Step(
            "player_composite_factors",
            4,
            "analytics",
            ("player_daily_cache", "player_shot_zone_analysis", "team_defense_zone_analysis"),
            "features.player_composite_factors",
        ),
        Step(
            "ml_feature_store",
            4,
            "analytics",
            ("player_composite_factors", "player_market_context"),
            "features.ml_feature_store",
        ),
        Step("train", 4, "worker", ("ml_feature_store",), "predictions.models", required=False),
        Step("predict", 5, "coordinator", ("ml_feature_store", "train"), "predictions.staging"),
        Step("publish", 5, "coordinator", ("predict",), "predictions.player_prop_predictions"),
        Step("grade", 5, "analytics", ("player_game_summary",), "predictions.prediction_grades", required=False),
        Step("grade_history", 5, "analytics", ("grade",), "predictions.prediction_grades_history", required=False),
        Step(
            "system_daily_performance",
            5,
            "analytics",
            ("grade",),
            "predictions.system_daily_performance",
            required=False,
        ),
        Step(
            "export",
            6,
            "coordinator",
            ("publish", "grade_history", "system_daily_performance", "team_daily_record"),
            "",
        ),
    )
}
PHASES = {1: "scrape", 2: "load", 3: "analytics", 4: "features", 5: "predict, grade", 6: "publish"}


@dataclass(frozen=True, slots=True)
class ModeRules:
    """What a mode asks of a step before the next may use it; with less than everything a run is degraded."""

    completeness: float
    """Share of the expected units that must be verified in the warehouse."""
    quality: float
    """Share of the collected units that must be free of quarantined records."""
    wait_until: time | None = None
    """Eastern time of the slate's date until which a live run waits for inputs that are late; None: it never waits."""
    alerts: bool = True
    """Whether a run that ends badly raises an alert."""


MODE_RULES = {
    Mode.OVERNIGHT: ModeRules(completeness=1.0, quality=0.95, wait_until=time(7)),
    Mode.SAME_DAY: ModeRules(completeness=0.80, quality=0.90, wait_until=time(17)),
    Mode.TOMORROW: ModeRules(completeness=0.75, quality=0.85),
    Mode.MANUAL: ModeRules(completeness=0.50, quality=0.80),
    Mode.BACKFILL: ModeRules(completeness=1.0, quality=0.95, alerts=False),
}


def plan(targets: Iterable[str]) -> tuple[Step, ...]:
    """The targets and everything they stand on, in an order that respects `needs`.

    Raises:
        Permanent: a target is no step.
    """
    wanted: set[str] = set()
    stack = list(targets)
    while stack:
        name = stack.pop()
        if name not in STEPS:
            raise Permanent(f"unknown step {name!r}", remedy=f"one of {', '.join(STEPS)}")
        if name not in wanted:
            wanted.add(name)
            stack.extend(STEPS[name].needs)
    return tuple(step for step in STEPS.values() if step.name in wanted)
