"""The embedded adapters as one set of ports, for tests of the services."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from shared.contract import Message, decode
from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import VirtualClock
from shared.embedded.secrets import EnvironmentSecrets
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Delivery, Ports
from shared.registries.keys import SCHEDULES, Role, hashed
from shared.runtime.profiles import embedded

MORNING = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 ET of the slate's date."""


def _key(name: str, role: Role, digit: str) -> tuple[dict[str, str], str]:
    """A key as it is kept and as it is given: the same in every process, since tests are named after it."""
    id_, secret = digit * 16, digit * 43
    return {"id": id_, "name": name, "role": role, "hash": hashed(secret)}, f"tipoff_{id_}_{secret}"


_KEPT, API_KEY = _key("tests", Role.ADMIN, "1")
_SCHEDULES, SCHEDULES_KEY = _key(SCHEDULES, Role.OPERATOR, "2")
_VIEWER, VIEWER_KEY = _key("viewer", Role.VIEWER, "3")
FIRST_KEYS = {"TIPOFF_SECRET_FIRST_KEYS": json.dumps([_KEPT, _SCHEDULES, _VIEWER])}
"""The variable of the secret with these keys."""


@asynccontextmanager
async def embedded_ports(folder: Path, now: datetime = MORNING) -> AsyncIterator[Ports]:
    """In memory where that is possible; with the keys above."""
    secrets = EnvironmentSecrets(FIRST_KEYS)
    async with embedded(folder, VirtualClock(now), warehouse=DuckDBWarehouse(None), secrets=secrets) as ports:
        yield ports


def set_clock(ports: Ports, now: datetime) -> None:
    """Let it be another instant."""
    assert isinstance(ports.clock, VirtualClock)
    ports.clock.set(now, force=True)


async def drain(ports: Ports, topic: str) -> list[Message]:
    """Take, and acknowledge, everything that waits on a topic."""
    bus = ports.bus
    assert isinstance(bus, EmbeddedBus)
    taken: list[Message] = []
    if not bus.depth(topic):
        return taken
    last = asyncio.Event()

    async def take(delivery: Delivery) -> None:
        taken.append(decode(delivery.data))
        if bus.depth(topic) == 1:  # this one, until it is acknowledged
            last.set()

    consumer = asyncio.create_task(bus.consume(topic, take, max_in_flight=1))
    await last.wait()
    consumer.cancel()
    with suppress(asyncio.CancelledError):
        await consumer
    return taken
