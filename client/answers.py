"""What the coordinator answers, as far as commands rely on it. Rows of its tables stay plain dictionaries."""

from dataclasses import dataclass
from typing import Any, TypedDict


@dataclass(frozen=True, slots=True)
class File:
    """Rows as a file, in the format that was asked for."""

    body: bytes
    rows: int
    """How many are in it."""


class Evidence(TypedDict):
    """Units of a step, as the warehouse has them."""

    expected: int
    verified: int
    quarantined: int


class Step(TypedDict):
    """A step of a run."""

    status: str
    reason: str
    attempt: int
    seconds: float
    counts: dict[str, int]
    evidence: Evidence | None


class Run(TypedDict):
    """A run. `id` is its slate and mode, `run_id` names the generation too."""

    id: str
    run_id: str
    game_date: str
    mode: str
    generation: int
    status: str
    source: str
    created_at: str
    steps: dict[str, Step]


class DryRun(TypedDict):
    """What a request for a run would start, and the run as it would then stand."""

    dry_run: bool
    starts: list[str]
    run: Run | None


class GridCell(TypedDict):
    """A slate's step in the grid."""

    game_date: str
    step: str
    status: str
    expected: int
    verified: int
    why: str


class Alert(TypedDict):
    """An alert, open or resolved."""

    name: str
    scope: str
    severity: str
    detail: str
    meaning: str
    raised_at: str
    resolved_at: str | None


class ChannelTested(TypedDict):
    """How a channel took a test message: `sent`, `failed` with the reason, or `not asked`."""

    channel: str
    outcome: str
    reason: str


class Request(TypedDict):
    """A request of the reconciler for a run."""

    run: str
    does: str
    why: str


class Reconciled(TypedDict):
    """What the reconciler asked for, or would ask for."""

    dry_run: bool
    asked: list[Request]
    alerts: list[Alert]


class Candidate(TypedDict):
    """Who a name may be."""

    player_id: int
    player_name: str
    team: str


class UnresolvedName(TypedDict):
    """A name that fits nobody, or several."""

    player_name: str
    source: str
    teams: list[str]
    first_date: str
    last_date: str
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


class ApiKey(TypedDict):
    """An API key without its secret."""

    id: str
    name: str
    role: str
    status: str
    created_at: str | None
    created_by: str
    expires_at: str | None
    revoked_at: str | None


class NewApiKey(ApiKey):
    """A key that was just made, for the only time with its secret."""

    key: str


class Quarantined(TypedDict):
    """A refused record, or a payload that was refused whole."""

    id: str
    game_date: str
    mode: str
    step: str
    unit: str
    record: str
    reason: str
    source: str
    archive_key: str | None


class QuarantinedShown(Quarantined):
    """The same, with the fetch it came with and an excerpt of its body."""

    fetch: dict[str, Any] | None
    excerpt: str | None
