"""The watch by hand: every alert at both sides of its bound, raised, not raised and cleared."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator import health, ledger, watch
from services.coordinator.domain.run import Decision, Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.health import Finding, Limit, findings, health_query, limits
from shared.alerts import alerts, raise_alert
from shared.embedded.clock import VirtualClock
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import AlreadyExists, Conflict
from shared.ports import Row
from shared.slate import Mode
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import AnsweringWarehouse, failing, memory_ports
from tests.unit.shared.rows import load, row

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
HALF_PAST_SEVEN = datetime(2024, 3, 4, 12, 30, tzinfo=UTC)
LATE = datetime(2024, 3, 5, 4, 59, tzinfo=UTC)
"""23:59 Eastern of the same day."""
DONE, FAILED, BLOCKED = StepStatus.DONE, StepStatus.FAILED, StepStatus.BLOCKED
Opened = dict[str, str]


class World:
    """Ports on fakes, at an instant."""

    def __init__(self, now: datetime = LATE, **answers: list[Row]) -> None:
        self.clock, self.state, self.warehouse = VirtualClock(now), MemoryState(), AnsweringWarehouse(**answers)
        self.ports = memory_ports(clock=self.clock, state=self.state, warehouse=self.warehouse)

    async def opened(self) -> Opened:
        """`name scope` -> detail of what is open."""
        return {f"{alert['name']} {alert['scope']}": alert["detail"] for alert in await alerts(self.state)}

    async def raised(self, name: str, scope: str) -> None:
        """An alert is open."""
        await raise_alert(self.state, self.clock, name, scope, "before")


def run_of(status: RunStatus, steps: dict[str, StepState] | None = None, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run that has ended."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "created_at": HALF_PAST_SEVEN, "finished_at": LATE, "status": status,
        "steps": steps if steps is not None else {"schedule": StepState(status=DONE)},
    }  # fmt: skip
    return Run.model_validate(known | fields)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (RunStatus.FAILED, {f"run_failed {KEY}": "failed", f"dead_letter {KEY}": "before"}),
        (RunStatus.DEGRADED, {f"run_degraded {KEY}": "degraded", f"dead_letter {KEY}": "before"}),
        (RunStatus.COMPLETE, {}),
    ],
)
async def test_a_runs_end_tells_its_status_and_takes_back_the_others(status: RunStatus, told: Opened) -> None:
    """Whatever was told of it before; its dead letters are over when it is complete."""
    world = World()
    for name in ("run_failed", "run_degraded", "dead_letter"):
        await world.raised(name, KEY)
    await world.raised("run_failed", "2024-03-03.overnight")
    await watch.announce(run_of(status), world.ports)
    assert await world.opened() == told | {"run_failed 2024-03-03.overnight": "before"}


@pytest.mark.parametrize("fields", [{"retrospective": True}, {"mode": Mode.BACKFILL}])
async def test_a_replay_or_a_backfill_tells_nobody(fields: dict[str, Any]) -> None:
    """It neither raises nor clears."""
    world = World()
    await world.raised("run_degraded", KEY)
    await watch.announce(run_of(RunStatus.FAILED, **fields), world.ports)
    assert await world.opened() == {f"run_degraded {KEY}": "before"}


def test_what_is_wrong_with_a_run_is_its_causes() -> None:
    """Steps with a reason, in order, but not what they block; its status where nothing has a reason."""
    steps = {
        "schedule": StepState(status=DONE, reason="one postponed"), "rosters": StepState(status=FAILED, reason="403"),
        "lines": StepState(status=BLOCKED, reason="needs rosters"), "box_scores": StepState(status=DONE),
    }  # fmt: skip
    assert watch.why(run_of(RunStatus.FAILED, steps)) == "schedule: one postponed; rosters: 403"
    assert watch.why(run_of(RunStatus.DEGRADED)) == "degraded"


@pytest.mark.parametrize(("sick", "more"), [(1, ""), (5, ""), (6, "; and 1 more"), (8, "; and 3 more")])
async def test_a_runs_end_tells_of_its_features(sick: int, more: str) -> None:
    """Five at most by name, the rest by number; none is told of when all are well, or none were made."""
    names = list(limits())[:sick]
    healthy: Row = {f"{name}__{key}": None for name in limits() for key in ("low", "high", "mean", "spread")}
    healthy |= {f"{name}__nulls": 0 for name in limits()}
    broken = {f"{name}__high": 1e9 for name in names}
    world = World()
    world.warehouse.answers[health_query(limits())] = ("health", [{"period": 1, "players": 3, **healthy, **broken}])
    steps = {"ml_feature_store": StepState(status=DONE)}
    await watch.announce(run_of(RunStatus.COMPLETE, steps), world.ports)
    ceilings = [limits()[name].high for name in names]
    told = "; ".join(f"{name}: 1e+09 is above {high:g}" for name, high in zip(names[:5], ceilings, strict=False))
    assert await world.opened() == {f"feature_health {KEY}": told + more}
    assert world.warehouse.asked == [("health", {"game_date": DAY, "mode": "overnight"})]
    await watch.announce(run_of(RunStatus.COMPLETE), world.ports)
    assert len(await world.opened()) == 1
    world.warehouse.answers[health_query(limits())] = ("health", [{"period": 1, "players": 3, **healthy}])
    await watch.announce(run_of(RunStatus.COMPLETE, steps), world.ports)
    assert await world.opened() == {}


@pytest.mark.parametrize(
    ("source", "noted"),
    [
        ("schedule:overnight", ["overnight"]),
        ("schedule:nobody", []),
        ("schedule:", []),
        ("cli", []),
        ("overnight", []),
        ("cli:overnight", []),
    ],
)
async def test_only_a_schedule_of_the_registry_is_noted(source: str, noted: list[str]) -> None:
    """With the instant."""
    world = World()
    await watch.note(world.ports, source)
    documents = await world.state.list("schedule_fires")
    assert [document.id for document in documents] == noted
    assert all(document.data == {"at": "2024-03-05T04:59:00+00:00"} for document in documents)


async def test_a_schedules_newest_request_counts() -> None:
    """The document moves on."""
    world = World(HALF_PAST_SEVEN)
    for now in (HALF_PAST_SEVEN, LATE):
        world.clock.set(now)
        await watch.note(world.ports, "schedule:same-day")
    assert world.state.documents["schedule_fires", "same-day"].data == {"at": "2024-03-05T04:59:00+00:00"}


async def test_a_schedules_second_delivery_may_come_first() -> None:
    """It had the same to say."""
    world = World()
    world.state.before = failing(AlreadyExists("there"), "create")
    await watch.note(world.ports, "schedule:overnight")
    world.state.before = failing(Conflict("moved"), "compare_and_set")
    for _ in range(2):
        await watch.note(world.ports, "schedule:overnight")
    assert len(await world.state.list("schedule_fires")) == 1


def present(**changes: object) -> Row:
    """A row of `predictions_present`."""
    return {"present": False, "predicted_games": 3, "games": 5, **changes}


async def test_missing_predictions_are_told_of_from_half_past_seven() -> None:
    """Exactly from then; of today's overnight slate; until they are there."""
    world = World(HALF_PAST_SEVEN - timedelta(microseconds=1), monitor__predictions_present=[present()])
    await watch._predictions(world.ports, Mode.OVERNIGHT)
    assert (await world.opened(), world.warehouse.asked) == ({}, [])
    world.clock.set(HALF_PAST_SEVEN)
    await watch._predictions(world.ports, Mode.SAME_DAY)
    assert (await world.opened(), world.warehouse.asked) == ({}, [])
    await watch._predictions(world.ports, Mode.OVERNIGHT)
    assert await world.opened() == {f"predictions_missing {KEY}": "3 of 5 games of 2024-03-04 are predicted"}
    asked = {"first": DAY, "last": DAY, "mode": "overnight"}
    assert world.warehouse.asked == [("monitor__predictions_present", asked)]
    for rows in ([present(present=True)], []):
        other = World(LATE, monitor__predictions_present=rows)
        await other.raised("predictions_missing", KEY)
        await watch._predictions(other.ports, Mode.OVERNIGHT)
        assert await other.opened() == {}


