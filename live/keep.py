"""What goes on beside the services of one machine: it is tidied at night, and backed up when somebody asks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from live import backup, disk
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.ports import Ports


async def keep(folder: Path, ports: Ports, budget_gb: float, until: Callable[[datetime], Awaitable[None]]) -> None:
    """Both, for ever, in the workspace `folder`; `until` waits for an instant.

    Raises:
        Permanent: the warehouse is no file of this machine.
    """
    warehouse = ports.warehouse
    if not isinstance(warehouse, DuckDBWarehouse):
        raise Permanent(f"{type(warehouse).__name__} is not this machine's to back up")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(backup.answer(folder, warehouse, ports.clock))
        tasks.create_task(disk.keep_tidy(folder, ports, budget_gb, until))
