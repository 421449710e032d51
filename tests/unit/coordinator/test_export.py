"""The export: the slate's view and the documents, written in whatever order and however often, and their evidence."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.documents import keys
from services.coordinator.documents.publish import publication
from services.coordinator.documents.store import unpacked
from services.coordinator.runs.run import Evidence, Run, StepState, StepStatus
from services.coordinator.steps.export import export, export_key, exported
from shared.basketball.slate import Mode
from tests.simulation.tables import forecast, on_roster
from tests.unit.coordinator.handling import DAY
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.shared.archive import MemoryArchive

NINE = datetime(2024, 3, 4, 14, tzinfo=UTC)
"""9:00 Eastern."""


def run_of(part: str = "", minutes: int = 0, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run, or a pass, that published so many minutes after nine."""
    published = StepState(status=StepStatus.DONE, generation=1, ended_at=NINE + timedelta(minutes=minutes))
    known = {
        "game_date": DAY, "mode": Mode.SAME_DAY, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "steps": {"publish": published}, "created_at": NINE, "part": part, "why": part,
    }  # fmt: skip
    return Run.model_validate(known | fields)


class World:
    """A slate of two games with a player each."""

    def __init__(self) -> None:
        self.archive = MemoryArchive()

    def of(self, run: Run, *games: int) -> AnsweringWarehouse:
        """A warehouse in which the run has published these games."""
        rows = [forecast(run.run_id, (game, game, "points", "ensemble")) for game in games]
        return AnsweringWarehouse(
            predictions=[{"game_id": row["game_id"], "run_id": run.run_id} for row in rows],
            documents__forecasts=rows,
            documents__players=[on_roster(game, game) for game in games],
            documents__books=[],
            documents__past=[],
            moves=[],
        )

    async def export(self, run: Run, *games: int) -> AnsweringWarehouse:
        """Export a run."""
        warehouse = self.of(run, *games)
        await export(run, memory_ports(archive=self.archive, warehouse=warehouse), 0)
        return warehouse

    async def evidence(self, run: Run) -> Evidence:
        """What the archive says of a run."""
        return await exported(run, "export", memory_ports(archive=self.archive))

    def view(self) -> dict[str, str]:
        """Game -> run whose predictions the view has."""
        found = json.loads(self.archive.objects[export_key(run_of())])
        return {row["game_id"]: row["run_id"] for row in found["predictions"]}


ONE, TWO = "0022300001", "0022300002"
SLATE, PASS = "2024-03-04.same_day.1", "2024-03-04.same_day.game-1.1"


async def test_a_run_without_an_export_has_nothing_there() -> None:
    """The index of its documents is looked for first, then the view."""
    found = await World().evidence(run_of())
    index = f"documents/publications/2024-03-04/same_day/20240304T140000.000000Z.{SLATE}.json.gz"
    assert found == Evidence(expected=2, verified=0, detail=f"no {index}")


async def test_a_run_writes_two_objects_for_each_game_an_index_and_the_view() -> None:
    """All of them are evidence; asked for once, whatever the games: six statements and no more."""
    world = World()
    warehouse = await world.export(run_of(), 1, 2)
    assert [name for name, _ in warehouse.asked] == [
        "documents__forecasts", "moves", "documents__players", "documents__books",
        "documents__past", "predictions",
    ]  # fmt: skip
    stamp = f"20240304T140000.000000Z.{SLATE}.json.gz"
    assert sorted(world.archive.objects) == sorted(
        [
            f"documents/publications/2024-03-04/same_day/{stamp}",
            export_key(run_of()),
            *(
                f"documents/{kind}/2024-03-04/same_day/{game}/{stamp}"
                for kind in ("cards", "games")
                for game in (ONE, TWO)
            ),
        ]
    )
    assert await world.evidence(run_of()) == Evidence(expected=6, verified=6)


