"""The ports: what the services need from the world, and nothing of how it is provided.

Each has an embedded adapter in `shared.embedded` and, in the cloud profile, one on the cloud's own client. One contract
suite (`tests/contract`) holds for both.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from pydantic import SecretStr

from shared.nobody import NoDoors, NoVoice

Row = dict[str, Any]
Scalar = str | int | float | bool | date | datetime | None
Params = Mapping[str, Scalar | Sequence[str] | Sequence[int]]
"""Named query parameters, written `@name` in SQL; a sequence is an array parameter."""


class Clock(Protocol):
    """Time. Business code asks `now`; waiting code asks `monotonic` and `sleep`."""

    def now(self) -> datetime:
        """The business instant, aware UTC. A virtual clock stands still until it is set."""
        ...

    def monotonic(self) -> float:
        """Seconds of real time from an arbitrary origin: for durations and deadlines of this process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait in real time (simulations replace it)."""
        ...

    async def until(self, instant: datetime) -> None:
        """Wait until `now` has reached the instant, however it gets there: the machine may sleep, its clock be set."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt at delivering a message."""

    message_id: str
    data: bytes
    attributes: Mapping[str, str]
    attempt: int
    """1 for the first delivery. 0 where the bus does not count."""


class Nack(Exception):  # noqa: N818 - a verdict on a delivery, as Pub/Sub calls it
    """Raised by a bus handler: deliver again later."""


BusHandler = Callable[[Delivery], Awaitable[None]]
"""Returning acknowledges; raising `Nack` asks for redelivery; any other exception is a bug and stops the consumer."""


class Bus(Protocol):
    """At-least-once messaging with leases, retry with backoff and dead letters (the semantics of Pub/Sub)."""

    async def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish durably for as long as the bus lives; returns the message id.

        Raises:
            Permanent: unknown topic, or more than 10 MB.
            Transient: the bus cannot be reached.
        """
        ...

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """Deliver until cancelled, at most `max_in_flight` at once. Cancelling returns unfinished leases.

        Raises:
            Permanent: unknown subscription.
        """
        ...

    async def missing(self, topics: Sequence[str]) -> list[str]:
        """Those of the topics that cannot be published to: they are not there, or this process may not."""
        ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What statements took; costs add up."""

    bytes_processed: int = 0
    """Bytes of the columns and partitions read: BigQuery's own count, the embedded engine's estimate of it."""
    bytes_billed: int = 0
    """What an on-demand price is asked for. Nobody bills the embedded engine: there it is what BigQuery would."""
    slot_ms: int = 0
    """Milliseconds of one worker's time (BigQuery: a slot; embedded: the operators' seconds)."""
    rows: int = 0
    """Rows answered or written."""
    jobs: int = 0
    """Statements run."""

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.bytes_processed + other.bytes_processed,
            self.bytes_billed + other.bytes_billed,
            self.slot_ms + other.slot_ms,
            self.rows + other.rows,
            self.jobs + other.jobs,
        )


@dataclass(slots=True)
class Job:
    """On whose account statements run and what they may take; `cost` grows as they do."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """For the bill: lower-case keys and values (BigQuery takes no others)."""
    timeout: float | None = None
    """Seconds for each statement; None: the adapter's own limit."""
    maximum_bytes: int | None = None
    """A statement that would bill more changes nothing; None: the adapter's own limit."""
    cost: Cost = Cost()
    """What has been taken so far, failures included where the engine tells."""


class Warehouse(Protocol):
    """Tables and BigQuery SQL. Parameters are named (`@name`); table names are `dataset.table`.

    Raises `Permanent` for SQL the engine rejects, rows that break the table's schema, or a statement over its job's
    bytes; `Transient` when the engine is unavailable or a time limit is hit.
    """

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """Rows of a SELECT, columns in its order. Timestamps come back as aware UTC datetimes."""
        ...

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """The same SELECT by column, for many rows of numbers: no dictionary per row.

        INT64, FLOAT64 and BOOL columns are sequences of floats (arrays where the engine has them), NaN where null;
        others hold what `query` gives. Instants are refused: nothing that is trained on is one.
        """
        ...

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Insert the rows whose key (the table's declared key) is not there yet; returns how many were new.

        Rows are validated against the table's declared columns; a missing nullable column is null.
        """
        ...

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Atomically replace the rows that the SQL predicate `scope` selects by `rows`; returns how many it wrote."""
        ...

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Like `replace`, with the rows of a SELECT run in the warehouse; its column names must be the table's."""
        ...

    async def now(self, job: Job | None = None) -> datetime | None:
        """What its clock says once it has run a statement; None where it has no clock but this machine's."""
        ...

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """What keeps statements on these tables from working, one line each. Asks for metadata, which costs nothing."""
        ...

    async def close(self) -> None:
        """Release the engine."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A state document and the version it was read at."""

    id: str
    data: Row
    version: str


class StateStore(Protocol):
    """Small JSON documents with compare-and-set (the semantics of Firestore without contended transactions)."""

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document, or None."""
        ...

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Raises `AlreadyExists` if the id is taken: the cheapest idempotency there is."""
        ...

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """Replace the document if it still has `version`; raises `Conflict` if it has not."""
        ...

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """Add to a top-level number, atomically; creates document and field at 0."""
        ...

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents whose id starts with `prefix`, from id `start` on and before `end` (if not ""), in id order."""
        ...

    async def delete(self, collection: str, id_: str) -> None:
        """Remove the document if it is there."""
        ...

    async def close(self) -> None:
        """Release the store."""
        ...


class Secrets(Protocol):
    """Secrets by name."""

    async def get(self, name: str) -> SecretStr:
        """The secret's current value.

        Raises:
            Missing: there is no such secret; the message names it and where it was looked for.
        """
        ...


class Archive(Protocol):
    """Raw payloads, write once. Keys are `/`-separated paths."""

    async def put(self, key: str, data: bytes) -> None:
        """Store durably and atomically: a reader sees the whole object or none.

        Raises:
            Transient: no space or no access; the message says where and what to do.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Raises `Permanent` if there is no such object."""
        ...

    async def has(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    async def list(self, prefix: str) -> list[str]:
        """Keys that start with `prefix`, sorted."""
        ...


class Doors(Protocol):
    """The services' public addresses, as a stranger sees them."""

    async def statuses(self) -> Mapping[str, int]:
        """HTTP status of a request without credentials, by URL; one that does not answer is left out."""
        ...


class Voice(Protocol):
    """What leaves the house: messages to people, and a sign of life. A channel is a URL, and a secret."""

    async def say(self, channel: SecretStr, title: str, body: str) -> None:
        """Send a message; the failures name the channel without its secret.

        Raises:
            Permanent: the channel refuses, or is none.
            Transient: it does not answer, or not now.
        """
        ...

    async def ping(self, url: SecretStr) -> None:
        """Let a service that waits for it know that this one lives; raises as `say` does."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a service may touch, handed to its `app.build`."""

    clock: Clock
    bus: Bus
    warehouse: Warehouse
    state: StateStore
    secrets: Secrets
    archive: Archive
    doors: Doors = field(default_factory=NoDoors)
    voice: Voice = field(default_factory=NoVoice)
