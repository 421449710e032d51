"""The handlers on embedded ports: a run's steps, reports and dead letters through real tables."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.coordinator.handlers import DEAD_LETTERS, Handlers
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested, StepVerified
from services.coordinator.runs.run import Evidence, Run, RunStatus, StepStatus
from services.coordinator.steps.export import export_key
from shared.basketball.slate import Mode
from shared.contract import BatchReported, BatchRequested, StepReported, StepRequested
from shared.ports import Delivery, Ports, Row
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS
from shared.registries.pipeline import plan
from shared.registries.systems import HAND_MADE, expected
from shared.tables import TABLES
from tests.unit.shared.places import MORNING, drain, embedded_ports, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, roster, row, tip

GAME, LATE = "0022300900", "0022300901"
RUN_ID = "2024-03-04.overnight.1"


async def at_step(engine: Engine, ports: Ports, last: str, **fields: Any) -> Run:  # noqa: ANN401 - any field of the request
    """A run in which everything that `last` stands on is done, and `last` at work."""
    run = await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test", **fields))
    for step in plan([last]):
        if step.name != last:
            evidence = Evidence(expected=1, verified=1)
            run = await engine.apply(StepVerified(run.run_id, step.name, run.steps[step.name].attempt, evidence))
    for service in ("scraper", "analytics", "worker", "coordinator"):
        await drain(ports, f"{service}-tasks")
    assert run.steps[last].status is StepStatus.RUNNING
    return run


def ask(run: Run, step: str, attempt: int = 1) -> StepRequested:
    """The request of a step."""
    return StepRequested(run_id=run.run_id, game_date=SLATE, mode=Mode.OVERNIGHT, step=step, attempt=attempt)


def done(step: str, attempt: int = 1, **values: Any) -> StepReported:  # noqa: ANN401 - any field of the message
    """A report of success."""
    return StepReported.model_validate(
        {"run_id": RUN_ID, "step": step, "attempt": attempt, "outcome": "done", **values}
    )


def served(player: int, game_id: str = GAME, hour: int = 19) -> Row:
    """Features of a player; the cutoff is the overnight one."""
    known = {"game_id": game_id, "player_id": player, "tip_utc": tip(SLATE, hour), "cutoff_at": MORNING}
    return row("features.ml_feature_store", mode="overnight", points_line=0.0, **known)


def staged(run: Run, player: int, market: str = "points", **values: object) -> Row:
    """A staged prediction."""
    known = {"game_id": GAME, "player_id": player, "market": market, "system": "moving_average", "mode": "overnight"}
    return row("predictions.staging", run_id=run.run_id, generation=run.generation, **known) | values


async def serve(ports: Ports, *rows: Row) -> None:
    """Put features into the store, and what they were made from beside them."""
    contexts = [
        row("analytics.upcoming_player_game_context", mode="overnight", team_abbr="BOS", opponent_team_abbr="GSW")
        | {name: each[name] for name in ("game_id", "player_id")}
        for each in rows
    ]
    await load(ports.warehouse, features__ml_feature_store=list(rows), analytics__upcoming_player_game_context=contexts)


async def published(ports: Ports) -> list[Row]:
    """Everything that is published."""
    return await ports.warehouse.query(
        "SELECT * FROM predictions.player_prop_predictions ORDER BY generation, player_id, market"
    )


async def test_f09_a_reports_word_is_checked_in_the_warehouse(handlers: Handlers, engine: Engine, ports: Ports) -> None:
    """A step reported done whose rows are not there is asked for again."""
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    await drain(ports, "scraper-tasks")
    await handlers.on_event(done("schedule", counts={"rows": 9}))
    [again] = await drain(ports, "scraper-tasks")
    assert isinstance(again, StepRequested)
    assert (again.step, again.attempt) == ("schedule", 2)
    await load(ports.warehouse, raw__games=[game(GAME)])
    await handlers.on_event(done("schedule", 2, seconds=1.5))
    run = await engine.run("2024-03-04.overnight")
    assert run is not None
    assert (run.steps["schedule"].status, run.steps["schedule"].seconds) == (StepStatus.DONE, 1.5)


async def test_f24_a_slate_is_cut_into_batches_that_hold_everybody_once(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """Every served player is in one batch, with all his features, null and zero kept apart."""
    run = await at_step(engine, ports, "predict")
    await serve(ports, *(served(n, GAME if n % 2 else LATE) for n in range(1, 6)))
    await handlers.on_task(ask(run, "predict"))
    batches = [batch for batch in await drain(ports, "worker-tasks") if isinstance(batch, BatchRequested)]
    assert [[task.player_id for task in batch.tasks] for batch in batches] == [[1, 3, 5], [2, 4]]
    task = batches[0].tasks[0]
    assert (task.features["points_line"], task.features["rebounds_line"]) == (0.0, None)
    assert (task.team, task.opponent) == ("BOS", "GSW")
    assert {batch.systems for batch in batches} == {HAND_MADE}
    stored = await engine.run(run.key)
    assert stored is not None
    assert (stored.batches.total, stored.batches.systems) == (2, HAND_MADE)


def model(system: str, digest: str, as_of: date = YESTERDAY, **values: object) -> Row:
    """A champion of the overnight mode."""
    known = {"system": system, "digest": digest, "game_date": as_of, "mode": "overnight", "status": "champion"}
    return row("predictions.models", **known) | values


async def test_batches_name_the_newest_champions_of_the_slate(handlers: Handlers, engine: Engine, ports: Ports) -> None:
    """Not a challenger, not one of another mode, and none that was trained after the slate."""
    later = SLATE + timedelta(days=1)
    await load(
        ports.warehouse,
        predictions__models=[
            model("boosted", "old", YESTERDAY - timedelta(days=30)), model("boosted", "new", SLATE),
            model("boosted", "worse", SLATE, status="challenger"), model("boosted", "future", later),
            model("similarity", "other", mode="same_day"), model("market_residual", "leaky", status="refused"),
        ],
    )  # fmt: skip
    run = await at_step(engine, ports, "predict")
    await serve(ports, served(1))
    await handlers.on_task(ask(run, "predict"))
    [batch] = await drain(ports, "worker-tasks")
    assert isinstance(batch, BatchRequested)
    assert batch.artifacts == {"boosted": "new"}
    assert batch.systems == expected({"boosted"})


async def test_f15_a_system_that_cannot_load_degrades_the_run_by_name(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """The others' predictions are published, and the run says who is missing and why."""
    await load(ports.warehouse, predictions__models=[model("boosted", "d1")])
    run = await at_step(engine, ports, "predict")
    await serve(ports, served(1))
    await handlers.on_task(ask(run, "predict"))
    rows = [staged(run, 1, market, system=system) for market in MARKETS for system in HAND_MADE]
    await load(ports.warehouse, predictions__staging=rows)
    absent = {"boosted": "its bytes were changed"}
    await handlers.on_event(BatchReported(run_id=run.run_id, attempt=1, batch=0, rows=len(rows), absent=absent))
    await handlers.on_event(done("predict"))
    stored = await engine.run(run.key)
    assert stored is not None
    step = stored.steps["predict"]
    assert (step.status, step.reason) == (StepStatus.DEGRADED, "boosted is absent (its bytes were changed)")
    assert stored.steps["publish"].status is StepStatus.RUNNING


