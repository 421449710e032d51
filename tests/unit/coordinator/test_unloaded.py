"""Payloads that are archived and not loaded."""

from datetime import date

from services.coordinator.grid import unloaded as archived
from services.coordinator.grid.unloaded import unloaded
from shared.basketball.slate import Mode
from shared.ports import Ports
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.coordinator.sql_rows import quarantined
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.archive import MemoryArchive
from tests.unit.shared.rows import SLATE, YESTERDAY, load

DAY, BEFORE = date(2024, 3, 4), date(2024, 3, 3)


async def test_f12_of_each_unit_the_newest_payload_counts() -> None:
    """By slate, mode and step; what is outside of the window, of another mode, of no step or a refusal is nobody's."""
    archive, warehouse = MemoryArchive(), AnsweringWarehouse()
    ports = memory_ports(archive=archive, warehouse=warehouse)
    folder = f"raw/fetches/odds_api/{DAY}/overnight"
    first, second, other = (f"{folder}/lines/{name}_1_200_a.json" for name in ("g1/1", "g1/2", "g2/1"))
    for key in (
        first, second, other, f"{folder}/lines/g1/3_1_503_a.json", f"{folder}/nonsense/x/1_1_200_a.json",
        f"raw/fetches/espn/{BEFORE}/overnight/injuries/feed/1_1_200_a.json",
        "raw/fetches/espn/2024-03-02/overnight/rosters/x/1_1_200_a.json",
        f"raw/fetches/espn/{DAY}/same_day/rosters/x/1_1_200_a.json",
    ):  # fmt: skip
        await archive.put(key, b"{}")
    known = [{"archive_key": second}, {"archive_key": other}]
    warehouse.answers[archived._ACCOUNTED] = ("fetches", known)
    assert await archived.unloaded(ports, {Mode.OVERNIGHT: [BEFORE, DAY]}) == {(Mode.OVERNIGHT, BEFORE, "injuries")}
    assert warehouse.asked[-1] == ("fetches", {"first": BEFORE, "last": DAY, "modes": ["overnight"]})
    warehouse.answers[archived._ACCOUNTED] = (
        "fetches",
        [*known[1:], {"archive_key": first}],
    )
    assert await archived.unloaded(ports, {Mode.OVERNIGHT: [DAY]}) == {(Mode.OVERNIGHT, DAY, "lines")}


async def test_f12_an_archived_payload_the_fetch_log_does_not_know_is_found(ports: Ports) -> None:
    """By slate and step; the newest of a unit counts, and what was loaded is accounted for."""
    folder = f"raw/fetches/odds_api/{SLATE}/overnight"
    names = ("g1/1", "g2/1", "g2/2", "g3/1")
    first, old, new, refused = keys = [f"{folder}/lines/{name}_1_200_a.json" for name in names]
    for key in keys:
        await ports.archive.put(key, b"{}")
    await load(
        ports.warehouse,
        raw__fetches=[
            fetched("lines", "g1", "loaded", archive_key=first),
            fetched("lines", "g2", "loaded", archive_key=old),
        ],
        raw__quarantine=[quarantined("payload", step="lines", unit="g3", archive_key=refused)],
    )
    left = (Mode.OVERNIGHT, SLATE, "lines")
    assert await unloaded(ports, {Mode.OVERNIGHT: [YESTERDAY, SLATE]}) == {left}
    assert await unloaded(ports, {Mode.SAME_DAY: [YESTERDAY, SLATE]}) == set()
    assert await unloaded(ports, {Mode.SAME_DAY: [YESTERDAY], Mode.OVERNIGHT: [SLATE]}) == {left}
    await load(ports.warehouse, raw__quarantine=[quarantined("payload", step="lines", unit="g2", archive_key=new)])
    assert await unloaded(ports, {Mode.OVERNIGHT: [YESTERDAY, SLATE]}) == set()