def fresh(source: str, fresh_for: date | None, slates: int = 2, reason: str | None = "HTTP 403") -> Row:
    """A row of `freshness`."""
    return {"source": source, "fresh_for": fresh_for, "slates": slates, "reason": reason}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (fresh("espn", date(2024, 3, 2)), None),
        (fresh("espn", date(2024, 3, 1)), "nothing new since 2024-03-01, 2 slates went by: HTTP 403"),
        (fresh("espn", date(2024, 3, 1), slates=0), None),
        (fresh("espn", date(2024, 3, 1), slates=1), "nothing new since 2024-03-01, 1 slates went by: HTTP 403"),
        (fresh("espn", None), "no answer in the last weeks, 2 slates went by: HTTP 403"),
        (fresh("espn", None, slates=0), None),
        (fresh("balldontlie", None), None),
        (fresh("a source of the past", None), None),
    ],
)
async def test_a_source_is_stale_after_more_than_two_days_with_slates(found: Row, told: str | None) -> None:
    """On 4 March an answer for the 2nd is two days old. A fallback, or what is no source any more, is not told of."""
    world = World(monitor__freshness=[found])
    if told is None:
        await world.raised("source_stale", "espn")
    await watch._sources(world.ports)
    unknown = found["source"] != "espn"
    assert await world.opened() == (
        {"source_stale espn": "before"} if unknown else {} if told is None else {"source_stale espn": told}
    )
    window = {"first": date(2024, 1, 4), "last": DAY}  # 60 days before: 29 of February, 31 of January
    assert world.warehouse.asked == [("monitor__freshness", window)]


