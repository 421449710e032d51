"""The coordinator's own steps on fakes: what each asks, publishes and reports."""

import json
from datetime import UTC, datetime

import pytest

from services.coordinator.runs.run import Batches, StepStatus
from services.coordinator.sql import sql
from shared.basketball.slate import Mode
from shared.contract import BatchRequested, StepReported, StepRequested, decode
from shared.errors import Skip
from shared.ports import Row
from shared.registries.features import FEATURES
from shared.runtime import metrics
from tests.unit.coordinator.handling import CUTOFF, DAY, KEY, NOON, RUN_ID, World, ask, run_of, working


@pytest.mark.parametrize(
    ("steps", "asked", "state"),
    [
        ({"publish": StepStatus.DONE}, 2, "publish is done, attempt 2"),
        ({"publish": StepStatus.RUNNING}, 1, "publish is running, attempt 2"),
        ({"publish": StepStatus.RUNNING}, 3, "publish is running, attempt 2"),
        ({"schedule": StepStatus.RUNNING}, 2, "publish is pending, attempt 0"),
    ],
)
async def test_a_task_that_the_run_is_past_is_skipped(steps: dict[str, StepStatus], asked: int, state: str) -> None:
    """Named by its key, with how the step stands; nothing is done."""
    world = World()
    world.put(run_of(steps, attempt=2))
    with pytest.raises(Skip) as skipped:
        await world.handlers.on_task(ask("publish", asked))
    assert str(skipped.value) == f"{RUN_ID}/publish/{asked}: the run is past it ({state})"
    assert (world.warehouse.asked, world.bus.published) == ([], [])


@pytest.mark.parametrize("run_id", [f"{KEY}.2", "2024-03-05.overnight.1"])
async def test_a_task_of_another_run_is_skipped(run_id: str) -> None:
    """Another generation, or no run at all."""
    world = World()
    world.put(working("publish"))
    with pytest.raises(Skip, match=f"^run {run_id} is not the current one of {run_id[:-2]}$"):
        await world.handlers.on_task(ask("publish", run_id=run_id))


def counted(mode: str) -> float:
    """Predictions published so far."""
    value = metrics.REGISTRY.get_sample_value("tipoff_predictions_total", {"mode": mode})
    return 0.0 if value is None else value


async def test_publishing_appends_once_and_reports_what_it_wrote() -> None:
    """Statement, scope and parameters exactly; the report says how long it took by the clock."""
    world = World(published=[{"published": 0}], unsealed=[])
    world.warehouse.written = 7
    world.put(working("publish", attempt=2))
    before = counted("overnight")
    await world.handlers.on_task(ask("publish", 2))
    params = {"game_date": DAY, "mode": "overnight", "run_id": RUN_ID, "not_tipped_after": NOON, "games": "", "why": ""}
    of_slate = {"game_date": DAY, "mode": "overnight"}
    assert world.warehouse.asked == [("published", params), ("unsealed", of_slate)]
    assert world.warehouse.transformed == [
        (
            "predictions.player_prop_predictions",
            sql("publish"),
            "game_date = @game_date AND run_id = @run_id",
            params,
        )
    ]
    assert counted("overnight") == before + 7
    [(topic, data, attributes)] = world.bus.published
    report = StepReported(
        run_id=RUN_ID, step="publish", attempt=2, outcome="done", reason="", seconds=1.5, counts={"rows": 7}
    )
    assert (topic, decode(data), attributes) == (
        "coordinator-events", report,
        {"kind": "step_reported", "version": "1", "key": f"{RUN_ID}/publish/2/reported"},
    )  # fmt: skip


async def test_what_is_published_already_is_only_counted() -> None:
    """A second delivery writes nothing, and reports as the first did."""
    world = World(published=[{"published": 9}], unsealed=[])
    world.put(working("publish"))
    before = counted("overnight")
    await world.handlers.on_task(ask("publish"))
    assert (world.warehouse.transformed, counted("overnight")) == ([], before)
    [(_, report)] = world.sent()
    assert isinstance(report, StepReported)
    assert report.counts == {"rows": 9}


