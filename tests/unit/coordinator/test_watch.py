"""Who is told what, and when: the run ledger, alerts at a run's end, the watch's round, feature health."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator import watch
from services.coordinator.domain.events import RunRequested, StepFailed
from services.coordinator.domain.run import Run, RunStatus, StepStatus
from services.coordinator.engine import Engine
from services.coordinator.handlers import Handlers
from services.coordinator.health import ENOUGH, Limit, check, findings, health_query, limits
from services.coordinator.ledger import enter, unentered
from services.coordinator.watch import announce
from shared.alerts import alerts
from shared.contract import RunEnded
from shared.embedded.bus import EmbeddedBus
from shared.leaks import LEAST_GRADES
from shared.ports import Delivery, Ports, Row
from shared.schedules import SCHEDULES
from shared.slate import Mode, eastern_instant
from shared.tables import TABLES
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load, prediction, row

RUN_ID = "2024-03-04.overnight.1"


async def open_alerts(ports: Ports) -> dict[str, str]:
    """Name -> detail of what is open."""
    return {alert["name"]: alert["detail"] for alert in await alerts(ports.state)}


async def failed(engine: Engine, ports: Ports, mode: Mode = Mode.OVERNIGHT, **fields: Any) -> Run:  # noqa: ANN401 - fields
    """A run of the slate whose schedule failed, after its deadline."""
    set_clock(ports, eastern_instant(SLATE) + timedelta(hours=20))
    run = await engine.apply(RunRequested(SLATE, mode, "test", **fields))
    return await engine.apply(StepFailed(run.run_id, "schedule", 1, "HTTP 503"))


def at(hour: float, *, days: int = 0) -> Any:  # noqa: ANN401 - an instant
    """An Eastern hour of the slate's date, or of one later."""
    return eastern_instant(SLATE + timedelta(days=days)) + timedelta(hours=hour)