async def test_every_source_is_looked_at() -> None:
    """A fallback before it does not end the round."""
    rows = [fresh("balldontlie", None), fresh("espn", None), fresh("x", None), fresh("odds_api", None)]
    world = World(monitor__freshness=rows)
    await watch._sources(world.ports)
    assert set(await world.opened()) == {"source_stale espn", "source_stale odds_api"}


NAMES = {
    "overnight", "features-fallback", "predictions-fallback", "reconcile", "tomorrow", "same-day", "same-day-fallback"
}  # fmt: skip


async def test_f34_a_schedule_is_missing_after_more_than_26_hours() -> None:
    """Since it last asked; one that never did, since the watch began; asking again clears it."""
    world = World(HALF_PAST_SEVEN)
    await watch._schedules(world.ports)
    assert (await world.opened(), "watch" in {collection for collection, _ in world.state.documents}) == ({}, False)
    await watch.note(world.ports, "schedule:overnight")
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=1))
    await watch._schedules(world.ports)
    assert world.state.documents["watch", "first"].data == {"at": "2024-03-04T13:30:00+00:00"}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=26))
    await watch._schedules(world.ports)
    assert await world.opened() == {}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=26, seconds=1))
    await watch._schedules(world.ports)
    assert await world.opened() == {"schedule_missing overnight": "has not fired since 2024-03-04 12:30 UTC"}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=27))
    await watch._schedules(world.ports)
    assert len(await world.opened()) == 1
    await watch.note(world.ports, "schedule:overnight")
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=27, seconds=1))
    await watch._schedules(world.ports)
    since = "has not fired since 2024-03-04 13:30 UTC"
    assert await world.opened() == {f"schedule_missing {name}": since for name in NAMES - {"overnight"}}
    assert world.state.documents["watch", "first"].data == {"at": "2024-03-04T13:30:00+00:00"}


async def test_two_who_begin_to_watch_at_once_watch_from_now() -> None:
    """The other's instant is the same."""
    world = World()
    await watch.note(world.ports, "schedule:overnight")
    world.state.before = failing(AlreadyExists("there"), "create", lambda call: call == 1)
    await watch._schedules(world.ports)
    assert await world.opened() == {}


def leak(system: str, gap: float | None) -> Row:
    """A row of `accuracy_leaks`: regulars' error minus that of rate times minutes."""
    return {
        "mode": "overnight", "system": system, "regular_n": 2000, "regular_minus_rate": gap, "lined_n": 0,
        "lined_minus_line": None, "brier_n": 0, "brier": None,
    }  # fmt: skip


async def test_f29_a_system_too_good_to_be_true_is_told_of_until_it_is_not() -> None:
    """By system and mode, over the last 60 days up to today."""
    world = World(accuracy_leaks=[leak("boosted", -0.3), leak("ensemble", -0.1)])
    await world.raised("accuracy_too_good", "ensemble.overnight")
    await watch._accuracy(world.ports, Mode.OVERNIGHT)
    [(scope, detail)] = (await world.opened()).items()
    assert scope == "accuracy_too_good boosted.overnight"
    assert detail.startswith("MAE of regulars minus that of rate times minutes -0.3 < -0.23 (N = 2000)")
    window = {"first": date(2024, 1, 4), "last": DAY, "mode": "overnight", "system": ""}
    assert world.warehouse.asked == [("accuracy_leaks", window)]


