"""The disk of one machine: packed and dropped by rule, and never what cannot be had again."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import backup, disk
from live.disk import MIN_FREE, Disk, droppable, enough, measured, packable, quiet_after, tidy
from live.keep import keep
from services.coordinator.alerts import alerts
from shared.embedded.archive import FileArchive
from shared.embedded.bus import EmbeddedBus
from shared.embedded.secrets import EnvironmentSecrets
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent, Transient
from shared.ports import Ports, Warehouse
from shared.raw_archive import body_key, digest_of
from shared.registries.sources import SOURCES
from shared.tables import TABLES
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState

TODAY = date(2024, 3, 20)
OLD = date(2024, 3, 4)
SIZE = 1000


def record(source: str, day: date, step: str, unit: str, body: bytes, hour: int = 12) -> str:
    stamp = f"{day:%Y%m%d}T{hour:02}0000.000000Z"
    return f"raw/fetches/{source}/{day}/overnight/{step}/{unit}/{stamp}_01-01_200_{digest_of(body)[:12]}.json"


def body(data: bytes) -> str:
    return body_key(digest_of(data), "json")


def sizes(*keys: str) -> dict[str, int]:
    return dict.fromkeys(keys, SIZE)


def test_old_slates_are_packed_and_young_ones_are_not() -> None:
    """Records by source and slate, exports and documents by slate; all else stays as it is."""
    young = TODAY - timedelta(days=7)
    loose = sizes(
        record("espn", OLD, "injuries", "injuries", b"a"),
        record("espn", young, "injuries", "injuries", b"b"),
        "exports/2024-03-04/overnight/predictions.json",
        f"exports/{young}/overnight/predictions.json",
        "documents/games/2024-03-04/overnight/1/a.json.gz",
        f"documents/games/{young}/overnight/1/a.json.gz",
        "documents/record/overnight/2024-03/a.json.gz",
        "models/boosted/abc",
        "dead/abc",
    )
    assert packable(loose, loose, TODAY) == [
        "documents/games/2024-03-04", "exports/2024-03-04", "raw/fetches/espn/2024-03-04",
    ]  # fmt: skip


def test_bodies_are_packed_when_the_loose_ones_outweigh_the_pack() -> None:
    """A folder's pack is not written anew for each body."""
    packed = {"raw/bodies/ab/1": 500}
    assert packable({"raw/bodies/ab/2": 501}, {**packed, "raw/bodies/ab/2": 501}, TODAY) == ["raw/bodies/ab"]
    assert packable({"raw/bodies/ab/2": 500}, {**packed, "raw/bodies/ab/2": 500}, TODAY) == []


def test_what_can_be_had_again_and_is_loaded_goes_the_oldest_first() -> None:
    """By the youngest slate that a body was an answer for."""
    later = record("nba_cdn", OLD + timedelta(days=1), "box_scores", "0022300001", b"later")
    first = record("nba_stats", OLD, "box_scores", "2023-24-regular", b"first")
    keys = sizes(later, first, body(b"later"), body(b"first"))
    assert droppable(keys, [later, first], TODAY) == [body(b"first"), body(b"later")]


