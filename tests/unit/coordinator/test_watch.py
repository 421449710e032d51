"""Who is told what, and when: the run ledger, alerts at a run's end, the watch's round, feature health."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator import watch
from services.coordinator.domain.events import RunRequested, StepFailed
from services.coordinator.domain.run import Run
from services.coordinator.engine import Engine
from services.coordinator.handlers import Handlers
from services.coordinator.health import ENOUGH, check, health_query, limits
from services.coordinator.ledger import enter
from shared.alerts import alerts
from shared.contract import RunEnded
from shared.embedded.bus import EmbeddedBus
from shared.leaks import LEAST_GRADES
from shared.ports import Ports, Row
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