async def test_a_round_looks_at_everything() -> None:
    """Outputs, sources, schedules and accuracy, each told of by itself."""
    world = World(
        monitor__predictions_present=[present()],
        monitor__freshness=[fresh("espn", None)],
        accuracy_leaks=[leak("boosted", -0.3)],
    )
    world.clock.set(LATE - timedelta(days=2), force=True)
    await watch.note(world.ports, "schedule:overnight")
    world.clock.set(LATE)
    await watch.check(world.ports, Mode.OVERNIGHT)
    assert {name.partition(" ")[0] for name in await world.opened()} == {
        "predictions_missing", "source_stale", "schedule_missing", "accuracy_too_good"
    }  # fmt: skip


LIMIT = Limit(nulls=0.1, low=0.0, high=40.0)


def slate(players: int = 100, period: int = 1, **changes: Any) -> Row:  # noqa: ANN401 - a figure
    """A healthy feature's figures, changed."""
    healthy = {"nulls": 0, "low": 1.0, "high": 30.0, "mean": 12.0, "spread": 4.0} | changes
    return {"period": period, "players": players} | {f"x__{name}": value for name, value in healthy.items()}


def problems(rows: list[Row], limit: Limit = LIMIT) -> list[str]:
    """What is found of feature `x`."""
    return [finding.problem for finding in findings(rows, {"x": limit})]


@pytest.mark.parametrize(
    ("now", "limit", "found"),
    [
        ({"nulls": 10}, LIMIT, []),
        ({"nulls": 11}, LIMIT, ["null for 11% of players, allowed 10%"]),
        ({"low": 0.0, "high": 40.0}, LIMIT, []),
        ({"low": -0.5}, LIMIT, ["-0.5 is below 0"]),
        ({"high": 40.5}, LIMIT, ["40.5 is above 40"]),
        ({"low": -1.0, "high": 50.0}, LIMIT, ["-1 is below 0"]),
        ({"low": -1.0, "high": 50.0}, Limit(nulls=0.1), []),
        ({"low": -1.0, "high": 50.0}, Limit(nulls=0.1, high=40.0), ["50 is above 40"]),
        ({"nulls": 100, "low": None, "high": None, "mean": None}, Limit(nulls=1.0, low=0.0, high=40.0), []),
        ({"low": 30.0}, LIMIT, ["the same for all 100 players who have it: 30.0"]),
        ({"mean": 28.0}, LIMIT, []),  # (28 - 12) / 4 = 4 standard deviations, which is allowed
        ({"mean": 28.1}, LIMIT, ["mean 28.1 is 4.0 standard deviations off the last weeks' 12"]),
        ({"mean": -4.0}, LIMIT, []),
        ({"mean": -6.0}, LIMIT, ["mean -6 is 4.5 standard deviations off the last weeks' 12"]),
        (
            {"nulls": 50, "low": -1.0, "high": -1.0, "mean": 32.0},
            LIMIT,
            [
                "null for 50% of players, allowed 10%",
                "the same for all 50 players who have it: -1.0",
                "-1 is below 0",
                "mean 32 is 5.0 standard deviations off the last weeks' 12",
            ],
        ),
    ],
)
def test_f38_both_sides_of_every_bound_of_a_feature(now: dict[str, Any], limit: Limit, found: list[str]) -> None:
    """Nulls, constants, range and drift, in that order; the weeks before may come first or last."""
    before = slate(900, 0)
    assert problems([slate(**now), before], limit) == found
    assert problems([before, slate(**now)], limit) == found


@pytest.mark.parametrize(("players", "nulls", "found"), [(39, 0, 0), (40, 0, 1), (50, 10, 1), (50, 11, 0)])
def test_a_constant_needs_forty_players_who_have_the_feature(players: int, nulls: int, found: int) -> None:
    """Fewer may agree by chance."""
    limit = Limit(nulls=1.0)
    assert len(problems([slate(players, nulls=nulls, low=5.0, high=5.0)], limit)) == found


