"""Runs and events of the slate for the tests of what a run does next."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.coordinator.runs.advance import Command
from services.coordinator.runs.decide import decide
from services.coordinator.runs.events import (
    Event,
    RunRequested,
    StepVerified,
)
from services.coordinator.runs.run import Evidence, Run, StepState, StepStatus
from shared.basketball.slate import Mode

DAY = date(2024, 3, 4)
SEVEN = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 Eastern: until then an overnight run waits for late inputs."""
EARLY = SEVEN - timedelta(hours=2)
LATE = SEVEN + timedelta(hours=10)
"""17:00 Eastern: until then a same-day run waits."""
MOMENT = timedelta(microseconds=1)
RUN_ID = "2024-03-04.overnight.1"
PENDING, RUNNING, WAITING = StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING
DONE, DEGRADED, FAILED, BLOCKED = StepStatus.DONE, StepStatus.DEGRADED, StepStatus.FAILED, StepStatus.BLOCKED
TO_PREDICT = (
    "schedule", "box_scores", "rosters", "injuries", "lines", "player_game_summary", "upcoming_player_game_context",
    "player_market_context", "team_offense_game_summary", "team_defense_game_summary", "upcoming_team_game_context",
    "player_shot_zone_analysis", "team_defense_zone_analysis", "player_daily_cache", "player_composite_factors",
    "ml_feature_store", "train", "predict",
)  # fmt: skip
"""The plan of target `predict`, in order."""


def step(status: StepStatus, attempt: int = 1, **fields: Any) -> StepState:  # noqa: ANN401 - any field of a step
    """A step's state; its first attempt by default."""
    return StepState(status=status, attempt=0 if status in (PENDING, BLOCKED) else attempt, **fields)


def run_of(steps: dict[str, StepState], **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run of the overnight mode, asked for at 05:00 Eastern."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "steps": steps, "created_at": EARLY,
    }  # fmt: skip
    return Run.model_validate(known | fields)


def predicting(*, at: str = "predict", **others: StepState) -> dict[str, StepState]:
    """The steps up to `predict` when everything before `at` is done, `at` runs, and the rest has not begun."""
    states: dict[str, StepState] = {}
    status = DONE
    for name in TO_PREDICT:
        status = RUNNING if name == at else PENDING if status is not DONE else DONE
        states[name] = step(status)
    return states | others


def after(run: Run | None, event: Event, now: datetime = LATE) -> tuple[Run, list[Command]]:
    """What `decide` answers when it answers with a run."""
    decided, commands = decide(run, event, now)
    assert decided is not None
    return decided, commands


def asked(commands: list[Command]) -> list[str]:
    """`topic: key` of each command."""
    return [f"{topic}: {message.key}" for topic, message in commands]


def statuses(run: Run, *names: str) -> list[StepStatus]:
    """How steps stand."""
    return [run.steps[name].status for name in names]


def request(*targets: str, **fields: Any) -> RunRequested:  # noqa: ANN401 - any field of the event
    """Somebody asks for the overnight run."""
    return RunRequested(DAY, Mode.OVERNIGHT, "cli", targets or ("export",), **fields)


def verified(name: str, have: int, expected: int, **fields: Any) -> StepVerified:  # noqa: ANN401 - see the body
    """A step's report with evidence: `quarantined` and `detail` are the evidence's, the rest the event's."""
    evidence = {key: fields.pop(key) for key in ("quarantined", "detail") if key in fields}
    found = Evidence(expected=expected, verified=have, **evidence)
    known: dict[str, Any] = {"run_id": RUN_ID, "attempt": 1, "evidence": found}
    return StepVerified(step=name, **(known | fields))
