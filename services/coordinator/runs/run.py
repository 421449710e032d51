"""A run: one (game date, mode), or a part of it, on its way through the steps. Plain data, stored as one document."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.basketball.slate import Mode

LOOK = "pulse"
"""The part of a slate's run that looks for news."""


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    """Its input is late: it is asked for again by a schedule or the reconciler until the mode's deadline."""
    DONE = "done"
    DEGRADED = "degraded"
    """Below its thresholds, or an optional step that failed: the run goes on and says so."""
    FAILED = "failed"
    BLOCKED = "blocked"
    """A step it needs has failed."""

    @property
    def settled(self) -> bool:
        """Nothing more will happen to it in this run."""
        return self not in (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING)

    @property
    def usable(self) -> bool:
        """What needs it may start."""
        return self in (StepStatus.DONE, StepStatus.DEGRADED)


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    DEGRADED = "degraded"
    FAILED = "failed"


class Evidence(BaseModel):
    """What the warehouse says of a step, counted in the step's own units (games, teams, rows)."""

    model_config = ConfigDict(frozen=True)
    expected: int
    verified: int
    quarantined: int = 0
    detail: str = ""
    """One line on what is missing or was refused."""


NOTHING = Evidence(expected=0, verified=0)
"""Of a step that owes nothing."""


class Decision(BaseModel):
    """What was decided about a step, and on what evidence: the run keeps every one."""

    model_config = ConfigDict(frozen=True)
    step: str
    attempt: int
    decision: Literal["proceed", "retry", "wait", "degrade", "fail"]
    expected: int | None = None
    """Counts of the evidence; None where a step was given up on without any."""
    verified: int | None = None
    quarantined: int | None = None
    completeness: float
    """The mode's thresholds at the time."""
    quality: float
    reason: str = ""
    decided_at: datetime

    @property
    def in_full(self) -> bool:
        """Whether the step was done, and lacked nothing."""
        return self.decision == "proceed"


class StepState(BaseModel):
    """A step of a run."""

    model_config = ConfigDict(frozen=True)
    status: StepStatus = StepStatus.PENDING
    attempt: int = 0
    """Never reused within a generation, so that a message of an earlier attempt is known as one."""
    generation: int | None = None
    """Of the run that asked for it: its rows bear that run's id. A later generation may have kept them."""
    tries: int = 0
    """Attempts since the step was last asked for: what `MAX_ATTEMPTS` bounds."""
    reason: str = ""
    evidence: Evidence | None = None
    seconds: float = 0.0
    counts: dict[str, int] = Field(default_factory=dict)
    started_at: datetime | None = None
    """When the latest attempt was asked for."""
    ended_at: datetime | None = None
    """When it was settled, or began to wait."""


class Batches(BaseModel):
    """The prediction batches of the current attempt of `predict`."""

    model_config = ConfigDict(frozen=True)
    attempt: int = 0
    total: int | None = None
    """None until all are dispatched."""
    done: tuple[int, ...] = ()
    seconds: float = 0.0
    systems: tuple[str, ...] = ()
    """What every batch was asked for."""
    absent: dict[str, str] = Field(default_factory=dict)
    """System -> why a worker could not predict it. Absent from one batch, the run does not owe it."""

    @property
    def owed(self) -> tuple[str, ...]:
        """The systems that every batch owes rows of."""
        return tuple(system for system in self.systems if system not in self.absent)


class Outgoing(BaseModel):
    """A message decided on and not yet known to be published."""

    model_config = ConfigDict(frozen=True)
    topic: str
    data: str
    attributes: dict[str, str]


class Beginning(BaseModel):
    """How a run was first asked for, whatever was asked of it since."""

    model_config = ConfigDict(frozen=True)
    at: datetime
    retrospective: bool


class Run(BaseModel):
    """The whole state of a run: `decide` reads and returns it, the shell stores it with its outbox in one write."""

    model_config = ConfigDict(frozen=True)
    game_date: date
    mode: Mode
    generation: int
    """1 for the first start; `--force` and `--from-phase` start the next."""
    source: str
    """Who asked: cli, schedule, reconciler, operator."""
    retrospective: bool
    from_archive: bool = False
    retrain: bool = False
    part: str = ""
    """Of the slate; empty: the whole. The run of a part is a run of its own."""
    games: tuple[str, ...] = ()
    """Games of a part; empty: all."""
    final: bool = False
    """It predicts its games as of their cutoffs, though later than they were."""
    why: str = ""
    """What changed, where that is why it was asked for."""
    stands_on: tuple[str, ...] = ()
    """Steps that the slate's own run has done."""
    targets: tuple[str, ...]
    steps: dict[str, StepState]
    batches: Batches = Batches()
    status: RunStatus = RunStatus.RUNNING
    created_at: datetime
    finished_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    """In the order they were taken; nothing is ever taken out."""
    first: Beginning | None = None
    """Of its first generation; None: this is the first."""
    earlier: tuple[Decision, ...] = ()
    """Decisions of earlier generations about steps that were not always done in full: the last hundred."""
    outbox: tuple[Outgoing, ...] = ()

    @property
    def key(self) -> str:
        """Document id: one per (date, mode, part)."""
        return key_for(self.game_date, self.mode, self.part)

    @property
    def beginning(self) -> Beginning:
        """How it was first asked for."""
        return self.first if self.first is not None else Beginning(at=self.created_at, retrospective=self.retrospective)

    @property
    def run_id(self) -> str:
        """Names this generation in messages and rows."""
        return self.id_of(self.generation)

    def id_of(self, generation: int) -> str:
        """Names a generation of the run."""
        return f"{self.key}.{generation}"


def key_for(game_date: date, mode: Mode, part: str = "") -> str:
    """The document id of a slate's run, or of that of a part."""
    return f"{game_date}.{mode.value}" + (f".{part}" if part else "")


def key_of(run_id: str) -> str:
    """The document id of the run that a run id names."""
    return run_id.rsplit(".", 1)[0]
