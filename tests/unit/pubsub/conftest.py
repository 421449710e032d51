"""A server of our own for each test, and Google's raw asyncio clients on it."""

from collections.abc import AsyncIterator

import pytest

from devstack.pubsub_server import Server, serve
from shared.cloud.pubsub_clients import Clients, connect

TOPIC = "projects/demo/topics/work"
DEAD = "projects/demo/topics/work-dead"
SUBSCRIPTION = "projects/demo/subscriptions/work"
SPEED = 20.0


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(speed=SPEED) as server:
        yield server


@pytest.fixture
async def clients(server: Server) -> AsyncIterator[Clients]:
    clients = await connect(server.address)
    await clients.publisher.create_topic(name=TOPIC)
    await clients.publisher.create_topic(name=DEAD)
    yield clients
    await clients.close()