async def test_predictions_count_as_made_now_or_at_the_cutoff(handlers: Handlers, engine: Engine, ports: Ports) -> None:
    """A live run stamps now and leaves out games that have tipped off; a retrospective one, each game's cutoff."""
    await serve(ports, served(1, hour=13), served(2, LATE, 22))
    now = tip(SLATE, 13)
    set_clock(ports, now)
    stamps = {}
    for retrospective in (False, True):
        run = await at_step(engine, ports, "predict", retrospective=retrospective, force=True)
        await handlers.on_task(ask(run, "predict"))
        stamps[retrospective] = {
            task.player_id: datetime.fromisoformat(task.predicted_at)
            for batch in await drain(ports, "worker-tasks")
            if isinstance(batch, BatchRequested)
            for task in batch.tasks
        }
    assert stamps == {False: {2: now}, True: {1: MORNING, 2: MORNING}}


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    players=st.sets(st.integers(1, 30), max_size=12),
    markets=st.sets(st.sampled_from(list(MARKETS)), min_size=1),
    lines=st.lists(st.one_of(st.none(), st.integers(0, 40).map(lambda n: n / 2)), min_size=12, max_size=12),
)
async def test_f24_publishing_keeps_every_player_market_and_line(
    tmp_path_factory: pytest.TempPathFactory, players: set[int], markets: set[str], lines: list[float | None]
) -> None:
    """Whatever was staged is published, value for value, with the roster's name to look it up by."""
    async with embedded_ports(tmp_path_factory.mktemp("publish")) as ports:
        engine = Engine(ports)
        handlers = Handlers(engine, ports, batch_size=2)
        run = await at_step(engine, ports, "publish")
        rows = [
            staged(run, player, market, line=line)
            for player, line in zip(sorted(players), lines, strict=False)
            for market in sorted(markets)
        ]
        await load(ports.warehouse, predictions__staging=rows, raw__rosters=[roster(1, player_lookup="one")])
        await handlers.on_task(ask(run, "publish"))
        known = {1: "one"}
        named = [row | {"player_lookup": known.get(row["player_id"]), "reason": None} for row in rows]
        for each in named:
            del each["attempt"]  # the one thing that is of the staging only
        assert await published(ports) == sorted(named, key=lambda row: (row["player_id"], row["market"]))
        [report] = await drain(ports, "coordinator-events")
        assert isinstance(report, StepReported)
        assert (report.step, report.outcome, report.counts) == ("publish", "done", {"rows": len(rows)})


