"""The steps of a night and the modes' rules: the one table everything else is derived from."""

from collections.abc import Collection, Iterable
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
    predicts: bool = False
    """Makes the predictions, in batches that workers stage. A run with it insists on what it stands on."""
    kept_with: str = ""
    """What uses up its rows: a new generation of a run keeps both or does both again."""
    periodic: bool = False
    """Does nothing until it is due; a request's `retrain` makes it due."""
    reads_published: bool = False
    """Reads the published predictions of earlier slates."""
    of_the_day: bool = False
    """Its rows change with the day's news, game by game: a pass of some games makes theirs again."""


def _made(name: str, phase: int, *needs: str, required: bool = True, of_the_day: bool = False) -> Step:
    """A step of the analytics service: the table that is named like it."""
    dataset = "analytics" if phase == 3 else "features"  # noqa: PLR2004 - see PHASES
    return Step(name, phase, "analytics", needs, f"{dataset}.{name}", required, of_the_day=of_the_day)


def _graded(name: str, need: str, table: str) -> Step:
    """A step that looks back on predictions."""
    return Step(name, 5, "analytics", (need,), f"predictions.{table}", required=False, reads_published=True)


STEPS = {
    step.name: step
    for step in (
        Step("schedule", 1, "scraper", (), "raw.games"),
        Step("box_scores", 1, "scraper", ("schedule",), "raw.player_box_scores"),
        Step("rosters", 1, "scraper", ("schedule", "box_scores"), "raw.rosters"),
        Step("injuries", 1, "scraper", ("rosters",), "raw.injuries", required=False, of_the_day=True),
        Step("lines", 1, "scraper", ("rosters",), "raw.prop_lines", required=False, of_the_day=True),
        _made("player_game_summary", 3, "box_scores"),
        _made("upcoming_player_game_context", 3, "rosters", "injuries", of_the_day=True),
        _made("player_market_context", 3, "upcoming_player_game_context", "lines", of_the_day=True),
        _made("team_offense_game_summary", 3, "box_scores"),
        _made("team_defense_game_summary", 3, "box_scores"),
        _made("upcoming_team_game_context", 3, "schedule"),
        _made(
            "team_daily_record",
            3,
            "upcoming_team_game_context",
            "team_offense_game_summary",
            "team_defense_game_summary",
            required=False,
        ),
        _made("player_shot_zone_analysis", 4, "upcoming_player_game_context", "player_game_summary"),
        _made("team_defense_zone_analysis", 4, "upcoming_team_game_context", "team_defense_game_summary"),
        _made(
            "player_daily_cache", 4, "upcoming_player_game_context", "player_game_summary", "team_offense_game_summary"
        ),
        _made(
            "player_composite_factors",
            4,
            "player_daily_cache",
            "player_shot_zone_analysis",
            "team_defense_zone_analysis",
            of_the_day=True,
        ),
        _made("ml_feature_store", 4, "player_composite_factors", "player_market_context", of_the_day=True),
        Step("train", 4, "worker", ("ml_feature_store",), "predictions.models", required=False, periodic=True),
        Step(
            "predict",
            5,
            "coordinator",
            ("ml_feature_store", "train"),
            "predictions.staging",
            predicts=True,
            kept_with="publish",
            of_the_day=True,
        ),
        Step("publish", 5, "coordinator", ("predict",), "predictions.player_prop_predictions", of_the_day=True),
        _graded("grade", "player_game_summary", "prediction_grades"),
        _graded("grade_history", "grade", "prediction_grades_history"),
        _graded("system_daily_performance", "grade", "system_daily_performance"),
        Step(
            "export",
            6,
            "coordinator",
            ("publish", "grade_history", "system_daily_performance", "team_daily_record"),
            "",
            of_the_day=True,
        ),
    )
}
[PREDICTING] = (step.name for step in STEPS.values() if step.predicts)
"""The one step that predicts."""
PUBLISHING = STEPS[PREDICTING].kept_with
"""The step that publishes what was predicted."""
[LISTING] = (step.name for step in STEPS.values() if not step.needs)
"""The one step that needs none: it says which slates have games."""
PHASES = {1: "scrape", 2: "load", 3: "analytics", 4: "features", 5: "predict, grade", 6: "publish"}
LOAD = 2
"""The phase without steps: to begin there is to scrape from the archive."""


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


def plan(targets: Iterable[str], done: Collection[str] = ()) -> tuple[Step, ...]:
    """The targets and everything they stand on, but what is `done` already, in an order that respects `needs`.

    Raises:
        Permanent: a target is no step.
    """
    wanted: set[str] = set()
    stack = list(targets)
    while stack:
        name = stack.pop()
        if name not in STEPS:
            raise Permanent(f"unknown step {name!r}", remedy=f"one of {', '.join(STEPS)}")
        if name not in wanted and name not in done:
            wanted.add(name)
            stack.extend(STEPS[name].needs)
    return tuple(step for step in STEPS.values() if step.name in wanted)


def before_grading(targets: Iterable[str]) -> tuple[str, ...]:
    """What a slate can reach of the targets before other slates are published; empty if it can reach all of them.

    Nobody waits for others where nothing is published.
    """
    steps = plan(targets)
    waiting = {step.name for step in steps if any(each.reads_published for each in plan([step.name]))}
    free = [step for step in steps if step.name not in waiting]
    if not waiting or PUBLISHING not in {step.name for step in free}:
        return ()
    needed = {need for step in free for need in step.needs}
    return tuple(step.name for step in free if step.name not in needed)