async def test_f37_a_run_is_entered_once_however_often_it_is_told(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """One ledger, copied from the run when it has ended; telling twice changes nothing."""
    run = await failed(engine, ports)
    for _ in range(2):
        await handlers.on_event(RunEnded(run_id=run.run_id, attempts=1))
    rows = await ports.warehouse.query("SELECT * FROM ops.step_runs ORDER BY step")
    assert {row["step"]: row["status"] for row in rows} == {n: s.status.value for n, s in run.steps.items()}
    [decision] = await ports.warehouse.query("SELECT * FROM ops.decisions")
    assert (decision["decision"], decision["reason"], decision["completeness"]) == ("fail", "HTTP 503", 1.0)


async def test_f37_a_run_that_ends_again_adds_what_is_new(engine: Engine, ports: Ports) -> None:
    """The first end stays in the ledger as it was."""
    run = await failed(engine, ports)
    await enter(run, ports.warehouse)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    run = await engine.apply(StepFailed(run.run_id, "schedule", 2, "HTTP 500"))
    await enter(run, ports.warehouse)
    rows = await ports.warehouse.query("SELECT reason FROM ops.step_runs WHERE step = 'schedule' ORDER BY attempt")
    assert [row["reason"] for row in rows] == ["HTTP 503", "HTTP 500"]


async def test_a_run_that_failed_pages_until_it_is_well(engine: Engine, ports: Ports) -> None:
    """With the cause, not with what it blocks."""
    run = await failed(engine, ports)
    await announce(run, ports)
    assert await open_alerts(ports) == {"run_failed": "schedule: HTTP 503"}
    await announce(run.model_copy(update={"status": RunStatus.COMPLETE}), ports)
    assert await open_alerts(ports) == {}


@pytest.mark.parametrize(("mode", "retrospective"), [(Mode.BACKFILL, False), (Mode.OVERNIGHT, True)])
async def test_nobody_is_woken_for_the_past(engine: Engine, ports: Ports, mode: Mode, *, retrospective: bool) -> None:
    """A backfill and a replay tell no one."""
    await announce(await failed(engine, ports, mode, retrospective=retrospective), ports)
    assert await open_alerts(ports) == {}


async def test_missing_predictions_page_from_half_past_seven(ports: Ports) -> None:
    """Not before, and not once they are there; a date without games misses nothing."""
    await load(ports.warehouse, raw__games=[game("0022300900")])
    for hour, told in ((7.4, {}), (7.5, {"predictions_missing": "0 of 1 games of 2024-03-04 are predicted"})):
        set_clock(ports, at(hour))
        await watch.check(ports, Mode.OVERNIGHT)
        assert await open_alerts(ports) == told
    await load(ports.warehouse, predictions__player_prop_predictions=[prediction("0022300900", 1, SLATE)])
    await watch.check(ports, Mode.OVERNIGHT)
    assert await open_alerts(ports) == {}
    set_clock(ports, at(9, days=3))
    await watch.check(ports, Mode.OVERNIGHT)
    assert await open_alerts(ports) == {}


async def test_f05_a_source_without_an_answer_for_days_with_games_is_stale(ports: Ports) -> None:
    """Forty-one days went by unnoticed; now three do not. A refusal counts as no answer."""
    days = [SLATE + timedelta(days=n) for n in range(4)]
    fetches = [fetched("injuries", "injuries", "loaded", source="espn", fetched_at=at(5))]
    fetches += [
        fetched("injuries", "injuries", "failed", source="espn", reason="HTTP 403", game_date=day, fetched_at=at(5))
        for day in days[1:]
    ]
    await load(
        ports.warehouse,
        raw__games=[game(f"00223009{n:02d}", day) for n, day in enumerate(days)],
        raw__fetches=fetches,
    )
    set_clock(ports, at(6, days=2))
    await watch.check(ports, Mode.SAME_DAY)
    assert await open_alerts(ports) == {}
    set_clock(ports, at(6, days=3))
    await watch.check(ports, Mode.SAME_DAY)
    assert await open_alerts(ports) == {"source_stale": "nothing new since 2024-03-04, 3 slates went by: HTTP 403"}


async def test_f34_a_schedule_that_stops_asking_is_missed(ports: Ports) -> None:
    """A purge removed one and nobody noticed for weeks: now a day is enough."""
    set_clock(ports, at(5))
    for name in SCHEDULES:
        await watch.note(ports, f"schedule:{name}")
    await watch.check(ports, Mode.SAME_DAY)
    for hours in (29, 32):  # all but one ask again
        set_clock(ports, at(hours))
        for name in SCHEDULES:
            if name != "overnight":
                await watch.note(ports, f"schedule:{name}")
        await watch.check(ports, Mode.SAME_DAY)
    opened = await alerts(ports.state)
    assert [(alert["name"], alert["scope"]) for alert in opened] == [("schedule_missing", "overnight")]
    await watch.note(ports, "schedule:overnight")
    await watch.check(ports, Mode.SAME_DAY)
    assert await open_alerts(ports) == {}


async def test_without_any_schedule_none_is_missed(ports: Ports) -> None:
    """On one machine nobody schedules anything; an operator's request is no schedule's."""
    set_clock(ports, at(5))
    await watch.note(ports, "cli")
    set_clock(ports, at(5, days=9))
    await watch.check(ports, Mode.SAME_DAY)
    assert await open_alerts(ports) == {}


@pytest.mark.parametrize(("error", "told"), [(3.4, True), (4.9, False)])
async def test_f29_errors_far_below_the_markets_are_an_alarm(ports: Ports, error: float, *, told: bool) -> None:
    """An error of 3.40 where rate times minutes errs by 5 was a mirage; 4.9 is what can be reached."""
    kind: Row = {"mode": "overnight", "market": "points", "system": "moving_average", "game_date": YESTERDAY}
    regular: Row = {"games_before": 20, "minutes_before": 30.0, "actual": 20.0, "rate_minutes": 15.0, "line": None}
    grades = [
        row(
            "predictions.prediction_grades",
            game_id="0022300801",
            player_id=n,
            error=error,
            brier=None,
            **kind,
            **regular,
        )
        for n in range(LEAST_GRADES)
    ]
    await load(ports.warehouse, predictions__prediction_grades=grades)
    set_clock(ports, at(8))
    await watch.check(ports, Mode.OVERNIGHT)
    assert ("accuracy_too_good" in await open_alerts(ports)) == told


def figures(name: str, **changes: Any) -> Row:  # noqa: ANN401 - a figure
    """A healthy feature's figures, changed."""
    healthy = {"nulls": 0, "low": 1.0, "high": 30.0, "mean": 12.0, "spread": 4.0}
    return {f"{name}__{key}": value for key, value in (healthy | changes).items()}


LIMIT = Limit(nulls=0.1, low=0.0, high=40.0)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"nulls": 10}, None),
        ({"nulls": 11}, "null for 11% of players, allowed 10%"),
        ({"low": 0.0, "high": 0.0, "mean": 11.0}, "the same for all 100 players who have it: 0.0"),
        ({"low": -0.5}, "-0.5 is below 0"),
        ({"high": 41.0}, "41 is above 40"),
        ({"mean": 30.0}, "mean 30 is 4.5 standard deviations off the last weeks' 12"),
        ({"nulls": 100, "low": None, "high": None, "mean": None}, "null for 100% of players, allowed 10%"),
    ],
)
def test_f38_a_sick_feature_is_found(changes: dict[str, Any], problem: str | None) -> None:
    """Nulls, constants, range and drift, each in one line."""
    rows = [
        {"period": 1, "players": 100, **figures("x", **changes)},
        {"period": 0, "players": 900, **figures("x")},
    ]
    assert [finding.problem for finding in findings(rows, {"x": LIMIT})] == ([] if problem is None else [problem])


