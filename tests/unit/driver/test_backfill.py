"""`devstack.backfill`: what is missing, and many slates through one coordinator."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack import driver
from devstack.backfill import CLOCKED, Cell, backfill, missing
from devstack.stack import Stack
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock
from shared.errors import Transient
from shared.registries.pipeline import STEPS, plan

FIRST = date(2024, 11, 1)
TARGET = "ml_feature_store"
ENDED = 12
"""Looks after which a run of the fake has ended."""
STATUSES = ("pending", "running", "done", "degraded", "failed", "blocked")


def noon(day: date) -> datetime:
    """A slate's instant."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def run(day: date, status: str, steps: dict[str, str]) -> dict[str, Any]:
    """A run as the API shows it."""
    shown: dict[str, Any] = {
        name: {"status": step, "reason": "", "seconds": 0.0, "counts": {}, "evidence": None}
        for name, step in steps.items()
    }
    key = f"{day}.backfill"
    return {
        "id": key,
        "run_id": f"{key}.1",
        "game_date": str(day),
        "mode": "backfill",
        "status": status,
        "steps": shown,
    }


class Coordinator:
    """A client whose coordinator collects at the first look and ends a run at the third; notes the clock it saw."""

    def __init__(
        self, clock: VirtualClock, *, broken: tuple[date, ...] = (), unreachable: tuple[date, ...] = ()
    ) -> None:
        self.clock = clock
        self.broken = broken
        self.unreachable = unreachable
        self.looks: dict[str, int] = {}
        self.seen: dict[date, set[datetime]] = {}
        self.most = 0
        self.asked: list[date] = []

    async def start_run(self, day: date, mode: str, **body: object) -> dict[str, Any]:
        """Begin a slate."""
        assert (mode, body["retrospective"], body["targets"]) == ("backfill", True, [TARGET])
        if day in self.unreachable:
            raise Transient("the coordinator does not answer")
        self.asked.append(day)
        self.looks[f"{day}.backfill"] = 0
        return self._shown(day)

    async def get(self, path: str) -> dict[str, Any]:
        """The run as it stands."""
        key = path.removeprefix("runs/")
        self.looks[key] += 1
        self.most = max(self.most, sum(looks < ENDED for looks in self.looks.values()))
        await asyncio.sleep(0)
        return self._shown(date.fromisoformat(key.partition(".")[0]))

    def _shown(self, day: date) -> dict[str, Any]:
        looks = self.looks[f"{day}.backfill"]
        names = [step.name for step in plan([TARGET])]
        if looks < 2:  # its upstreams are being asked
            self.seen.setdefault(day, set()).add(self.clock.now())
            return run(day, "running", dict.fromkeys(names, "running"))
        if looks < ENDED:
            return run(day, "running", {name: "done" if name in CLOCKED else "running" for name in names})
        ended = "failed" if day in self.broken else "complete"
        return run(day, ended, dict.fromkeys(names, "failed" if day in self.broken else "done"))


async def fill(client: Coordinator, dates: list[date], **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - options
    """`backfill` on fakes."""
    stack = Stack(dict(MappingProxyType({})), "key", None, client.clock)  # type: ignore[arg-type]  # only its clock is used
    return await backfill(
        stack,
        client,  # type: ignore[arg-type]  # a fake
        dates,
        Mode.BACKFILL,
        [TARGET],
        instant=noon,
        observe=lambda _: None,
        **options,
    )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_POLL", 0.0)
    monkeypatch.setattr("devstack.backfill._LOOK", 0.0)


@given(
    st.dictionaries(
        st.integers(0, 3), st.dictionaries(st.sampled_from([*STEPS]), st.sampled_from(STATUSES)), max_size=4
    )
)
def test_the_missing_cells_are_exactly_those_not_done(found: dict[int, dict[str, str]]) -> None:
    """Every date x step of the plan is either done or degraded already, or listed once, in order."""
    dates = days(FIRST, FIRST + timedelta(days=3))
    runs = {dates[n]: run(dates[n], "failed", steps) for n, steps in found.items()}
    cells = missing(runs, dates, [TARGET])
    assert len(set(cells)) == len(cells)
    order = [step.name for step in plan([TARGET])]
    assert cells == sorted(cells, key=lambda cell: (cell.game_date, order.index(cell.step)))
    for number, day in enumerate(dates):
        for step in order:
            there = found.get(number, {}).get(step) in ("done", "degraded")
            assert (Cell(day, step) in cells) != there


async def test_every_slate_is_collected_at_its_own_instant() -> None:
    """While upstreams are asked about a slate the clock stands at its cutoff and nowhere else."""
    dates = days(FIRST, FIRST + timedelta(days=5))
    client = Coordinator(VirtualClock(noon(FIRST)))
    nights = await fill(client, dates, concurrency=3)
    assert client.seen == {day: {noon(day)} for day in dates}
    assert [night["game_date"] for night in nights] == [str(day) for day in dates]


@pytest.mark.parametrize("concurrency", [1, 2, 3])
async def test_concurrency_is_bounded(concurrency: int) -> None:
    """Never more slates at once than asked for."""
    client = Coordinator(VirtualClock(noon(FIRST)))
    await fill(client, days(FIRST, FIRST + timedelta(days=7)), concurrency=concurrency)
    assert client.most == concurrency


async def test_a_failed_slate_does_not_stop_the_others() -> None:
    """It is in the answer, with its reason; so is one whose run could not even be asked for."""
    dates = days(FIRST, FIRST + timedelta(days=3))
    client = Coordinator(VirtualClock(noon(FIRST)), broken=(dates[1],), unreachable=(dates[2],))
    nights = await fill(client, dates)
    assert [night["status"] for night in nights] == ["complete", "failed", "failed", "complete"]
    assert nights[2]["reasons"] == {"run": "the coordinator does not answer"}
    assert client.asked == [dates[0], dates[1], dates[3]]
