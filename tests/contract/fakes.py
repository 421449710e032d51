"""What the contract tests run on: small registries, a recorder of deliveries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

from shared.ports import Bus, BusHandler, Delivery, Nack
from shared.registries.topics import Topic
from shared.tables import Column, Table

TOPICS = {
    "work": Topic("work", "tester", ack_deadline=10.0, max_delivery_attempts=5, min_backoff=1.0, max_backoff=4.0),
    "news": Topic("news", "tester", ack_deadline=10.0),
}

THINGS = Table(
    "contract.things",
    "One row per unit of a game date.",
    ("game_date", "unit"),
    (
        Column("game_date", "DATE", "US-Eastern date"),
        Column("unit", "STRING", "what it is about"),
        Column("count", "INT64", "how many"),
        Column("score", "FLOAT64", "null where unknown", nullable=True),
        Column("flag", "BOOL", "null where unknown", nullable=True),
        Column("seen_at", "TIMESTAMP", "null where unknown", nullable=True),
    ),
)
TOTALS = Table(
    "contract.totals",
    "Sums of `contract.things`.",
    ("game_date",),
    (
        Column("game_date", "DATE", "US-Eastern date"),
        Column("total", "INT64", "sum of count"),
        Column("mean", "FLOAT64", "mean score; null if none", nullable=True),
    ),
)
TABLES = {table.name: table for table in (THINGS, TOTALS)}


class Inbox:
    """A bus handler that records every delivery, then does what it is told (by default: acknowledge)."""

    def __init__(self, then: BusHandler | None = None) -> None:
        self.deliveries: list[Delivery] = []
        self._arrivals: asyncio.Queue[Delivery] = asyncio.Queue()
        self._then = then

    async def __call__(self, delivery: Delivery) -> None:
        """Record."""
        self.deliveries.append(delivery)
        self._arrivals.put_nowait(delivery)
        if self._then is not None:
            await self._then(delivery)

    async def take(self, number: int = 1) -> list[Delivery]:
        """The next deliveries, waiting for them."""
        async with asyncio.timeout(120):
            return [await self._arrivals.get() for _ in range(number)]


async def nack(_: Delivery) -> None:
    """Refuse every delivery."""
    raise Nack("not now")


def nack_until(attempts: int) -> BusHandler:
    """Refuse the first `attempts` deliveries."""
    seen = count(1)

    async def handler(_: Delivery) -> None:
        if next(seen) <= attempts:
            raise Nack("not yet")

    return handler


@asynccontextmanager
async def consuming(bus: Bus, subscription: str, handler: BusHandler, max_in_flight: int = 10) -> AsyncIterator[None]:
    """A consumer that runs in the background and is cancelled at the end."""
    task = asyncio.create_task(bus.consume(subscription, handler, max_in_flight=max_in_flight))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
