"""The real BigQuery client on bqemulator: one emulator per pytest process, one project per warehouse."""

import atexit
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from functools import cache
from itertools import count

import pytest

from devstack.emulators.bigquery import running
from shared.cloud.warehouse import BigQueryWarehouse
from shared.errors import Permanent
from shared.tables import Table

_projects = count(1)


@cache
def _started() -> tuple[str, str]:
    """Its endpoint, or why there is none."""
    stack = ExitStack()
    try:
        address = stack.enter_context(running())
    except Permanent as reason:
        return "", str(reason)
    atexit.register(stack.close)
    return address, ""


def endpoint() -> str:
    """Where it answers; skips the test where it cannot be installed."""
    address, reason = _started()
    if not address:
        pytest.skip(reason)
    return address


@asynccontextmanager
async def bigquery(tables: Mapping[str, Table]) -> AsyncIterator[BigQueryWarehouse]:
    """A warehouse with fresh tables."""
    warehouse = BigQueryWarehouse(f"test-{next(_projects)}", tables=tables, endpoint=endpoint())
    await warehouse.ensure()
    yield warehouse
    await warehouse.close()
