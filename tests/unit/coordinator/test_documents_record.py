"""The record: written when grades have changed, and added up to what the accuracy report says of the same grades."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.documents import keys, record
from services.coordinator.documents.games import Publication
from services.coordinator.documents.measuring import PICKS, Cut, Recorded
from services.coordinator.documents.store import packed, unpacked
from services.coordinator.runs.run import StepStatus
from services.coordinator.sql import sql
from services.coordinator.steps.grade import recorded
from shared.accuracy import report
from shared.basketball.slate import Mode
from shared.ports import Ports, Row
from tests.unit.coordinator.handling import run_of
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.coordinator.routes import CountingArchive
from tests.unit.coordinator.sql_rows import full
from tests.unit.coordinator.test_sql_accuracy import ALL, LAST, graded
from tests.unit.shared.answers import answers
from tests.unit.shared.archive import MemoryArchive

NOON = datetime(2024, 3, 6, 17, tzinfo=UTC)
MODE = "overnight"
PUBLISHED = "predictions.player_prop_predictions"
EVERYTHING: dict[str, Any] = {**ALL, "first": date(2024, 2, 1), "last": date(2024, 3, 31), "mode": MODE}
SYSTEM = {"a": "ensemble", "b": "boosted"}
"""The grades' systems, as the registry calls some."""


def rows() -> list[Row]:
    """Grades of every kind; each pick's side is the over, and decided."""
    return [
        each.row | {"system": SYSTEM[each.row["system"]], "run_id": f"{each.row['mode']}.{each.row['game_date']}"}
        for each in graded()
    ]


def priced(grades: Sequence[Row]) -> list[Row]:
    """The prediction of each grade, with prices of every kind."""
    names = ("game_date", "mode", "game_id", "player_id", "market", "system", "run_id", "recommendation")
    prices = (-110.0, 120.0, None, -250.0)
    return [
        full(PUBLISHED, 1) | {name: each[name] for name in names}
        | {"over_price": prices[number % 4], "book": "x", "player_lookup": "p"}
        for number, each in enumerate(grades)
    ]  # fmt: skip


_ANSWERS: dict[tuple[str, str, str], list[Row]] = {}
"""What was asked before: filling the tables takes longer than all else."""


async def asked(name: str, grades: Sequence[Row], **cut: object) -> list[Row]:
    """A statement over these grades."""
    asked_before = (name, str(cut), str(grades))
    if asked_before in _ANSWERS:
        return _ANSWERS[asked_before]
    text, params = sql(name), EVERYTHING | cut
    known = {"predictions__prediction_grades": grades, PUBLISHED.replace(".", "__"): priced(grades)}
    there = {table: found for table, found in known.items() if table.replace("__", ".") in text}
    _ANSWERS[asked_before] = await answers(text, params, **there)
    return _ANSWERS[asked_before]


class World:
    """An archive, and nights on which the record is written."""

    def __init__(self) -> None:
        self.archive = MemoryArchive()

    async def write(self, grades: Sequence[Row], at: datetime = NOON, day: date = date(2024, 3, 6)) -> int:
        """Write what has changed; returns how many months had."""
        statements = ("record_sums", "record_bins", "record_picks")
        found = {f"documents__{name}": await asked(f"documents/{name}", grades, by="edge") for name in statements}
        self.warehouse = AnsweringWarehouse(**found)
        published = Publication(day, Mode(MODE), f"{day}.{MODE}.1", "", "", at)
        return await record.write(published, self.ports())

    def ports(self) -> Ports:
        """With the warehouse as it is."""
        return memory_ports(archive=self.archive, warehouse=self.warehouse)

    async def read(self, cut: Cut, as_of: datetime = NOON) -> Any:  # noqa: ANN401 - a record
        """The record, from the archive alone."""
        return await Recorded(self.archive).record(cut, as_of)


