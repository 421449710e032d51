"""The warehouse the SQL runs on, in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime

import pytest

from services.analytics.processors import PROCESSORS
from shared.basketball.slate import RETROSPECT, Mode
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row, Warehouse
from shared.tables import TABLES
from tests.unit.shared.rows import SLATE

Process = Callable[..., Awaitable[list[Row]]]
NIGHT = (
    "player_game_summary",
    "team_offense_game_summary",
    "team_defense_game_summary",
    "upcoming_player_game_context",
    "player_market_context",
    "upcoming_team_game_context",
    "team_daily_record",
    "player_shot_zone_analysis",
    "team_defense_zone_analysis",
    "player_daily_cache",
    "player_composite_factors",
    "ml_feature_store",
)
"""The steps of phases 3 and 4 in an order that respects what they need."""


@pytest.fixture
async def warehouse() -> AsyncIterator[Warehouse]:
    warehouse = DuckDBWarehouse(None)
    yield warehouse
    await warehouse.close()


@pytest.fixture
def process(warehouse: Warehouse) -> Process:
    """Run processors for a slate; answers the rows of the last one's table, ordered by its key."""

    async def run(
        *steps: str,
        day: date = SLATE,
        mode: Mode = Mode.OVERNIGHT,
        regrade_days: int = 7,
        asked_at: datetime = RETROSPECT,
    ) -> list[Row]:
        for step in steps:
            request = StepRequested(run_id=f"{day}.{mode}.1", game_date=day, mode=mode, step=step, attempt=1)
            await PROCESSORS[step].run(request, warehouse, regrade_days=regrade_days, now=asked_at)
        return await rows_of(warehouse, PROCESSORS[steps[-1]].table)

    return run


async def rows_of(warehouse: Warehouse, table: str) -> list[Row]:
    """All rows of a table, ordered by its key."""
    return await warehouse.query(f"SELECT * FROM {table} ORDER BY {', '.join(TABLES[table].key)}")  # noqa: S608 - the registry's names