async def test_f33_what_is_published_is_never_changed_or_deleted(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """Staging changed after publication (a late second dispatch, games tipped off): what was published stands."""
    run = await at_step(engine, ports, "publish")
    await load(ports.warehouse, predictions__staging=[staged(run, 1, mean=20.0), staged(run, 2, mean=10.0)])
    await handlers.on_task(ask(run, "publish"))
    before = await published(ports)
    await ports.warehouse.replace("predictions.staging", [staged(run, 1, mean=99.0)], scope="batch = 0")
    await handlers.on_task(ask(run, "publish"))
    assert await published(ports) == before


async def test_a_player_left_over_from_a_larger_dispatch_does_not_stop_publication(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """A second dispatch cuts other batches; who is left in one of the first is published once, as predicted last."""
    run = await at_step(engine, ports, "publish")
    first = [staged(run, player, batch=player // 2, mean=1.0) for player in range(4)]
    again = [staged(run, player, batch=0, mean=2.0, predicted_at=tip(SLATE)) for player in (2, 3)]
    await load(ports.warehouse, predictions__staging=[*first[2:], *again])
    await handlers.on_task(ask(run, "publish"))
    assert [(found["player_id"], found["mean"]) for found in await published(ports)] == [(2, 2.0), (3, 2.0)]


async def export(handlers: Handlers, engine: Engine, ports: Ports, run: Run) -> list[Row]:
    """The exported predictions of a run that has just published."""
    for step in (
        "publish",
        "injuries",
        "lines",
        "grade",
        "grade_history",
        "system_daily_performance",
        "team_daily_record",
    ):
        await engine.apply(StepVerified(run.run_id, step, 1, Evidence(expected=1, verified=1)))
    await handlers.on_task(ask(run, "export"))
    found: dict[str, Any] = json.loads(await ports.archive.get(export_key(run)))
    assert (found["run_id"], found["mode"], found["game_date"]) == (run.run_id, "overnight", "2024-03-04")
    predictions: list[Row] = found["predictions"]
    return predictions


def context(player: int, game_id: str = GAME) -> Row:
    """A player's context."""
    known = {"game_id": game_id, "player_id": player, "player_name": f"P{player}", "tip_utc": tip(SLATE)}
    return row("analytics.upcoming_player_game_context", mode="overnight", **known)


async def test_f33_a_second_generation_supersedes_game_by_game(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """The export shows the latest word on each game; the word before stays, and games not redone keep theirs."""
    contexts = [context(1), context(2), context(3, LATE)]
    games = [game(GAME), game(LATE, home="LAL", away="UTA")]
    await load(ports.warehouse, raw__games=games, analytics__upcoming_player_game_context=contexts)
    first = await at_step(engine, ports, "publish")
    rows = [staged(first, 1, mean=1.0), staged(first, 2, mean=2.0), staged(first, 3, mean=3.0, game_id=LATE)]
    await load(ports.warehouse, predictions__staging=rows)
    await handlers.on_task(ask(first, "publish"))
    second = await at_step(engine, ports, "publish", force=True)
    await load(ports.warehouse, predictions__staging=[staged(second, 1, mean=9.0)])
    await handlers.on_task(ask(second, "publish"))
    shown = await export(handlers, engine, ports, second)
    assert [(found["player_id"], found["mean"]) for found in shown] == [(1, 9.0), (3, 3.0)]
    assert [found["mean"] for found in await published(ports)] == [1.0, 2.0, 3.0, 9.0]


async def test_f33_a_published_player_stays_in_view_when_he_leaves_the_roster(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """A new context without him does not hide what was published about him."""
    run = await at_step(engine, ports, "publish")
    await load(ports.warehouse, predictions__staging=[staged(run, 1), staged(run, 2)])
    await load(ports.warehouse, raw__games=[game(GAME)], analytics__upcoming_player_game_context=[context(1)])
    await handlers.on_task(ask(run, "publish"))
    assert {found["player_id"] for found in await export(handlers, engine, ports, run)} == {1, 2}


def delivery(data: bytes, message_id: str = "17", reason: str | None = "poison") -> Delivery:
    """A dead letter."""
    return Delivery(message_id, data, {"key": "k"} | ({} if reason is None else {"reason": reason}), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x00 no text",
        b"{}",
        b"null",
        b'{"kind": [], "version": 1, "body": {}}',
        b'{"kind": {}, "version": 1, "body": {}}',
        b"[" * 100_000,
        done("schedule").encode(),
    ],
)
async def test_f26_a_dead_letter_that_nobody_can_use_is_kept_all_the_same(
    handlers: Handlers, ports: Ports, data: bytes
) -> None:
    """Unreadable, or about no run: it is shown, and it stops nothing."""
    await handlers.on_dead_letter(delivery(data))
    assert len(await ports.state.list(DEAD_LETTERS)) == 1


def test_workers_get_every_feature_of_the_store() -> None:
    """All numeric columns of the feature store travel with the batch."""
    numeric = {c.name for c in TABLES["features.ml_feature_store"].columns if c.type in ("INT64", "FLOAT64")}
    assert set(FEATURES) == numeric - {"player_id"}


async def test_a_night_of_evidence_completes_a_run(handlers: Handlers, engine: Engine, ports: Ports) -> None:
    """Reports in the order of the cascade, each verified against real tables, end in a complete run."""
    last = {"game_id": "0022300800", "game_date": YESTERDAY}
    await load(
        ports.warehouse,
        raw__games=[game(GAME), game("0022300800", YESTERDAY)],
        raw__player_box_scores=[
            box("0022300800", 1, YESTERDAY, opponent="GSW"),
            box("0022300800", 9, YESTERDAY, "GSW", opponent="BOS"),
        ],
        raw__rosters=[roster(n, team) for n, team in enumerate(["BOS"] * 5 + ["GSW"] * 5)],
        raw__fetches=[
            row("raw.fetches", mode="overnight", step=step, unit=unit, outcome="empty")
            for step, unit in (("injuries", "feed"), ("lines", GAME))
        ],
        analytics__player_game_summary=[row("analytics.player_game_summary", player_id=n, **last) for n in (1, 9)],
        analytics__upcoming_player_game_context=[context(n) | {"cutoff_at": MORNING} for n in range(10)],
        **{
            f"analytics__team_{side}_game_summary": [
                row(f"analytics.team_{side}_game_summary", team_abbr=team, **last) for team in ("BOS", "GSW")
            ]
            for side in ("offense", "defense")
        },
        analytics__upcoming_team_game_context=[
            row("analytics.upcoming_team_game_context", mode="overnight", team_abbr=team) for team in ("BOS", "GSW")
        ],
        analytics__team_daily_record=[
            row("analytics.team_daily_record", mode="overnight", team_abbr=team) for team in ("BOS", "GSW")
        ],
        **{
            f"features__{name}": [row(f"features.{name}", mode="overnight", player_id=n) for n in (1, 9)]
            for name in ("player_daily_cache", "player_shot_zone_analysis", "player_composite_factors")
        },
        features__ml_feature_store=[served(1), served(9)],
    )
    run = await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    for step in plan(["export"]):
        if step.name == "predict":
            await handlers.on_task(ask(run, "predict"))
            await drain(ports, "worker-tasks")
            rows = [
                staged(run, player, market, system=system)
                for player in (1, 9)
                for market in MARKETS
                for system in HAND_MADE
            ]
            await load(ports.warehouse, predictions__staging=rows)
        elif step.service == "coordinator":
            await handlers.on_task(ask(run, step.name))
        await handlers.on_event(done(step.name))
    stored = await engine.run(run.key)
    assert stored is not None
    assert {name: (state.status, state.reason) for name, state in stored.steps.items() if state.reason} == {}
    assert stored.status is RunStatus.COMPLETE
