"""The watch at the doors: open, closed, and not to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from services.coordinator.alerts import raise_alert
from services.coordinator.watch.doors import check_doors
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import memory_ports, opened

URL = "https://tipoff-worker-1.us-east1.run.app/healthz/"
HOST = "tipoff-worker-1.us-east1.run.app"


@dataclass
class Seen:
    """Doors as a stranger sees them."""

    answers: Mapping[str, int]

    async def statuses(self) -> Mapping[str, int]:
        return self.answers


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        (200, {}, {f"open_door {HOST}": f"{URL} answers 200 to a request without credentials"}),
        (204, {}, {f"open_door {HOST}": f"{URL} answers 204 to a request without credentials"}),
        (401, {f"open_door {HOST}": "before"}, {}),
        (403, {f"open_door {HOST}": "before"}, {}),
        (302, {f"open_door {HOST}": "before"}, {f"open_door {HOST}": "before"}),
        (503, {}, {}),
    ],
)
async def test_a_door_is_open_where_a_stranger_comes_through(
    status: int, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Closed where he is turned away; whatever else he is told changes nothing."""
    ports = replace(memory_ports(state=MemoryState()), doors=Seen({URL: status}))
    for detail in before.values():
        await raise_alert(ports, "open_door", HOST, detail)
    await check_doors(ports)
    assert await opened(ports.state) == after


async def test_where_nothing_is_deployed_there_are_no_doors() -> None:
    """And a door that does not answer is not among them."""
    ports = memory_ports(state=MemoryState())
    await check_doors(ports)
    assert await opened(ports.state) == {}