@pytest.mark.parametrize(
    ("before", "found"), [((5.0, 5.0), 1), ((5.0, 6.0), 0), ((4.0, 5.0), 0), ((6.0, 6.0), 0), (None, 0)]
)
def test_a_coarse_feature_is_constant_only_if_it_was_before(before: tuple[float, float] | None, found: int) -> None:
    """The same one value on the slate and in the weeks before."""
    rows = [slate(low=5.0, high=5.0)]
    if before is not None:
        rows.append(slate(900, 0, low=before[0], high=before[1]))
    assert len(problems(rows, Limit(nulls=0.1, coarse=True))) == found


@pytest.mark.parametrize("changes", [{"mean": None}, {"spread": None}, {"spread": 0.0}])
def test_without_a_past_that_varies_nothing_drifts(changes: dict[str, Any]) -> None:
    """Nothing to divide by."""
    assert problems([slate(mean=99.0, low=1.0, high=30.0), slate(900, 0, **changes)]) == []


def test_without_a_slate_nothing_is_wrong() -> None:
    """Only the weeks before were found."""
    assert problems([slate(900, 0, nulls=900)]) == []
    assert problems([]) == []


def test_every_feature_is_judged_by_its_own_figures() -> None:
    """`x` and `x_line` do not mix, and each finding bears its feature's name."""
    rows = [slate() | {f"x_line__{name}": 99.0 for name in ("nulls", "low", "high", "mean", "spread")}]
    found = findings(rows, {"x": LIMIT, "x_line": Limit(nulls=1.0, high=40.0)})
    assert found == [Finding("x_line", "99 is above 40")]


def test_the_limits_are_the_feature_contracts() -> None:
    """Nulls and range of a few by hand, and which may be constant by chance."""
    found = limits()
    assert found["points_season_mean"] == Limit(nulls=1.0, low=0, high=60.0)
    assert found["points_per_minute"] == Limit(nulls=0.02, low=0, high=3)
    assert {name for name, limit in found.items() if limit.coarse} == {
        "is_home", "games_last_4_days", "team_games_season", "clock_shift", "points_line_spread",
        "rebounds_line_spread", "assists_line_spread", "threes_line_spread", "pra_line_spread",
    }  # fmt: skip


async def test_the_health_query_counts_the_slate_and_the_four_weeks_before() -> None:
    """28 days back and no more, of one mode; five figures per feature, nulls left out of the last four."""
    warehouse = DuckDBWarehouse(None)

    def served(day: date, player: int, minutes: float | None, mode: str = "overnight") -> Row:
        known = {"game_date": day, "mode": mode, "player_id": player}
        return row("features.ml_feature_store", **known, minutes_ewma=minutes)

    earlier = DAY - timedelta(days=28)
    await load(
        warehouse,
        features__ml_feature_store=[
            served(DAY, 1, 10.0), served(DAY, 2, 20.0), served(DAY, 3, 99.0, "same_day"),
            served(earlier, 1, 1.0), served(earlier, 2, 3.0), served(earlier, 3, 8.0),
            served(earlier - timedelta(days=1), 4, 99.0), served(DAY + timedelta(days=1), 1, 99.0),
        ],
    )  # fmt: skip
    rows = await warehouse.query(health_query({"minutes_ewma": LIMIT}), {"game_date": DAY, "mode": "overnight"})
    await warehouse.close()
    by_period = {found["period"]: {key.rpartition("__")[2]: value for key, value in found.items()} for found in rows}
    assert by_period[1] == {
        "period": 1, "players": 2, "nulls": 0, "low": 10.0, "high": 20.0, "mean": 15.0,
        "spread": pytest.approx(50**0.5),  # of 10 and 20 around 15: (25 + 25) / 1
    }  # fmt: skip
    assert by_period[0] == {
        "period": 0, "players": 3, "nulls": 0, "low": 1.0, "high": 8.0, "mean": 4.0,
        "spread": pytest.approx(13**0.5),  # of 1, 3 and 8 around 4: (9 + 1 + 16) / 2
    }  # fmt: skip
    assert health.STORE == "features.ml_feature_store"


