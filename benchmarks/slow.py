"""A warehouse that is far away: every call waits first. Calls wait beside each other, as requests to a cloud do."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.ports import Job, Params, Row, Warehouse


class Slow:
    """Another warehouse, `seconds` later each time."""

    def __init__(self, warehouse: Warehouse, seconds: float) -> None:
        self._warehouse = warehouse
        self.seconds = seconds

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """As the port."""
        await self._wait()
        return await self._warehouse.query(sql, params, job)

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """As the port."""
        await self._wait()
        return await self._warehouse.columns(sql, params, job)

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """As the port."""
        await self._wait()
        return await self._warehouse.append(table, rows, job)

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """As the port."""
        await self._wait()
        return await self._warehouse.replace(table, rows, scope=scope, params=params, job=job)

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """As the port."""
        await self._wait()
        return await self._warehouse.transform(table, select, scope=scope, params=params, job=job)

    async def now(self, job: Job | None = None) -> datetime | None:
        """As the port."""
        await self._wait()
        return await self._warehouse.now(job)

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """As the port."""
        await self._wait()
        return await self._warehouse.missing(tables)

    async def close(self) -> None:
        """As the port."""
        await self._warehouse.close()

    async def _wait(self) -> None:
        await asyncio.sleep(self.seconds)
