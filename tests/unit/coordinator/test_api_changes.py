"""`GET /v1/changes`: what changed on a slate, as people are told."""

from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.api.changes import ChangesQuery, changes
from services.coordinator.api.route import Asked
from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.systems import BEST_FIRST
from tests.clock import FakeClock
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.shared.rows import SLATE, YESTERDAY, tip

NOON = tip(SLATE, 12)
BEST, NEXT = BEST_FIRST[:2]


def moved(hours: int, change: float | None, system: str = BEST, market: str = "points", **values: object) -> Row:
    """A row of `moves.sql`: of a pass so many hours after noon."""
    at = NOON + timedelta(hours=hours)
    key = {"run_id": f"run.{hours}", "predicted_at": at, "reason": f"why {hours}", "game_id": "2", "player_id": 1}
    mean = 10.0 if change is None else 10.0 + change
    shown = {"player_name": "Al", "team": "BOS", "was": 10.0, "mean": mean, "change": change}
    return {**key, **shown, "system": system, "market": market} | values


async def said(*rows: Row, **query: Any) -> tuple[list[Any], Any]:  # noqa: ANN401 - fields of the query
    """What is answered, and what the warehouse was asked."""
    warehouse = AnsweringWarehouse(moves=list(rows))
    ports = memory_ports(clock=FakeClock(NOON), warehouse=warehouse)
    caller: Any = None
    found = await changes(ports, Asked(caller, ChangesQuery(**query), None))
    [(_, params)] = warehouse.asked
    return list(found), params


@pytest.mark.parametrize(
    ("query", "day", "mode"),
    [({}, SLATE, "same_day"), ({"game_date": YESTERDAY, "mode": Mode.OVERNIGHT}, YESTERDAY, "overnight")],
    ids=["default", "given"],
)
async def test_the_slate_is_todays_unless_another_is_asked_for(query: dict[str, Any], day: object, mode: str) -> None:
    """Of the systems that are shown, alone."""
    found, params = await said(**query)
    assert (found, params) == ([], {"game_date": day, "mode": mode, "systems": list(BEST_FIRST), "games": ""})


async def test_a_pass_is_told_by_its_best_system_and_its_largest_moves() -> None:
    """Over its games together, three of a market, the largest first; a player who did not move is left out."""
    rows = [moved(1, by, game_id=game) for by, game in ((1.0, "2"), (-3.0, "3"), (2.0, "3"), (0.0, "4"), (-1.5, "2"))]
    [change], _ = await said(*rows, moved(1, 9.0, NEXT), moved(1, 0.5, market="rebounds"))
    assert (change["at"], change["run_id"], change["reason"]) == (NOON + timedelta(hours=1), "run.1", "why 1")
    assert change["games"] == ["2", "3", "4"]
    sizes = {market: [move["change"] for move in moves] for market, moves in change["moves"].items()}
    assert sizes == {"points": [-3.0, 2.0, -1.5], "rebounds": [0.5]}
    assert change["moves"]["points"][0] == {
        "game_id": "3", "player_id": 1, "player_name": "Al", "team": "BOS", "was": 10.0, "mean": 7.0, "change": -3.0,
    }  # fmt: skip


async def test_passes_stay_in_order_and_each_has_the_best_of_its_own_systems() -> None:
    """One that moved nothing is told, too."""
    found, _ = await said(moved(2, None), moved(1, 1.0, NEXT))
    assert [(each["run_id"], [*each["moves"]]) for each in found] == [("run.2", []), ("run.1", ["points"])]
