"""The message contract: everything the services say to each other.

Messages are frozen, versioned and carry an idempotency key: handling one twice has the effect of handling it once. A
service that meets a kind or version it does not know refuses it as `Permanent`: it reaches the dead letter and nothing
is guessed.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.basketball.slate import Mode
from shared.errors import Permanent

Outcome = Literal["done", "failed"]

LEVELS = frozenset({"credits_left", "credits_needed"})
"""Counts of a report that say how much there is: those of several attempts do not add up."""


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    KIND: ClassVar[str]
    KEY: ClassVar[str]
    """The idempotency key, fields of the message in braces."""
    VERSION: ClassVar[int] = 1

    @property
    def key(self) -> str:
        """Idempotency key: equal keys ask for the same effect."""
        return self.KEY.format_map(self.__dict__)

    def encode(self) -> bytes:
        """The wire form: one JSON object with kind, version and body."""
        return json.dumps(
            {"kind": self.KIND, "version": self.VERSION, "body": self.model_dump(mode="json")}, separators=(",", ":")
        ).encode()

    def attributes(self) -> dict[str, str]:
        """What a bus may show without decoding the body."""
        return {"kind": self.KIND, "version": str(self.VERSION), "key": self.key}


class StepRequested(Message):
    """The coordinator asks a service for one step of a run."""

    KIND: ClassVar[str] = "step_requested"
    KEY: ClassVar[str] = "{run_id}/{step}/{attempt}"
    """One effect per step and attempt of a run."""
    VERSION: ClassVar[int] = 3
    run_id: str
    game_date: date
    mode: Mode
    step: str
    attempt: Annotated[int, Field(ge=1)]
    retrospective: bool = False
    """The slate is replayed: predictions are made as of each game's cutoff, not as of now."""
    from_archive: bool = False
    """Load what is archived instead of fetching again (`--from-phase 2`)."""
    retrain: bool = False
    """Train even if the models are not due."""
    games: tuple[str, ...] = ()
    """Games that it is for; empty: all of the slate."""
    final: bool = False
    """Nothing of these games is asked for once more before they tip off."""


class StepReported(Message):
    """A service says how a step went. The coordinator believes the warehouse, not this."""

    KIND: ClassVar[str] = "step_reported"
    KEY: ClassVar[str] = "{run_id}/{step}/{attempt}/reported"
    """One report per step and attempt."""
    run_id: str
    step: str
    attempt: Annotated[int, Field(ge=1)]
    outcome: Outcome
    reason: str = ""
    """Why it failed; of a step that is done, what is worth knowing (training that had too little to learn from)."""
    seconds: float = 0.0
    counts: dict[str, int] = Field(default_factory=dict)
    """Telemetry of the step: requests, retries, faults by kind, rows, quarantined."""


class LineQuote(BaseModel):
    """The market's consensus on one player and market at a cutoff. A line always has its books and a time."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    line: float
    """Median over books, in the statistic's unit."""
    books: Annotated[int, Field(ge=1)]
    at: str
    """ISO instant at which the newest of them was posted."""
    book: str | None = None
    """Bookmaker of the prices: of those that post the consensus line the one with the least margin."""
    over_price: float | None = None
    under_price: float | None = None
    """American odds at that book."""
    p_market: float | None = None
    """De-vigged over probability, mean over the books with two-sided prices at the line."""


class PredictionTask(BaseModel):
    """One (game, player) to predict: served features as they stand in the feature store."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    game_id: str
    player_id: int
    team: str
    """Tricode: systems may look at team-mates, and a game's players are never split over batches."""
    opponent: str
    predicted_at: str
    """ISO instant the prediction counts as made: now, or the game's cutoff in a retrospective run."""
    features: dict[str, float | None]
    """Numeric columns of `features.ml_feature_store` by name."""
    lines: Mapping[str, LineQuote] = Field(default_factory=dict)
    """Market -> its quote at the cutoff; a market without a line is absent."""


class BatchRequested(Message):
    """A slice of a slate for one worker, whole games each: all it needs but the artifacts it names by digest."""

    KIND: ClassVar[str] = "batch_requested"
    KEY: ClassVar[str] = "{run_id}/batch/{batch}"
    """A batch of a run is the same work whichever attempt sent it."""
    VERSION: ClassVar[int] = 2
    run_id: str
    game_date: date
    mode: Mode
    attempt: int
    batch: Annotated[int, Field(ge=0)]
    systems: tuple[str, ...]
    """What the run expects: the hand-made systems and the learned ones that have a champion."""
    artifacts: dict[str, str] = Field(default_factory=dict)
    """Learned system -> digest of its champion as of the slate."""
    tasks: tuple[PredictionTask, ...]


class BatchReported(Message):
    """A worker has durably staged a batch's predictions."""

    KIND: ClassVar[str] = "batch_reported"
    KEY: ClassVar[str] = "{run_id}/batch/{batch}/{attempt}/reported"
    """One report per batch and attempt."""
    VERSION: ClassVar[int] = 2
    run_id: str
    attempt: int
    batch: Annotated[int, Field(ge=0)]
    rows: int
    absent: dict[str, str] = Field(default_factory=dict)
    """System -> why it could not predict (failure 15: absent and said so, never a fallback)."""
    seconds: float = 0.0


class RunEnded(Message):
    """A run has ended: its alerts are raised or cleared, and it is entered into the run ledger."""

    KIND: ClassVar[str] = "run_ended"
    KEY: ClassVar[str] = "{run_id}/ended/{attempts}"
    """One entry per end."""
    run_id: str
    attempts: int
    """Attempts of all steps so far: a run that is asked for again ends again."""


KINDS: Mapping[str, type[Message]] = {
    kind.KIND: kind for kind in (StepRequested, StepReported, BatchRequested, BatchReported, RunEnded)
}


def decode(data: bytes) -> Message:
    """Read a message from its wire form.

    Raises:
        Permanent: not JSON, an unknown kind, a version from the future or the past, or a body that breaks its model.
    """
    try:
        envelope: Any = json.loads(data)
        kind, version, body = envelope["kind"], envelope["version"], envelope["body"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Permanent(f"not a Tipoff message ({type(error).__name__}): {data[:80]!r}") from error
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Permanent(f"unknown message kind {kind!r}", remedy="deploy this service at the sender's revision")
    if version != model.VERSION:
        raise Permanent(
            f"message {kind} has version {version!r}, this service reads {model.VERSION}",
            remedy="deploy this service at the sender's revision, then replay the dead letter",
        )
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Permanent(f"message {kind} v{version} is malformed at {where!r}: {first['msg']}") from error