async def test_the_export_is_one_document_of_the_current_predictions() -> None:
    """All markets; dates and instants as text; the report counts its rows."""
    rows: list[Row] = [
        {"game_id": "1", "player_id": 1, "game_date": DAY, "line": None},
        {"game_id": "1", "player_id": 2, "game_date": DAY, "line": 0.0},
    ]
    world = World(predictions=rows, documents__forecasts=[])
    world.put(working("export", mode=Mode.SAME_DAY))
    request = StepRequested(run_id="2024-03-04.same_day.1", game_date=DAY, mode=Mode.SAME_DAY, step="export", attempt=1)
    await world.handlers.on_task(request)
    slate = {"game_date": DAY, "mode": "same_day"}
    assert world.warehouse.asked == [
        ("documents__forecasts", {**slate, "run_id": "2024-03-04.same_day.1"}),
        ("predictions", {**slate, "market": "", "games": "", "system": "", "best_first": ""}),
    ]
    assert json.loads(world.archive.objects["exports/2024-03-04/same_day/predictions.json"]) == {
        "game_date": "2024-03-04", "mode": "same_day", "run_id": "2024-03-04.same_day.1",
        "part": "", "published_at": "2024-03-04T12:00:00Z",
        "games": {"1": "20240304T120000.000000Z.2024-03-04.same_day.1.json.gz"}, "record": None,
        "predictions": [
            {"game_id": "1", "player_id": 1, "game_date": "2024-03-04", "line": None},
            {"game_id": "1", "player_id": 2, "game_date": "2024-03-04", "line": 0.0},
        ],
    }  # fmt: skip
    [(topic, report)] = world.sent()
    assert isinstance(report, StepReported)
    assert (topic, report.step, report.counts, report.seconds) == ("coordinator-events", "export", {"rows": 2}, 1.5)


def served(game: str, player: int, **values: object) -> Row:
    """A row of `load_features`: features are their position."""
    features: Row = {name: float(number) for number, name in enumerate(FEATURES)}
    known = {"game_id": game, "player_id": player, "team_abbr": "BOS", "opponent_team_abbr": "GSW"}
    return {**features, **known, "cutoff_at": CUTOFF, **values}


QUOTE: Row = {"player_id": 10, "market": "points", "line": 20.5, "line_books": 2, "line_at": CUTOFF} | dict.fromkeys(
    ("book", "over_price", "under_price", "p_market")
)


@pytest.mark.parametrize(
    ("retrospective", "stamp", "not_tipped_after"),
    [
        (False, "2024-03-04T12:00:00+00:00", NOON),
        (True, "2024-03-04T11:30:00+00:00", datetime(1946, 1, 1, tzinfo=UTC)),
    ],
)
async def test_a_slate_is_dispatched_in_numbered_batches(
    stamp: str, not_tipped_after: datetime, *, retrospective: bool
) -> None:
    """Whole games in the rows' order, with systems, champions and the instant they count as made; then the plan."""
    world = World(
        load_features=[served("g1", 11), served("g1", 10), served("g1", 12), served("g2", 20), served("g3", 30)],
        load_quotes=[QUOTE],
        champions=[{"system": "boosted", "digest": "abc"}],
    )
    world.put(working("predict", attempt=3, retrospective=retrospective))
    await world.handlers.on_task(ask("predict", 3))
    slate = {"game_date": DAY, "mode": "overnight", "run_id": RUN_ID, "not_tipped_after": not_tipped_after, "games": ""}
    assert world.warehouse.asked == [
        *((name, slate) for name in ("load_features", "load_quotes")),
        ("champions", {"game_date": DAY, "mode": "overnight"}),
    ]
    sent = world.sent()
    assert {topic for topic, _ in sent} == {"worker-tasks"}
    batches = [message for _, message in sent if isinstance(message, BatchRequested)]
    assert len(batches) == len(sent) == 2
    assert [attributes["key"] for *_, attributes in world.bus.published] == [f"{RUN_ID}/batch/0", f"{RUN_ID}/batch/1"]
    assert [[task.player_id for task in batch.tasks] for batch in batches] == [[11, 10, 12], [20, 30]]
    assert [[list(task.lines) for task in batch.tasks] for batch in batches] == [[[], ["points"], []], [[], []]]
    systems = ("moving_average", "zone_matchup", "boosted")
    for number, batch in enumerate(batches):
        assert batch == BatchRequested(
            run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=3, batch=number, systems=systems,
            artifacts={"boosted": "abc"}, tasks=batch.tasks,
        )  # fmt: skip
        assert {task.predicted_at for task in batch.tasks} == {stamp}
    assert (await world.run()).batches == Batches(attempt=3, total=2, systems=systems)


async def test_a_slate_without_players_is_reported_at_once() -> None:
    """By the plan of no batches, with the seconds of none."""
    world = World(load_features=[], load_quotes=[], champions=[])
    world.put(working("predict"))
    await world.handlers.on_task(ask("predict"))
    report = StepReported(run_id=RUN_ID, step="predict", attempt=1, outcome="done", counts={"batches": 0})
    assert world.sent() == [("coordinator-events", report)]