@pytest.mark.parametrize("kind", ["cards", "games"])
async def test_a_document_that_is_lost_is_missed(kind: str) -> None:
    """By name."""
    world = World()
    await world.export(run_of(), 1)
    [lost] = [key for key in world.archive.objects if key.startswith(f"documents/{kind}")]
    del world.archive.objects[lost]
    assert await world.evidence(run_of()) == Evidence(expected=4, verified=3, detail=f"no {lost}")


@pytest.mark.parametrize("stored", range(6), ids=lambda number: f"after {number} objects")
async def test_an_attempt_that_was_cut_short_is_finished_by_the_next(stored: int) -> None:
    """Whatever was stored before the crash: the same objects, bytes and all, and nothing beside them."""
    whole = World()
    await whole.export(run_of(), 1, 2)
    cut = World()
    cut.archive.objects |= dict(list(whole.archive.objects.items())[:stored])
    await cut.export(run_of(), 1, 2)
    assert cut.archive.objects == whole.archive.objects


async def test_a_pass_writes_its_games_alone_and_takes_them_in_the_view() -> None:
    """It asks for its games alone; both runs find what they published."""
    world = World()
    await world.export(run_of(), 1, 2)
    before = dict(world.archive.objects)
    warehouse = await world.export(run_of("game-1", 30), 1)
    assert warehouse.asked[-1] == (
        "predictions",
        {"game_date": DAY, "mode": "same_day", "market": "", "games": ONE, "system": "", "best_first": ""},
    )  # fmt: skip
    assert world.view() == {ONE: PASS, TWO: SLATE}
    new = {key for key in world.archive.objects if key not in before}
    assert {key.split("/")[1] for key in new} == {"publications", "games", "cards"}
    assert all(PASS in key for key in new)
    assert {key: before[key] for key in before if key in world.archive.objects and "documents" in key} == {
        key: world.archive.objects[key] for key in before if "documents" in key
    }
    for run in (run_of(), run_of("game-1", 30)):
        assert (await world.evidence(run)).detail == ""


async def test_a_pass_that_is_lost_from_the_view_is_missed_and_written_again() -> None:
    """Of two passes that write at once, the later write has not read the earlier one's games."""
    world = World()
    await world.export(run_of(), 1, 2)
    before = world.archive.objects[export_key(run_of())]
    await world.export(run_of("game-1", 30), 1)
    world.archive.objects[export_key(run_of())] = before
    found = await world.evidence(run_of("game-1", 30))
    assert (found.expected - found.verified, found.detail) == (1, f"no game {ONE} of {PASS} in {export_key(run_of())}")
    await world.export(run_of("game-1", 30), 1)
    assert (await world.evidence(run_of("game-1", 30))).detail == ""


async def test_f09_an_earlier_runs_export_proves_nothing() -> None:
    """A later generation has documents of its own; a view that does not say what its games are of is none."""
    world = World()
    await world.export(run_of(), 1)
    again = StepState(status=StepStatus.DONE, generation=2, ended_at=NINE + timedelta(hours=1))
    later = run_of(generation=2, steps={"publish": again})
    assert (await world.evidence(later)).verified == 1, "the view is there, and of no game that is known to be its own"
    await world.archive.put(export_key(run_of()), b'{"run_id": "2024-03-04.same_day.2", "predictions": []}')
    assert (await world.evidence(later)).verified == 0


def test_what_was_published_is_of_the_generation_that_published() -> None:
    """Which a later one may have kept: the stamp stays, and so do the documents."""
    kept = run_of(generation=3)
    assert (publication(kept).run_id, publication(kept).at) == (SLATE, NINE)


async def test_a_document_says_what_it_is_of() -> None:
    """Its run, its pass and the reason."""
    world = World()
    await world.export(run_of("game-1", 30), 1)
    [key] = [key for key in world.archive.objects if key.startswith("documents/games")]
    found = unpacked(world.archive.objects[key])
    assert {name: found[name] for name in ("run_id", "part", "reason", "published_at", "game_id")} == {
        "run_id": PASS, "part": "game-1", "reason": "game-1", "published_at": "2024-03-04T14:30:00Z", "game_id": ONE,
    }  # fmt: skip
    assert keys.stamp_of(key) == NINE + timedelta(minutes=30)
