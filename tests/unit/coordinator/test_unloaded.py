"""Payloads that are archived and not loaded."""

from datetime import date

from services.coordinator.grid import unloaded as archived
from services.coordinator.grid.unloaded import unloaded
from shared.basketball.slate import Mode
from shared.ports import Ports
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.archive import MemoryArchive
from tests.unit.shared.rows import SLATE, YESTERDAY, load

DAY, BEFORE = date(2024, 3, 4), date(2024, 3, 3)


async def test_f12_of_each_unit_the_newest_payload_counts() -> None:
    """By slate, mode and step; a key outside of the window, of another mode or of no step is nobody's."""
    archive, warehouse = MemoryArchive(), AnsweringWarehouse()
    ports = memory_ports(archive=archive, warehouse=warehouse)
    folder = f"raw/odds_api/{DAY}/overnight"
    for key in (
        f"{folder}/lines/g1/1.json", f"{folder}/lines/g1/2.json", f"{folder}/lines/g2/1.json",
        f"raw/espn/{BEFORE}/overnight/injuries/feed/1.json", "raw/espn/2024-03-02/overnight/rosters/x/1.json",
        f"raw/espn/{DAY}/same_day/rosters/x/1.json", f"{folder}/nonsense/x/1.json",
    ):  # fmt: skip
        await archive.put(key, b"{}")
    known = [{"archive_key": f"{folder}/lines/g1/2.json"}, {"archive_key": f"{folder}/lines/g2/1.json"}]
    warehouse.answers[archived._ACCOUNTED] = ("fetches", known)
    assert await archived.unloaded(ports, {Mode.OVERNIGHT: [BEFORE, DAY]}) == {(Mode.OVERNIGHT, BEFORE, "injuries")}
    assert warehouse.asked[-1] == ("fetches", {"first": BEFORE, "last": DAY, "modes": ["overnight"]})
    warehouse.answers[archived._ACCOUNTED] = (
        "fetches",
        [*known[1:], {"archive_key": f"{folder}/lines/g1/1.json"}],
    )
    assert await archived.unloaded(ports, {Mode.OVERNIGHT: [DAY]}) == {(Mode.OVERNIGHT, DAY, "lines")}


async def test_f12_an_archived_payload_the_fetch_log_does_not_know_is_found(ports: Ports) -> None:
    """By slate and step; the newest of a unit counts, and what was loaded is accounted for."""
    folder = f"raw/odds_api/{SLATE}/overnight"
    for name in ("lines/g1/1.json", "lines/g2/1.json", "lines/g2/2.json"):
        await ports.archive.put(f"{folder}/{name}", b"{}")
    await load(
        ports.warehouse,
        raw__fetches=[
            fetched("lines", "g1", "loaded", archive_key=f"{folder}/lines/g1/1.json"),
            fetched("lines", "g2", "loaded", archive_key=f"{folder}/lines/g2/1.json"),
        ],
    )
    left = (Mode.OVERNIGHT, SLATE, "lines")
    assert await unloaded(ports, {Mode.OVERNIGHT: [YESTERDAY, SLATE]}) == {left}
    assert await unloaded(ports, {Mode.SAME_DAY: [YESTERDAY, SLATE]}) == set()
    assert await unloaded(ports, {Mode.SAME_DAY: [YESTERDAY], Mode.OVERNIGHT: [SLATE]}) == {left}