def near(found: Any, expected: Any) -> bool:  # noqa: ANN401 - numbers, and lists of them
    """Equal but for the decimals that are stored."""
    return bool(found == pytest.approx(expected, abs=1e-4))


def ends(measured: Any) -> list[float] | None:  # noqa: ANN401 - measured
    """An interval as the report has it."""
    return None if measured["low"] is None else [measured["low"], measured["high"]]


@pytest.mark.parametrize("by", ["all", "tier", "month"])
async def test_a_market_of_a_system_is_measured_as_the_accuracy_report_measures_it(by: str) -> None:
    """Counts, errors beside each reference, hit rates, CLV and calibration, with the same intervals."""
    world, grades = World(), rows()
    await world.write(grades)
    cut: dict[str, object] = {"market": "points", "system": "ensemble", "by": by}
    expected = {
        each["bucket"]: each
        for each in report(await asked("accuracy", grades, **cut), await asked("accuracy_bins", grades, **cut))
    }
    found = await world.read(Cut(system="ensemble", market="points", by=by))
    assert {cell["label"] for cell in found["cells"]} == set(expected)
    for cell in found["cells"]:
        one = expected[cell["label"]]
        assert (cell["n"], cell["voided"], cell["shadow"]) == (one["n"], one["voided"], one["shadow"])
        assert near(cell["mae"]["value"], one["mae"])
        assert near(ends(cell["mae"]), one["mae_interval"])
        assert {each["reference"] for each in cell["against"]} == set(one["against"])
        for each in cell["against"]:
            other = one["against"][each["reference"]]
            assert near(each["error"], other["mae"])
            assert near(each["difference"]["value"], other["difference"])
            assert near(ends(each["difference"]), other["interval"])
        picks, said = one["picks"], one["p_over"]
        assert (cell["picks"], cell["hit_rate"]["hits"], cell["returned"]) == (
            picks["n"], picks["won"], picks["returned"],
        )  # fmt: skip
        assert near(ends(cell["hit_rate"]), picks["wilson"])
        assert near((cell["clv"]["n"], cell["clv"]["value"]), (picks["clv_n"], picks["clv"]))
        assert near(ends(cell["clv"]), picks["clv_interval"])
        assert near(cell["clv_price"]["value"], picks["clv_price"])
        assert near(cell["brier"]["value"], said["brier"])
        assert near(cell["brier_market"]["value"], said["market"]["difference"])
        assert [(each["n"], pytest.approx(each["p_over"], abs=1e-4)) for each in cell["bins"]] == [
            (each["n"], each["p_over"]) for each in said["reliability"]
        ]


def profit(won: bool, price: float) -> float:  # noqa: FBT001 - as it came
    """Of one unit."""
    return -1.0 if not won else price / 100 if price > 0 else 100 / -price


async def test_units_are_what_a_unit_on_every_pick_would_have_paid_at_its_price() -> None:
    """Pushes and voids are returned; a pick without a price is no bet."""
    world, grades = World(), rows()
    await world.write(grades)
    prices = {_key(each): each["over_price"] for each in priced(grades)}
    paid = [
        profit(each["pick_result"] == "won", prices[_key(each)])
        for each in grades
        if each["mode"] == MODE and each["system"] == "ensemble" and each["pick_result"] in ("won", "lost")
        and prices[_key(each)] is not None
    ]  # fmt: skip
    [cell] = (await world.read(Cut(system="ensemble")))["cells"]
    assert (cell["units"]["n"], cell["units_total"]) == (len(paid), pytest.approx(sum(paid), abs=1e-4))
    by_edge = await world.read(Cut(system="ensemble", by="edge"))
    assert sum(each["units_total"] for each in by_edge["cells"]) == pytest.approx(sum(paid), abs=1e-4)
    assert sum(each["picks"] for each in by_edge["cells"]) == cell["picks"]


def _key(each: Row) -> tuple[object, ...]:
    return tuple(each[name] for name in ("run_id", "game_id", "player_id", "market", "system"))


