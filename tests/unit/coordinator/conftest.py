"""The coordinator on embedded ports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.coordinator.handlers import Handlers
from services.coordinator.runs.engine import Engine
from shared.ports import Ports
from tests.unit.shared.places import embedded_ports


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


@pytest.fixture
def engine(ports: Ports) -> Engine:
    return Engine(ports)


@pytest.fixture
def handlers(engine: Engine, ports: Ports) -> Handlers:
    return Handlers(engine, ports, batch_size=2)