def test_f38_few_players_or_no_past_prove_nothing() -> None:
    """On a slate of two games a flag may well be the same for all; a season's first slate has nothing to drift from."""
    few = {"period": 1, "players": ENOUGH - 1, **figures("x", low=32.0, high=32.0, mean=32.0)}
    assert findings([few], {"x": LIMIT}) == []
    assert findings([], {"x": LIMIT}) == []


@pytest.mark.parametrize(("before", "broken"), [((0.0, 40.0), False), ((2.0, 2.0), True), ((1.0, 1.0), False)])
def test_f38_what_may_be_constant_by_chance_is_broken_after_weeks(before: tuple[float, float], *, broken: bool) -> None:
    """All teams of a slate may have played twice in four days; not on every slate of four weeks."""
    rows = [
        {"period": 1, "players": 100, **figures("x", low=2.0, high=2.0)},
        {"period": 0, "players": 900, **figures("x", low=before[0], high=before[1])},
    ]
    problems = [finding.problem for finding in findings(rows, {"x": replace(LIMIT, coarse=True)})]
    assert ("the same for all 100 players who have it: 2.0" in problems) == broken


async def test_f38_the_slate_as_served_is_checked(ports: Ports) -> None:
    """Half of the features were constants for months: here every one that is the same for all is named."""
    served = [
        row("features.ml_feature_store", mode="overnight", player_id=n, games_season=n % 7, minutes_ewma=20.0 + n % 9)
        for n in range(ENOUGH)
    ]
    await load(ports.warehouse, features__ml_feature_store=served)
    found = {finding.feature for finding in await check(ports.warehouse, SLATE, Mode.OVERNIGHT)}
    assert "games_season" not in found
    assert "games_total" in found
    assert await check(ports.warehouse, YESTERDAY, Mode.OVERNIGHT) == []


def test_f38_every_feature_is_looked_at() -> None:
    """None of the store's numbers is left out of the query."""
    store = TABLES["features.ml_feature_store"]
    keys = {*store.key, "game_id", "cutoff_at", "tip_utc"}
    numbers = {c.name for c in store.columns if c.type in ("INT64", "FLOAT64")} - keys
    assert limits().keys() == numbers
    assert all(f"{name}__nulls" in health_query(limits()) for name in numbers)


async def test_a_waiting_run_has_not_ended(handlers: Handlers, engine: Engine, ports: Ports) -> None:
    """Nothing is entered and nobody told while it may still go on."""
    set_clock(ports, at(5))
    run = await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    run = await engine.apply(StepFailed(run.run_id, "schedule", 1, "HTTP 503"))
    assert run.steps["schedule"].status is StepStatus.WAITING
    await handlers.on_event(RunEnded(run_id=run.run_id, attempts=1))
    assert await ports.warehouse.query("SELECT * FROM ops.step_runs") == []


async def test_a_dead_letter_is_told_of_until_its_run_completes(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """About the run it belonged to; a letter that nobody can read is told of by itself."""
    run = await failed(engine, ports)
    lost = RunEnded(run_id=run.run_id, attempts=1)
    await handlers.on_dead_letter(Delivery("1", lost.encode(), {"reason": "retries used up"}, 5))
    await handlers.on_dead_letter(Delivery("2", b"garbage", {"reason": "not a Tipoff message"}, 1))
    assert len(await alerts(ports.state)) == 2
    await announce(run.model_copy(update={"status": RunStatus.COMPLETE}), ports)
    assert await open_alerts(ports) == {"dead_letter": "not a Tipoff message"}


async def test_f37_an_end_that_nobody_heard_of_is_told_again_at_the_next_start(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """What the ledger lacks is told once more, what it has is not."""
    run = await failed(engine, ports)
    bus = EmbeddedBus(ports.clock)
    restarted = Handlers(engine, replace(ports, bus=bus), batch_size=60)
    await restarted.recover()
    assert bus.depth("coordinator-events") == 1
    await handlers.on_event(RunEnded(run_id=run.run_id, attempts=1))
    await restarted.recover()
    assert bus.depth("coordinator-events") == 1


async def test_f37_only_recent_ends_are_looked_for(engine: Engine, ports: Ports) -> None:
    """The ledger of years is not read at each start; a run that goes on has no end to be told."""
    run = await failed(engine, ports)
    assert await unentered([run], ports.warehouse, at(20, days=2)) == [run]
    assert await unentered([run], ports.warehouse, at(21, days=2)) == []
    assert await unentered([run.model_copy(update={"finished_at": None})], ports.warehouse, at(20)) == []