async def test_where_markets_are_pooled_errors_in_different_units_are_not() -> None:
    """Probabilities and picks are."""
    world = World()
    await world.write(rows())
    [cell] = (await world.read(Cut()))["cells"]
    assert (cell["mae"]["value"], cell["clv"]["value"], cell["against"]) == (None, None, [])
    assert cell["brier"]["value"] is not None
    assert all(each["mae"]["value"] is not None for each in (await world.read(Cut(by="market")))["cells"])


async def test_systems_are_never_pooled() -> None:
    """Where none is asked for the best is shown; compared, each has a cell, the best first."""
    world = World()
    await world.write(rows())
    assert (await world.read(Cut()))["system"] == "ensemble"
    found = await world.read(Cut(by="system"))
    assert (found["system"], [cell["key"] for cell in found["cells"]]) == (
        "", [{"system": "ensemble"}, {"system": "boosted"}],
    )  # fmt: skip


async def test_a_record_of_some_dates_counts_no_others() -> None:
    """Both ends included."""
    world = World()
    await world.write(rows())
    found = await world.read(Cut(first=date(2024, 3, 1), last=LAST))
    assert (found["first"], found["last"]) == ("2024-03-01", str(LAST))
    assert {pick["game_date"] for pick in found["picks"]} <= {"2024-03-01", str(LAST)}


async def test_the_picks_are_the_newest_of_what_was_asked_for() -> None:
    """As many as are shown at most."""
    world, grades = World(), rows()
    await world.write(grades)
    found = (await world.read(Cut(system="boosted", market="points", tier="regular")))["picks"]
    assert {(pick["system"], pick["market"], pick["tier"]) for pick in found} == {("boosted", "points", "regular")}
    assert [pick["game_date"] for pick in found] == sorted((pick["game_date"] for pick in found), reverse=True)
    assert len((await world.read(Cut(by="system")))["picks"]) == PICKS


async def test_what_did_not_change_is_not_written_again() -> None:
    """A month's document, or a slate's picks."""
    world, grades = World(), rows()
    assert await world.write(grades) == 2
    before = dict(world.archive.objects)
    assert await world.write(grades, NOON + timedelta(days=1)) == 0
    assert world.archive.objects == before


async def test_a_corrected_grade_supersedes_its_slates_share_and_what_was_known_stays_readable() -> None:
    """The other month, and the picks of the other slates, are not written again."""
    world, grades = World(), rows()
    await world.write(grades)
    before = await world.read(Cut(system="ensemble"))
    old = set(world.archive.objects)
    wrong = next(
        number for number, each in enumerate(grades)
        if each["mode"] == MODE and each["pick_result"] == "won" and each["system"] == "ensemble"
        and each["game_date"] == LAST
    )  # fmt: skip
    grades[wrong] = grades[wrong] | {"pick_result": "lost"}
    later = NOON + timedelta(days=1)
    assert await world.write(grades, later) == 1
    new = {key.rpartition("/")[0] for key in set(world.archive.objects) - old}
    assert new == {f"documents/record/{MODE}/2024-03", f"documents/picks/{MODE}/{LAST}"}
    assert await world.read(Cut(system="ensemble")) == before
    [now], [then] = (await world.read(Cut(system="ensemble"), later))["cells"], before["cells"]
    assert (now["picks"], now["hit_rate"]["hits"]) == (then["picks"], then["hit_rate"]["hits"] - 1)


async def test_the_first_time_a_season_is_written_down_and_then_what_may_have_changed() -> None:
    """Whole months, each of which has all its slates."""
    world = World()
    await world.write(rows())
    [(_, first), *_] = world.warehouse.asked
    await world.write(rows(), NOON + timedelta(days=1))
    [(_, second), *_] = world.warehouse.asked
    assert (first["first"], first["last"]) == (date(2023, 1, 1), date(2024, 3, 31))
    assert (second["first"], second["last"]) == (date(2024, 2, 1), date(2024, 3, 31))


