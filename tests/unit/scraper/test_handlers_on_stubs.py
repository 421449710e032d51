"""What the scraper makes of a step, on stubs: its outcome, its counts, what is archived and not accounted for."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scraper import handlers
from services.scraper.fetch import Failed
from services.scraper.fetch_log import _SCOPE, Unit
from services.scraper.handlers import handle
from services.scraper.payloads import Archived, Online
from services.scraper.settings import ScraperSettings
from services.scraper.shelf import Shelf
from services.scraper.task import Task
from shared.basketball.slate import Mode
from shared.contract import StepReported, StepRequested
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Transient
from shared.ports import Ports
from shared.runtime.metrics import STEPS
from tests.clock import FakeClock
from tests.simulation.fakes import RecordingBus
from tests.unit.scraper.fakes import (
    FakeState,
    FakeUpstreams,
    StubWarehouse,
)
from tests.unit.shared.archive import MemoryArchive

NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
DAY = date(2024, 3, 5)
Work = Callable[[Task], int]


def _request(step: str = "rosters", **changes: object) -> StepRequested:
    fields: dict[str, Any] = {"run_id": "r1", "game_date": DAY, "mode": Mode.OVERNIGHT, "step": step, "attempt": 2}
    return StepRequested(**(fields | changes))


class Bench:
    """A scraper whose one step does as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
        self.clock, self.archive, self.warehouse = FakeClock(NOW), MemoryArchive(), StubWarehouse()
        self.settings = ScraperSettings()
        self.tasks: list[Task] = []

        async def step(task: Task) -> int:
            self.tasks.append(task)
            return work(task)

        monkeypatch.setattr(handlers, "STEPS", {"rosters": step})

    async def run(self, **changes: Any) -> StepReported:  # noqa: ANN401 - fields of the request
        ports = Ports(
            clock=self.clock,
            bus=RecordingBus(),
            warehouse=self.warehouse,  # type: ignore[arg-type]  # a fake of the port
            state=FakeState(),
            secrets=EnvironmentSecrets({}),
            archive=self.archive,
        )
        return await handle(_request(**changes), ports, FakeUpstreams(NOW), self.settings)


def _finished(outcome: str) -> float:
    finished: float = STEPS.labels("rosters", outcome)._value.get()
    return finished


async def test_a_step_that_brought_something_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lasted as long as its work, and reports rows, units by outcome and the requests, but no count of zero."""
    before = _finished("done")

    def work(task: Task) -> int:
        task.fetches.units |= {"a": Unit("loaded", "espn", 3), "b": Unit("failed", "espn", reason="HTTP 500")}
        assert isinstance(task.payloads, Online)
        task.payloads._meter.update(requests=5, faults_empty=0)
        bench.clock.elapsed += 2.5
        return 7

    bench = Bench(monkeypatch, work)
    bench.clock.elapsed = 100.0
    report = await bench.run()
    assert report == StepReported(
        run_id="r1",
        step="rosters",
        attempt=2,
        outcome="done",
        reason="",
        seconds=2.5,
        counts={
            "requests": 5,
            "units": 2,
            "units_loaded": 1,
            "units_failed": 1,
            "quarantined": 0,
            "rows": 7,
            "archived_not_loaded": 0,
        },
    )
    assert [len(rows) for rows, _, _ in bench.warehouse.written("raw.fetches")] == [2]
    assert _finished("done") == before + 1
    [task] = bench.tasks
    assert (task.request, task.settings, task.now) == (_request(), bench.settings, NOW)
    assert task.fetches._stamp["fetched_at"] == NOW


async def test_a_step_that_brought_nothing_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason of its first unit; its fetch log is written all the same."""
    before = _finished("failed")

    def work(task: Task) -> int:
        task.fetches.failed("a", "espn", Failed("HTTP 500 (6 attempts)", 6))
        return 0

    bench = Bench(monkeypatch, work)
    report = await bench.run()
    assert (report.outcome, report.reason) == ("failed", "HTTP 500 (6 attempts)")
    assert report.counts == {"units": 1, "units_failed": 1, "quarantined": 0, "rows": 0, "archived_not_loaded": 0}
    assert [len(rows) for rows, _, _ in bench.warehouse.written("raw.fetches")] == [1]
    assert _finished("failed") == before + 1


async def test_a_full_archive_is_raised_after_the_fetch_log_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message comes again; what was loaded is accounted for."""

    def work(task: Task) -> int:
        assert isinstance(task.payloads, Online)
        task.payloads.archive_failure = Transient("archive is full")
        task.fetches.units["a"] = Unit("loaded", "espn", 3)
        return 3

    bench = Bench(monkeypatch, work)
    with pytest.raises(Transient, match="archive is full"):
        await bench.run()
    assert [len(rows) for rows, _, _ in bench.warehouse.written("raw.fetches")] == [1]


async def test_payloads_come_from_the_archive_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all five sources, on the shelf of the step, its mode and its date."""
    bench = Bench(monkeypatch, lambda _: 0)
    sources = ("nba_cdn", "nba_stats", "espn", "odds_api", "balldontlie")
    for source in (*sources, "other"):
        bench.archive.objects[f"raw/fetches/{source}/2024-03-05/manual/rosters/u/1_1_200_a.json"] = b""
    await bench.run(from_archive=True, mode=Mode.MANUAL)
    await bench.run(mode=Mode.MANUAL)
    archived, online = (task.payloads for task in bench.tasks)
    assert isinstance(archived, Archived)
    assert await archived.held() == {(source, "u") for source in sources}
    assert isinstance(online, Online)
    assert online._shelf == Shelf(bench.archive, DAY, Mode.MANUAL, "rosters", attempt=2)


async def test_f12_only_a_units_newest_answer_must_be_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a unit of this run or of an earlier one, or by the quarantine; of every source, of this step only."""
    place = "2024-03-05/overnight/rosters"
    first, second = f"raw/fetches/nba_cdn/{place}/a/1_1_200_x.json", f"raw/fetches/nba_cdn/{place}/a/2_1_200_x.json"
    refused, standing = (f"raw/fetches/{source}/{place}/b/1_1_200_x.json" for source in ("espn", "balldontlie"))
    loaded_from = first

    def work(task: Task) -> int:
        task.fetches.units["a"] = Unit("loaded", "nba_cdn", archive_key=loaded_from)
        return 1

    bench = Bench(monkeypatch, work)
    for key in (first, second, refused, standing, f"raw/fetches/espn/{place}/b/2_1_503_x.json"):
        bench.archive.objects[key] = b""
        bench.archive.objects[key.replace("rosters", "lines")] = b""
    assert (await bench.run()).counts["archived_not_loaded"] == 3
    loaded_from = second
    assert (await bench.run()).counts["archived_not_loaded"] == 2
    for table, row in (
        ("raw.fetches", {"unit": "c", "outcome": "loaded", "archive_key": standing}),
        ("raw.quarantine", {"unit": "b", "record": "payload espn/x", "archive_key": refused}),
    ):
        bench.warehouse.answers[f"SELECT * FROM {table} WHERE {_SCOPE}"] = [row]  # noqa: S608 - a constant
        left = (await bench.run()).counts["archived_not_loaded"]
        assert left == {"raw.fetches": 1, "raw.quarantine": 0}[table]
