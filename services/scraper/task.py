"""One step at work: what it was asked, where payloads come from, where results go."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from services.scraper.domain.names import Known, Names, Settled
from services.scraper.fetch import Failed, Unchanged
from services.scraper.fetch_log import FetchLog
from services.scraper.payloads import Collected, Payloads
from services.scraper.settings import ScraperSettings
from services.scraper.sources.endpoint import Need, Request
from shared.basketball.slate import eastern_date
from shared.contract import StepRequested
from shared.ports import Params, Row, Warehouse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """Everything a step may touch."""

    request: StepRequested
    settings: ScraperSettings
    warehouse: Warehouse
    payloads: Payloads
    fetches: FetchLog
    now: datetime
    """The business instant of the step."""

    @property
    def game_date(self) -> date:
        """The slate."""
        return self.request.game_date

    async def select(self, name: str, **params: Any) -> list[Row]:  # noqa: ANN401 - a query's parameters
        """Rows of `sql/<name>.sql`."""
        bound: Params = params
        return await self.warehouse.query(sql(name), bound)

    async def replace(self, table: str, rows: Sequence[Row], *, scope: str, params: Params) -> int:
        """Replace rows of a table; the fetch log's rows go first (see `FetchLog.write`)."""
        await self.fetches.write(self.warehouse)
        return await self.warehouse.replace(table, rows, scope=scope, params=params)

    async def append(self, table: str, rows: Sequence[Row]) -> int:
        """Append what is new to a table, the fetch log first."""
        await self.fetches.write(self.warehouse)
        return await self.warehouse.append(table, rows)

    async def changed(self, requests: Sequence[Request[T]]) -> list[Collected[T] | Unchanged | Failed]:
        """Ask again for units; of those that were loaded in the last two weeks only what has changed since comes."""
        loaded = await self.select(
            "loaded_from", game_date=self.game_date, step=self.request.step, units=[each.unit for each in requests]
        )
        keys = {(row["source"], row["unit"]): row["archive_key"] for row in loaded}
        return await together(
            self.payloads.changed(request, keys.get((request.source, request.unit))) for request in requests
        )

    async def need(self, season: str, days: tuple[date, ...], teams: tuple[str, ...]) -> Need:
        """What is to be known, as of when it was asked for."""
        asked_at = await self.payloads.asked_at()
        return Need(season, days, teams, asked_at if asked_at is not None else self.now)

    async def past(self) -> bool:
        """Whether the slate's day is over, so that what sources show now is not of it.

        What was collected on the day, and is in the archive, is.
        """
        return eastern_date(self.now) > self.game_date and not await self.payloads.held()

    async def slate(self) -> list[Row]:
        """The slate's games, earliest tip-off first."""
        return await self.select("slate_games", game_date=self.game_date)

    async def names(self, query: str) -> Names:
        """The players of a query, by name, and the names that people have settled."""
        rows = await self.select(query, game_date=self.game_date)
        settled = await self.select("settled_names")
        return Names(
            (Known(row["player_id"], row["player_name"], row["team"]) for row in rows),
            (Settled(row["name_key"], row["team"], row["source"], row["player_id"]) for row in settled),
        )


@cache
def sql(name: str) -> str:
    """A query of this service, in BigQuery's SQL."""
    return (files("services.scraper") / "sql" / f"{name}.sql").read_text()


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results of all, run concurrently, in order."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]


def published(got: Collected[Any]) -> datetime:
    """When the payload counts as public: the upstream's header, never later than we had it."""
    return got.fetched_at if got.published_at is None else min(got.published_at, got.fetched_at)