async def test_picks_so_far_are_those_of_earlier_slates_as_known_at_the_publication() -> None:
    """By system, market and size of the edge."""
    world, grades = World(), rows()
    await world.write(grades)
    published = Publication(LAST, Mode(MODE), "x", "", "", NOON)
    found = await record.picks_so_far(world.archive, published)
    earlier = [
        each for each in grades
        if each["mode"] == MODE and each["game_date"] < LAST and each["pick_result"] in ("won", "lost")
    ]  # fmt: skip
    assert sum(picks for picks, _ in found.values()) == len(earlier)
    assert sum(won for _, won in found.values()) == sum(each["pick_result"] == "won" for each in earlier)
    size = {each["edge_size"] for each in await asked("documents/record_picks", grades, by="edge")}
    assert {key[2] for key in found} <= size
    early = Publication(LAST, Mode(MODE), "x", "", "", NOON - timedelta(seconds=1))
    assert await record.picks_so_far(world.archive, early) == {}


async def test_it_is_written_when_grading_is_reported_done_and_once_however_often_that_is() -> None:
    """Under the instant of the clock, in a run that publishes or in one that grades alone."""
    world = World()
    await world.write(rows(), NOON - timedelta(hours=1))
    expected = {key.rpartition("/")[0] for key in world.archive.objects}
    world.archive.objects.clear()
    ports = world.ports()
    run = run_of({"grade": StepStatus.RUNNING}, game_date=date(2024, 3, 6), targets=("grade",))
    await recorded(run, ports)
    assert {key.rpartition("/")[0] for key in world.archive.objects} == expected
    assert {keys.stamp_of(key) for key in world.archive.objects} == {ports.clock.now()}
    before = dict(world.archive.objects)
    ports.clock.set(NOON + timedelta(days=1))  # type: ignore[attr-defined]  # the clock of tests
    await recorded(run, ports)
    assert world.archive.objects == before


async def test_a_record_of_nothing_is_empty() -> None:
    """Before anything is graded, and in a mode that never was."""
    world = World()
    found = await world.read(Cut())
    assert (found["cells"], found["picks"], found["first"], found["recorded_at"]) == ([], [], None, None)
    await world.write(rows())
    assert (await world.read(Cut(mode="manual")))["cells"] == []


async def test_modes_are_compared_and_otherwise_the_one_graded_last_is_shown() -> None:
    """Never pooled."""
    world, grades = World(), rows()
    await world.write(grades)
    [march] = [key for key in world.archive.objects if key.startswith(f"{keys.record(MODE)}2024-03")]
    other = march.replace(f"/{MODE}/", "/same_day/").replace("20240306T17", "20240306T16")
    world.archive.objects[other] = _in_mode(world.archive.objects[march], "same_day")
    assert (await world.read(Cut()))["mode"] == MODE
    found = await world.read(Cut(by="mode"))
    assert ([cell["label"] for cell in found["cells"]], found["mode"]) == ([MODE, "same_day"], "")


def _in_mode(data: bytes, mode: str) -> bytes:
    return packed(unpacked(data) | {"mode": mode})


async def test_a_record_is_read_once_and_then_only_what_is_new() -> None:
    """A list, a document for each month, and the picks of as many slates as it takes; asked again, the list."""
    world, archive = World(), CountingArchive()
    world.archive = archive
    await world.write(rows())
    recorded = Recorded(archive)
    archive.reads = 0
    first = await recorded.record(Cut(), NOON)
    slates = {pick["game_date"] for pick in first["picks"]}
    assert archive.reads == 1 + 2 + len(slates)
    archive.reads = 0
    later = NOON + timedelta(hours=1)
    assert await recorded.record(Cut(), later) == {**first, "as_of": later.isoformat()}
    assert archive.reads == 1