@pytest.mark.parametrize(
    ("source", "step", "unit"),
    [
        ("odds_api", "lines", "0022300001"),
        ("espn", "injuries", "injuries"),
        ("nba_official", "injuries", "Injury-Report_2024-03-04_05PM"),
        ("espn", "rosters", "roster-BOS"),
        ("nba_cdn", "schedule", "scoreboard"),
        ("balldontlie", "schedule", "scoreboard-2024-03-04"),
        ("prizepicks", "lines", "projections"),
        ("gone", "box_scores", "0022300001"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_was_shown_of_a_moment_stays(source: str, step: str, unit: str) -> None:
    """However old, loaded or large."""
    key = record(source, OLD, step, unit, b"x")
    assert droppable(sizes(key, body(b"x")), [key], TODAY) == []


def test_what_is_young_or_not_loaded_stays() -> None:
    """An answer later than the one that was loaded is not loaded; an earlier one has been done with."""
    at = {hour: record("nba_cdn", OLD, "box_scores", "1", str(hour).encode(), hour) for hour in (11, 12, 13)}
    young = record("nba_cdn", TODAY - timedelta(days=7), "box_scores", "2", b"young")
    lost = record("nba_cdn", OLD, "box_scores", "3", b"lost")
    bodies = [body(data) for data in (b"11", b"12", b"13", b"young", b"lost")]
    keys = sizes(*at.values(), young, lost, *bodies, body(b"no record"))
    assert droppable(keys, [at[12], young], TODAY) == sorted([body(b"11"), body(b"12")])


_RECORDS = st.tuples(
    st.sampled_from([*SOURCES, "gone"]),
    st.integers(0, 30).map(lambda days: TODAY - timedelta(days=days)),
    st.sampled_from(["schedule", "box_scores", "rosters", "injuries", "lines"]),
    st.sampled_from(["1", "2", "scoreboard"]),
    st.sampled_from([b"a", b"b", b"c", b"d"]),
    st.integers(0, 23),
)


@given(st.lists(_RECORDS, max_size=12), st.sets(st.integers(0, 11)), st.integers(-10, 5000))
def test_never_what_cannot_be_had_again_and_never_more_than_needed(
    records: list[tuple[str, date, str, str, bytes, int]], loaded: set[int], excess: int
) -> None:
    """Whatever was fetched: records stay, so do bodies that any answer needs, and the last dropped was needed."""
    keys = [record(*each) for each in records]
    held = {key: 100 * (1 + len(key) % 7) for key in (*keys, *(body(each[4]) for each in records))}
    known = [keys[each] for each in loaded if each < len(keys)]
    going = enough(droppable(held, known, TODAY), held, excess)
    needed = {
        body(data)
        for source, day, step, unit, data, _ in records
        if source not in SOURCES
        or step not in SOURCES[source].again
        or unit.startswith("scoreboard")
        or TODAY - day < timedelta(days=8)
        or not any(f"/{source}/{day}/overnight/{step}/{unit}/" in key for key in known)
    }
    assert not needed & set(going)
    assert all(key.startswith("raw/bodies/") for key in going)
    assert not going or sum(held[key] for key in going[:-1]) < excess


def test_a_nearly_full_disk_counts_as_much_as_the_budget() -> None:
    """Whatever is left of the budget."""
    assert Disk(used=10, free=MIN_FREE).excess(10) == 0
    assert Disk(used=15, free=MIN_FREE).excess(10) == 5
    assert Disk(used=5, free=MIN_FREE - 7).excess(10) == 7


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        (datetime(2024, 3, 4, 9, 9, tzinfo=UTC), datetime(2024, 3, 4, 9, 10, tzinfo=UTC)),
        (datetime(2024, 3, 4, 9, 10, tzinfo=UTC), datetime(2024, 3, 5, 9, 10, tzinfo=UTC)),
        (datetime(2024, 3, 9, 20, 0, tzinfo=UTC), datetime(2024, 3, 10, 8, 10, tzinfo=UTC)),
    ],
    ids=["before", "at", "summer time"],
)
def test_the_quiet_hour(now: datetime, quiet: datetime) -> None:
    """04:10 Eastern, of the next day where it has come."""
    assert quiet_after(FakeClock(now)) == quiet


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    clock = FakeClock(datetime(2024, 3, 20, 9, 10, tzinfo=UTC))
    warehouse = DuckDBWarehouse(None, {"raw.fetches": TABLES["raw.fetches"]})
    archive = FileArchive(tmp_path / "archive")
    yield Ports(clock, EmbeddedBus(clock), warehouse, MemoryState(), EnvironmentSecrets({}), archive)
    await warehouse.close()


async def fetched(ports: Ports, source: str, step: str, unit: str, size: int) -> str:
    """An old answer, archived and loaded; returns the key of its body."""
    data = os.urandom(size)
    key = record(source, OLD, step, unit, data)
    await ports.archive.put(body(data), data)
    await ports.archive.put(key, b"{}")
    await ports.warehouse.append(
        "raw.fetches",
        [
            {
                "game_date": OLD, "mode": "overnight", "step": step, "unit": unit, "outcome": "loaded", "reason": None,
                "records": 1, "archive_key": key, "fetched_at": datetime(2024, 3, 4, tzinfo=UTC), "source": source,
            }
        ],
    )  # fmt: skip
    return body(data)


async def test_a_night_of_tidying(tmp_path: Path, ports: Ports) -> None:
    """Everything old is packed and readable; as many box scores go as the budget wants, odds and records stay."""
    games = [await fetched(ports, "nba_cdn", "box_scores", f"002230000{n}", 40_000) for n in range(5)]
    odds = await fetched(ports, "odds_api", "lines", "0022300001", 40_000)
    await tidy(tmp_path, ports, 0.17e-3)
    archive = FileArchive(tmp_path / "archive")
    assert await archive.loose("") == {}
    left = await archive.list("raw/bodies/")
    assert odds in left
    assert len(set(left) & set(games)) == 3
    assert len(await archive.list("raw/fetches/")) == 6
    assert measured(tmp_path).used < 170_000
    assert await alerts(ports.state) == []


async def test_a_budget_that_cannot_be_held_is_an_alert_until_it_can(tmp_path: Path, ports: Ports) -> None:
    """Odds are not dropped for it; the next time there is room, the alert is resolved."""
    odds = await fetched(ports, "odds_api", "lines", "0022300001", 40_000)
    await tidy(tmp_path, ports, 0.01e-3)
    assert await ports.archive.has(odds)
    [alert] = await alerts(ports.state)
    assert (alert["name"], alert["severity"]) == ("disk_budget", "ticket")
    assert alert["detail"].endswith("nothing more can be dropped: free space, or raise the budget")
    await tidy(tmp_path, ports, 1)
    assert await alerts(ports.state) == []


async def test_a_full_disk_drops_what_it_may_and_says_so(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packing wants space; dropping loose files gives some; nothing else is lost."""
    game = await fetched(ports, "nba_cdn", "box_scores", "0022300001", 40_000)
    odds = await fetched(ports, "odds_api", "lines", "0022300001", 40_000)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        patch.setattr(disk, "measured", lambda _: Disk(80_000, 0))
        await tidy(tmp_path, ports, 1)
    assert not await ports.archive.has(game)
    assert await ports.archive.has(odds)
    assert [alert["name"] for alert in await alerts(ports.state)] == ["disk_budget"]


async def test_a_damaged_pack_is_an_alert_and_no_end(tmp_path: Path, ports: Ports) -> None:
    """Its name is in the detail."""
    await fetched(ports, "nba_cdn", "box_scores", "0022300001", 100)
    pack = tmp_path / "archive/.packs/raw/fetches/nba_cdn" / f"{OLD}.zip"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"no zip")
    await tidy(tmp_path, ports, 1)
    [alert] = await alerts(ports.state)
    assert f"the pack {pack} is damaged" in alert["detail"]


async def test_it_is_tidied_every_night_whatever_happens(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night on which not even the alert can be written is logged, and the next one comes."""
    waited: list[datetime] = []

    class End(Exception):  # noqa: N818 - of the test
        """After the third night."""

    async def until(instant: datetime) -> None:
        waited.append(instant)
        if len(waited) == 3:
            raise End
        assert isinstance(ports.clock, FakeClock)
        ports.clock.set(instant)

    async def full(*_: object) -> None:
        raise Transient("state store: database or disk is full")

    monkeypatch.setattr(disk, "tidy", full)
    with pytest.raises(End):
        await disk.keep_tidy(tmp_path, ports, 1, until)
    assert waited == [datetime(2024, 3, day, 8, 10, tzinfo=UTC) for day in (21, 22, 23)]


async def test_it_is_backed_up_and_tidied_beside_the_services(tmp_path: Path, ports: Ports) -> None:
    """While the quiet hour is waited for, a backup is answered; another warehouse than this machine's is refused."""
    never = asyncio.Event()
    waited: list[datetime] = []

    async def until(instant: datetime) -> None:
        waited.append(instant)
        await never.wait()

    keeping = asyncio.create_task(keep(tmp_path, ports, 1, until))
    room = tmp_path / ".backup" / "one"
    room.mkdir(parents=True)
    await backup.ask(tmp_path, room / backup.WAREHOUSE, FakeClock())
    keeping.cancel()
    assert (room / backup.WAREHOUSE).exists()
    assert waited == [datetime(2024, 3, 21, 8, 10, tzinfo=UTC)]
    with pytest.raises(Permanent, match="is not this machine's to back up"):
        await keep(tmp_path, replace(ports, warehouse=cast("Warehouse", object())), 1, until)


def test_documents_are_never_dropped() -> None:
    """However old, and whatever else is."""
    old = record("nba_cdn", OLD, "schedule", "season", b"x")
    documents = [
        "documents/games/2020-03-04/overnight/1/a.json.gz",
        "documents/cards/2020-03-04/overnight/1/a.json.gz",
        "documents/record/overnight/2020-03/a.json.gz",
        "documents/picks/overnight/2020-03-04/a.json.gz",
    ]
    assert droppable(sizes(old, body(b"x"), *documents), [old], TODAY) == [body(b"x")]
