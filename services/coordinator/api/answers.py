"""What the routes answer."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, create_model
from typing_extensions import TypedDict

from services.coordinator.alerts import Severity
from services.coordinator.documents.shapes import Move
from services.coordinator.runs.run import Decision, Run
from shared.basketball.slate import Mode
from shared.registries.keys import Role

WarehouseRow = dict[str, str | int | float | bool | None]
"""A row of the warehouse; the statement of the same name in `services/coordinator/sql` has its columns."""

_INTERNAL = ("outbox", "batches", "first", "earlier")
"""What of a run only the engine needs."""
_SHOWN: dict[str, Any] = {name: each.annotation for name, each in Run.model_fields.items() if name not in _INTERNAL}
PublicRun: Any = create_model("PublicRun", id=str, run_id=str, **_SHOWN)
"""A run without what only the engine needs."""


def public(run: Run) -> dict[str, Any]:
    """A run as the API shows it."""
    return {"id": run.key, "run_id": run.run_id, **run.model_dump(mode="json", exclude={*_INTERNAL})}


class Quarantined(TypedDict):
    """What was refused, as raw.quarantine has it."""

    id: str
    game_date: date
    mode: Mode
    step: str
    unit: str
    record: str
    reason: str
    fetched_at: datetime
    source: str
    archive_key: str | None


class QuarantinedShown(Quarantined):
    """The same, and what it came in."""

    fetch: dict[str, Any] | None
    excerpt: str | None


class Idle(TypedDict):
    """Whether nothing is under way, and the runs that are at work."""

    idle: bool
    at_work: list[str]


class StepLog(TypedDict):
    """What was logged of a step: its lines, or where they are."""

    lines: list[str]
    """The newest last, without credentials."""
    file: str | None
    """Where they were read."""
    link: str | None
    """Where the cloud shows them."""
    note: str
    """Why there are none; empty where there are some."""


class Change(TypedDict):
    """A pass that was published for a reason."""

    at: datetime
    run_id: str
    reason: str
    games: list[str]
    moves: dict[str, list[Move]]
    """Market -> the largest, by the best system that predicted the pass."""


class SlateKnown(TypedDict):
    """A slate that was run."""

    game_date: date
    mode: Mode


class SlateFound(TypedDict):
    """The slate that is meant; null if none was run that fits."""

    slate: SlateKnown | None
    near: list[SlateKnown]
    """Slates that were run, those next to the date that was asked for first."""


class Root(TypedDict):
    """Who answers."""

    service: str
    contract: int


class DryRun(TypedDict):
    """What a request for a run would do."""

    dry_run: bool
    starts: list[str]
    run: Any


class DecisionOf(Decision):
    """A verdict, and of which run."""

    run_id: str


class AlertShown(TypedDict):
    """An alert."""

    name: str
    scope: str
    severity: Severity
    detail: str
    raised_at: str
    seen_at: str
    resolved_at: str | None
    times: int
    meaning: str


class ChannelTested(TypedDict):
    """How a channel took a test message."""

    channel: str
    outcome: Literal["sent", "failed", "not asked"]
    reason: str


class Found(BaseModel):
    """What is wrong with a feature of a slate."""

    game_date: date
    mode: Mode
    feature: str
    problem: str


class Candidate(TypedDict):
    """Who a name may be."""

    player_id: int
    player_name: str
    team: str


class UnresolvedName(TypedDict):
    """A name that fits nobody, or several."""

    name_key: str
    player_name: str
    source: str
    teams: list[str]
    first_date: date
    last_date: date
    times: int
    candidates: list[Candidate]
    reason: str
    settled_as: int | None


class NameSettled(TypedDict):
    """Who a name is from now on, and the runs that load what waited for it."""

    name: str
    player_id: int
    player_name: str
    team: str | None
    source: str | None
    runs: list[str]
    left: dict[str, str]
    """Slates that wait on, and why."""


class KeyShown(TypedDict):
    """An API key without its secret."""

    id: str
    name: str
    role: Role
    status: Literal["active", "expired", "revoked"]
    created_at: datetime | None
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyShown):
    """A key that was just made, for the only time with its secret."""

    key: str


class Accuracy(TypedDict):
    """The sums of every measure, and what they are of."""

    first: date
    last: date
    mode: str
    market: str
    system: str
    tier: str
    lined: bool
    by: str
    sums: list[WarehouseRow]
    bins: list[WarehouseRow]
    suspects: list[WarehouseRow]


class RecordRows(TypedDict):
    """A part of the graded predictions."""

    total: int
    """Of all parts."""
    next_offset: int | None
    """Where the next part begins; null after the last."""
    rows: list[WarehouseRow]


class Reconciled(TypedDict):
    """What was asked for, and the alerts that are open."""

    dry_run: bool
    asked: list[dict[str, str]]
    alerts: list[dict[str, Any]]


class PlayerFound(TypedDict):
    """A player of a slate whose name fits, or is near."""

    player_id: int
    player_name: str
    team: str
    game_id: str
    game_date: str
    mode: str
    is_near: bool
    """Nobody's name has the words in it: his is one of the nearest."""
