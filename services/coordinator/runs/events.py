"""What can happen to a run."""

from dataclasses import dataclass, field
from datetime import date

from services.coordinator.runs.run import Evidence, Run, key_for
from shared.basketball.slate import Mode


@dataclass(frozen=True, slots=True)
class RunRequested:
    """Someone wants a slate processed; asking again retries or widens, and sends nothing twice."""

    game_date: date
    mode: Mode
    source: str
    targets: tuple[str, ...] = ("export",)
    retrospective: bool = False
    force: bool = False
    from_phase: int | None = None
    retrain: bool = False
    """Train for this slate even if its models are not due."""
    redo: tuple[str, ...] = ()
    """Steps whose rows are known to be gone or stale: they and what stands on them are done again, the rest stands.

    From phase `LOAD` on they are read from the archive.
    """
    seen: int | None = None
    """The generation that the asker looked at (0: there was no run). If another has begun since, none begins.

    None: one begins in any case.
    """
    resend: bool = False
    """Send again what is at work: only for a bus that has lost it, since whoever is at it would do it twice."""
    part: str = ""
    """What part of the slate is meant, see `Run`; a request for a part begins it anew."""
    games: tuple[str, ...] = ()
    final: bool = False
    why: str = ""
    stands_on: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The document id of the run that is meant."""
        return key_for(self.game_date, self.mode, self.part)

    @classmethod
    def again(cls, run: Run, *, resend: bool) -> "RunRequested":
        """Asking once more for a run as it is."""
        same = {name: getattr(run, name) for name in ("part", "games", "final", "why", "stands_on", "retrospective")}
        return cls(run.game_date, run.mode, run.source, run.targets, resend=resend, **same)


@dataclass(frozen=True, slots=True)
class StepVerified:
    """A service reported a step done and the warehouse was asked for the evidence."""

    run_id: str
    step: str
    attempt: int
    evidence: Evidence
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    note: str = ""
    """What the service found worth saying of a step that is done: its reason, where there is no other."""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step cannot be done as it was asked for: permanently, or its retries are used up."""

    run_id: str
    step: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class BatchesPlanned:
    """All batches of `predict` are on the bus."""

    run_id: str
    attempt: int
    total: int
    systems: tuple[str, ...] = ()
    """What every batch was asked for."""


@dataclass(frozen=True, slots=True)
class BatchStaged:
    """A worker has staged a batch."""

    run_id: str
    attempt: int
    batch: int
    seconds: float = 0.0
    absent: dict[str, str] = field(default_factory=dict)
    """System -> why the worker could not predict it."""


Event = RunRequested | StepVerified | StepFailed | BatchesPlanned | BatchStaged
