"""Which slate a command speaks of, and what it says where there is none."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from cli.slates import NoSlate, slate
from client.api import Client
from shared.basketball.slate import eastern_date


class Nothing:
    """A coordinator that has run another slate."""

    async def get(self, path: str, **_: str) -> dict[str, Any]:
        assert path == "slate"
        return {"slate": None, "near": [{"game_date": "2024-03-04", "mode": "overnight"}]}


@pytest.mark.parametrize(
    ("after", "advice"), [(1, "`tipoff run --date {day}` makes one"), (3, "no later one than tomorrow's can be run")]
)
async def test_a_run_is_advised_only_where_it_is_not_refused(after: int, advice: str) -> None:
    """Later than tomorrow there is nothing to run."""
    day: date = eastern_date(datetime.now(UTC)) + timedelta(days=after)
    with pytest.raises(NoSlate, match=f"no run of {day}") as error:
        await slate(cast("Client", Nothing()), day)
    assert error.value.remedy == f"there is 2024-03-04 overnight; {advice.format(day=day)}"