FOUND = Evidence(expected=9, verified=7, quarantined=1, detail="x")
SETTLED = run_of(
    RunStatus.FAILED,
    {
        "schedule": StepState(
            status=DONE, attempt=2, evidence=FOUND, seconds=1.5, started_at=HALF_PAST_SEVEN, ended_at=LATE
        ),
        "grade": StepState(status=BLOCKED, reason="needs schedule"),
    },
    decisions=(
        Decision(
            step="schedule", attempt=1, decision="retry", expected=9, verified=0, quarantined=0, completeness=1.0,
            quality=0.95, reason="0 of 9 there", decided_at=HALF_PAST_SEVEN,
        ),
        Decision(step="schedule", attempt=2, decision="proceed", completeness=1.0, quality=0.95, decided_at=LATE),
    ),
    generation=3, source="reconciler", retrospective=True,
)  # fmt: skip
NAMED: Row = {"game_date": DAY, "mode": "overnight", "run_id": f"{KEY}.3", "generation": 3}


def test_f37_a_runs_steps_as_rows_of_the_ledger() -> None:
    """Column by column; a step without evidence, reason or instants has nulls."""
    shared = {
        **NAMED, "source": "reconciler", "retrospective": True, "run_status": "failed",
        "run_started_at": HALF_PAST_SEVEN, "run_ended_at": LATE,
    }  # fmt: skip
    assert ledger.step_rows(SETTLED) == [
        shared | {
            "step": "schedule", "attempt": 2, "phase": 1, "service": "scraper", "status": "done", "expected": 9,
            "verified": 7, "quarantined": 1, "reason": None, "work_seconds": 1.5, "started_at": HALF_PAST_SEVEN,
            "ended_at": LATE,
        },
        shared | {
            "step": "grade", "attempt": 0, "phase": 5, "service": "analytics", "status": "blocked", "expected": None,
            "verified": None, "quarantined": None, "reason": "needs schedule", "work_seconds": 0.0,
            "started_at": None, "ended_at": None,
        },
    ]  # fmt: skip


def test_f37_a_runs_decisions_as_rows_of_the_ledger() -> None:
    """Numbered from 0 as they were taken."""
    shared = {**NAMED, "step": "schedule", "completeness": 1.0, "quality": 0.95}
    assert ledger.decision_rows(SETTLED) == [
        shared | {
            "number": 0, "attempt": 1, "decision": "retry", "expected": 9, "verified": 0, "quarantined": 0,
            "reason": "0 of 9 there", "decided_at": HALF_PAST_SEVEN,
        },
        shared | {
            "number": 1, "attempt": 2, "decision": "proceed", "expected": None, "verified": None,
            "quarantined": None, "reason": None, "decided_at": LATE,
        },
    ]  # fmt: skip


async def test_f37_decisions_are_entered_before_steps() -> None:
    """A crash between the two leaves the run unentered, and it is entered again."""
    warehouse = AnsweringWarehouse()
    await ledger.enter(SETTLED, warehouse)
    assert [(table, len(rows)) for table, rows in warehouse.appended] == [("ops.decisions", 2), ("ops.step_runs", 2)]


ENDS = "SELECT DISTINCT run_id, run_ended_at FROM ops.step_runs WHERE game_date BETWEEN @first_date AND @last_date"


async def test_f37_what_ended_in_the_last_two_days_and_is_not_entered_is_found() -> None:
    """Exactly two days ago counts; the same run with another end is not entered; the ledger is read once."""
    now = LATE + timedelta(days=2)
    runs = [
        run_of(RunStatus.COMPLETE, generation=1),
        run_of(RunStatus.COMPLETE, generation=2, game_date=DAY - timedelta(days=3)),
        run_of(RunStatus.COMPLETE, generation=3, finished_at=LATE - timedelta(microseconds=1)),
        run_of(RunStatus.RUNNING, generation=4, finished_at=None),
        run_of(RunStatus.COMPLETE, generation=5, finished_at=now),
    ]
    warehouse = AnsweringWarehouse()
    known: list[Row] = [
        {"run_id": runs[0].run_id, "run_ended_at": LATE},
        {"run_id": runs[4].run_id, "run_ended_at": LATE},
    ]
    warehouse.answers[ENDS] = ("ends", known)
    assert await ledger.unentered(runs, warehouse, now) == [runs[1], runs[4]]
    assert warehouse.asked == [("ends", {"first_date": DAY - timedelta(days=3), "last_date": DAY})]
    assert await ledger.unentered(runs[2:4], warehouse, now) == []
    assert len(warehouse.asked) == 1
