"""The watch: every alert at both sides of its bound, raised, not raised and cleared."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.alerts import raise_alert
from services.coordinator.runs.run import Run, RunStatus, StepState, StepStatus
from services.coordinator.steps.feature_health import health_query, limits
from services.coordinator.watch import check as watch
from services.coordinator.watch import outputs, schedules
from services.coordinator.watch.announce import announce, why
from services.coordinator.watch.leaks import MIN_GRADES
from shared.basketball.slate import Mode, eastern_instant
from shared.embedded.clock import VirtualClock
from shared.errors import AlreadyExists, Conflict, TipoffError
from shared.ports import Ports, Row
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import AnsweringWarehouse, failing, memory_ports, opened
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load, row

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
HALF_PAST_SEVEN = datetime(2024, 3, 4, 12, 30, tzinfo=UTC)
LATE = datetime(2024, 3, 5, 4, 59, tzinfo=UTC)
"""23:59 Eastern of the same day."""
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
"""Of the slate's first game: 19:30 Eastern."""
DONE, FAILED, BLOCKED = StepStatus.DONE, StepStatus.FAILED, StepStatus.BLOCKED
Opened = dict[str, str]


class World:
    """Ports on fakes, at an instant."""

    def __init__(self, now: datetime = LATE, **answers: list[Row]) -> None:
        self.clock, self.state, self.warehouse = VirtualClock(now), MemoryState(), AnsweringWarehouse(**answers)
        self.ports = memory_ports(clock=self.clock, state=self.state, warehouse=self.warehouse)

    async def watching(self, since: datetime = datetime(2024, 3, 1, tzinfo=UTC)) -> None:
        """It was there before."""
        await self.state.create("watch", "first", {"at": since.isoformat()})

    async def raised(self, name: str, scope: str) -> None:
        """An alert is open."""
        await raise_alert(self.ports, name, scope, "before")


def run_of(status: RunStatus, steps: dict[str, StepState] | None = None, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run that has ended."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "created_at": HALF_PAST_SEVEN, "finished_at": LATE, "status": status,
        "steps": steps if steps is not None else {"schedule": StepState(status=DONE)},
    }  # fmt: skip
    return Run.model_validate(known | fields)


@pytest.mark.parametrize(
    ("status", "left"),
    [
        (RunStatus.FAILED, {f"run_failed {KEY}": "failed", f"dead_letter {KEY}": "before"}),
        (RunStatus.DEGRADED, {f"run_degraded {KEY}": "degraded", f"dead_letter {KEY}": "before"}),
        (RunStatus.COMPLETE, {}),
    ],
)
async def test_a_runs_end_tells_its_status_and_takes_back_the_others(status: RunStatus, left: Opened) -> None:
    """The alerts of its other statuses are cleared; a complete run clears its dead letters too."""
    world = World()
    for name in ("run_failed", "run_degraded", "dead_letter"):
        await world.raised(name, KEY)
    await world.raised("run_failed", "2024-03-03.overnight")
    await announce(run_of(status), world.ports)
    assert await opened(world.state) == left | {"run_failed 2024-03-03.overnight": "before"}


@pytest.mark.parametrize("fields", [{"retrospective": True}, {"mode": Mode.BACKFILL}])
async def test_a_replay_or_a_backfill_tells_nobody(fields: dict[str, Any]) -> None:
    """It neither raises nor clears."""
    world = World()
    await world.raised("run_degraded", KEY)
    await announce(run_of(RunStatus.FAILED, **fields), world.ports)
    assert await opened(world.state) == {f"run_degraded {KEY}": "before"}


async def test_the_end_of_a_pass_tells_of_itself_and_not_of_its_features() -> None:
    """Under its own key; the whole slate's features are looked at, not those of each pass."""
    world = World()
    steps = {"ml_feature_store": StepState(status=DONE)}
    await announce(run_of(RunStatus.FAILED, steps, part="game-1"), world.ports)
    assert list(await opened(world.state)) == [f"run_failed {KEY}.game-1"]
    assert world.warehouse.asked == []


def test_what_is_wrong_with_a_run_is_its_causes() -> None:
    """Steps with a reason, in order, but not what they block; its status where nothing has a reason."""
    steps = {
        "schedule": StepState(status=DONE, reason="one postponed"), "rosters": StepState(status=FAILED, reason="403"),
        "lines": StepState(status=BLOCKED, reason="needs rosters"), "box_scores": StepState(status=DONE),
    }  # fmt: skip
    assert why(run_of(RunStatus.FAILED, steps)) == "schedule: one postponed; rosters: 403"
    assert why(run_of(RunStatus.DEGRADED)) == "degraded"


@pytest.mark.parametrize(("sick", "more"), [(1, ""), (5, ""), (6, "; and 1 more"), (8, "; and 3 more")])
async def test_a_runs_end_tells_of_its_features(sick: int, more: str) -> None:
    """Five at most by name, the rest by number; cleared when all are well, and left alone by a run that made none."""
    names = list(limits())[:sick]
    healthy: Row = {f"{name}__{key}": None for name in limits() for key in ("low", "high", "mean", "spread")}
    healthy |= {f"{name}__nulls": 0 for name in limits()}
    broken = {f"{name}__high": 1e9 for name in names}
    world = World()
    world.warehouse.answers[health_query(limits())] = ("health", [{"period": 1, "players": 3, **healthy, **broken}])
    steps = {"ml_feature_store": StepState(status=DONE)}
    await announce(run_of(RunStatus.COMPLETE, steps), world.ports)
    ceilings = [limits()[name].high for name in names]
    named = "; ".join(f"{name}: 1e+09 is above {high:g}" for name, high in zip(names[:5], ceilings, strict=False))
    assert await opened(world.state) == {f"feature_health {KEY}": named + more}
    assert world.warehouse.asked == [("health", {"game_date": DAY, "mode": "overnight"})]
    await announce(run_of(RunStatus.COMPLETE), world.ports)
    assert len(await opened(world.state)) == 1
    world.warehouse.answers[health_query(limits())] = ("health", [{"period": 1, "players": 3, **healthy}])
    await announce(run_of(RunStatus.COMPLETE, steps), world.ports)
    assert await opened(world.state) == {}


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
    await schedules.note(world.ports, source)
    documents = await world.state.list("schedule_fires")
    assert [document.id for document in documents] == noted
    assert all(document.data == {"at": "2024-03-05T04:59:00+00:00"} for document in documents)


async def test_a_schedules_newest_request_counts() -> None:
    """The document moves on."""
    world = World(HALF_PAST_SEVEN)
    for now in (HALF_PAST_SEVEN, LATE):
        world.clock.set(now)
        await schedules.note(world.ports, "schedule:same-day")
    assert world.state.documents["schedule_fires", "same-day"].data == {"at": "2024-03-05T04:59:00+00:00"}


async def test_a_schedules_second_delivery_may_come_first() -> None:
    """It had the same to say."""
    world = World()
    world.state.before = failing(AlreadyExists("taken"), "create")
    await schedules.note(world.ports, "schedule:overnight")
    world.state.before = failing(Conflict("moved"), "compare_and_set")
    for _ in range(2):
        await schedules.note(world.ports, "schedule:overnight")
    assert len(await world.state.list("schedule_fires")) == 1


def present(**changes: object) -> Row:
    """A row of `predictions_present`."""
    return {"game_date": DAY, "first_tip": TIP, "present": False, "predicted_games": 3, "games": 5, **changes}


async def test_missing_predictions_are_told_of_from_half_past_seven() -> None:
    """From exactly 07:30, for today's overnight slate, until its predictions exist."""
    world = World(HALF_PAST_SEVEN - timedelta(microseconds=1), monitor__predictions_present=[present()])
    await world.watching()
    await outputs.check_outputs(world.ports)
    assert (await opened(world.state), world.warehouse.asked) == ({}, [])
    world.clock.set(HALF_PAST_SEVEN)
    await outputs.check_outputs(world.ports)
    assert await opened(world.state) == {f"predictions_missing {KEY}": "3 of 5 games of 2024-03-04 are predicted"}
    asked = {"first": date(2024, 2, 26), "last": DAY, "mode": "overnight"}
    assert world.warehouse.asked == [("monitor__predictions_present", asked)]
    for rows in ([present(present=True)], [], [present(game_date=date(2024, 3, 3))]):
        other = World(HALF_PAST_SEVEN, monitor__predictions_present=rows)
        await other.watching()
        await other.raised("predictions_missing", KEY)
        await outputs.check_outputs(other.ports)
        assert await opened(other.state) == {}


@pytest.mark.parametrize(
    ("now", "slate", "missing"),
    [
        (TIP - timedelta(microseconds=1), DAY, None),
        (TIP, DAY, "same_day"),
        (LATE - timedelta(minutes=59, microseconds=1), date(2024, 3, 5), None),
        (LATE - timedelta(minutes=59), date(2024, 3, 5), "tomorrow"),
    ],
    ids=["before the tip", "at the tip", "before eleven", "at eleven"],
)
async def test_every_scheduled_mode_is_watched(now: datetime, slate: date, missing: str | None) -> None:
    """The day-of update is due at the first tip-off, the evening's look at 23:00."""
    world = World(now, monitor__predictions_present=[present(game_date=slate)])
    await world.watching()
    await outputs.check_outputs(world.ports)
    detail = f"3 of 5 games of {slate} are predicted"
    found = {name: text for name, text in (await opened(world.state)).items() if name.startswith("update_missing")}
    assert found == ({} if missing is None else {f"update_missing {slate}.{missing}": detail})


@pytest.mark.parametrize(
    ("since", "alarmed"),
    [(at_five := HALF_PAST_SEVEN - timedelta(hours=2, minutes=30), True), (at_five + timedelta(seconds=1), False)],
    ids=["there at five", "a second too late"],
)
async def test_what_was_due_before_the_product_was_there_is_no_alarm(since: datetime, *, alarmed: bool) -> None:
    """The night's run starts at 05:00."""
    world = World(HALF_PAST_SEVEN, monitor__predictions_present=[present()])
    await world.watching(since)
    await outputs.check_outputs(world.ports)
    assert (len(await opened(world.state)) == 1) == alarmed


@pytest.mark.parametrize(
    ("backfills", "earlier", "alarmed"),
    [(True, 0, False), (False, 0, True), (True, 1, True)],
    ids=["bootstrap", "nothing at work", "a later backfill"],
)
async def test_a_bootstrap_is_no_alarm(*, backfills: bool, earlier: int, alarmed: bool) -> None:
    """While the first history is loaded; once a slate was predicted, no backfill excuses a missing one."""
    rows = [present(predicted_games=0), present(game_date=date(2024, 3, 3), predicted_games=earlier)]
    world = World(HALF_PAST_SEVEN, monitor__predictions_present=rows)
    await world.watching()
    if backfills:
        await world.state.create("open_runs", "2023-11-01.backfill", {})
    await world.state.create("open_runs", "2024-03-04.overnight", {})
    await outputs.check_outputs(world.ports)
    assert (len(await opened(world.state)) == 1) == alarmed


def fresh(source: str, fresh_for: date | None, slates: int = 2, since: date | None = date(2024, 3, 2)) -> Row:
    """A row of `freshness`."""
    return {
        "source": source, "fresh_for": fresh_for, "slates": slates, "reason": "HTTP 403", "failing_since": since,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        (fresh("espn", date(2024, 3, 2), since=date(2024, 3, 3)), None),
        (fresh("espn", date(2024, 3, 1), since=None), None),
        (fresh("espn", None, since=date(2024, 3, 3)), None),
        (fresh("espn", date(2024, 3, 1)), "nothing new since 2024-03-01, 2 slates went by: HTTP 403"),
        (fresh("espn", date(2024, 3, 1), slates=0), None),
        (fresh("espn", date(2024, 3, 1), slates=1), "nothing new since 2024-03-01, 1 slates went by: HTTP 403"),
        (fresh("espn", None), "no answer in the last weeks, 2 slates went by: HTTP 403"),
        (fresh("espn", None, slates=0), None),
        (fresh("balldontlie", None), None),
        (fresh("a source of the past", None), None),
    ],
)
async def test_a_source_is_stale_after_more_than_two_days_with_slates(found: Row, detail: str | None) -> None:
    """On 4 March an answer for the 2nd is two days old. A fallback or an unknown source raises no alert.

    Nor does one that nobody has asked since it answered, or whose first failure is younger.
    """
    world = World(monitor__freshness=[found])
    if detail is None:
        await world.raised("source_stale", "espn")
    await watch._sources(world.ports)
    assert await opened(world.state) == ({} if detail is None else {"source_stale espn": detail})
    window = {"first": date(2024, 1, 4), "last": DAY}  # 60 days before: 29 of February, 31 of January
    assert world.warehouse.asked == [("monitor__freshness", window)]


async def test_every_source_is_looked_at() -> None:
    """A fallback before it does not end the round."""
    rows = [fresh("balldontlie", None), fresh("espn", None), fresh("x", None), fresh("odds_api", None)]
    world = World(monitor__freshness=rows)
    await watch._sources(world.ports)
    assert set(await opened(world.state)) == {"source_stale espn", "source_stale odds_api"}


NAMES = {
    "overnight", "features-fallback", "predictions-fallback", "reconcile", "tomorrow", "same-day", "same-day-fallback",
    "pulse",
}  # fmt: skip


async def test_f34_a_schedule_is_missing_after_more_than_26_hours() -> None:
    """Since it last asked; one that never did, since the watch began; asking again clears it."""
    world = World(HALF_PAST_SEVEN)
    await schedules.check_schedules(world.ports)
    assert (await opened(world.state), "watch" in {collection for collection, _ in world.state.documents}) == (
        {},
        False,
    )
    await schedules.note(world.ports, "schedule:overnight")
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=1))
    await schedules.check_schedules(world.ports)
    assert world.state.documents["watch", "first"].data == {"at": "2024-03-04T13:30:00+00:00"}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=26))
    await schedules.check_schedules(world.ports)
    assert await opened(world.state) == {}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=26, seconds=1))
    await schedules.check_schedules(world.ports)
    assert await opened(world.state) == {"schedule_missing overnight": "has not fired since 2024-03-04 12:30 UTC"}
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=27))
    await schedules.check_schedules(world.ports)
    assert len(await opened(world.state)) == 1
    await schedules.note(world.ports, "schedule:overnight")
    world.clock.set(HALF_PAST_SEVEN + timedelta(hours=27, seconds=1))
    await schedules.check_schedules(world.ports)
    since = "has not fired since 2024-03-04 13:30 UTC"
    assert await opened(world.state) == {f"schedule_missing {name}": since for name in NAMES - {"overnight"}}
    assert world.state.documents["watch", "first"].data == {"at": "2024-03-04T13:30:00+00:00"}


async def test_two_who_begin_to_watch_at_once_watch_from_now() -> None:
    """The other's instant is the same."""
    world = World()
    await schedules.note(world.ports, "schedule:overnight")
    world.state.before = failing(AlreadyExists("taken"), "create", lambda call: call == 1)
    await schedules.check_schedules(world.ports)
    assert await opened(world.state) == {}


def leak(system: str, gap: float | None) -> Row:
    """A row of `accuracy_leaks`: regulars' error minus that of rate times minutes."""
    return {
        "mode": "overnight", "system": system, "regular_n": 2000, "regular_minus_rate": gap, "lined_n": 0,
        "lined_minus_line": None, "brier_n": 0, "brier": None,
    }  # fmt: skip


async def test_f29_a_system_too_good_to_be_true_is_told_of_until_it_is_not() -> None:
    """By system and mode, over the last 60 days up to today."""
    same_day = leak("ensemble", -0.3) | {"mode": "same_day"}
    world = World(accuracy_leaks=[leak("boosted", -0.3), leak("ensemble", -0.1), same_day])
    await world.raised("accuracy_too_good", "ensemble.overnight")
    await watch._accuracy(world.ports)
    (scope, detail), (other, _) = sorted((await opened(world.state)).items())
    assert scope == "accuracy_too_good boosted.overnight"
    assert other == "accuracy_too_good ensemble.same_day"
    assert detail.startswith("MAE of regulars minus that of rate times minutes -0.3 < -0.23 (N = 2000)")
    window = {"first": date(2024, 1, 4), "last": DAY, "mode": "", "system": ""}
    assert world.warehouse.asked == [("accuracy_leaks", window)]


async def test_accuracy_is_judged_once_a_day_after_the_night_is_graded() -> None:
    """Two months of grades are the most that a round reads, and they change once a day."""
    world = World(HALF_PAST_SEVEN - timedelta(microseconds=1), accuracy_leaks=[])
    for instant, judged in (
        (HALF_PAST_SEVEN - timedelta(microseconds=1), 0), (HALF_PAST_SEVEN, 1), (LATE, 1),
        (HALF_PAST_SEVEN + timedelta(hours=23), 1), (HALF_PAST_SEVEN + timedelta(days=1), 2),
        (LATE + timedelta(days=1), 2),
    ):  # fmt: skip
        world.clock.set(instant, force=True)
        await watch._accuracy(world.ports)
        assert len(world.warehouse.asked) == judged


@pytest.mark.parametrize("error", [Conflict("newer"), AlreadyExists("taken")])
async def test_of_two_rounds_at_once_either_judges(error: TipoffError) -> None:
    """The second finds the note written, and leaves it."""
    world = World(accuracy_leaks=[])
    if isinstance(error, Conflict):
        await world.state.create("watch", "accuracy", {"on": "2024-03-03"})
    world.state.before = failing(
        error, "create" if isinstance(error, AlreadyExists) else "compare_and_set", lambda _: True
    )
    await watch._accuracy(world.ports)
    assert len(world.warehouse.asked) == 1


async def test_a_round_looks_at_everything() -> None:
    """Outputs, sources, schedules and accuracy each raise their own alert; what is long past is resolved."""
    world = World(
        monitor__predictions_present=[present()],
        monitor__freshness=[fresh("espn", None)],
        accuracy_leaks=[leak("boosted", -0.3)],
    )
    world.clock.set(LATE - timedelta(days=2), force=True)
    await world.watching()
    await world.raised("run_failed", "2024-02-29.overnight")
    await schedules.note(world.ports, "schedule:overnight")
    world.clock.set(LATE)
    await watch.check(world.ports)
    assert {name.partition(" ")[0] for name in await opened(world.state)} == {
        "predictions_missing", "source_stale", "schedule_missing", "accuracy_too_good", "update_missing"
    }  # fmt: skip


def at(hour: float, *, days: int = 0) -> Any:  # noqa: ANN401 - an instant
    """An Eastern hour of the slate's date, or of one later."""
    return eastern_instant(SLATE + timedelta(days=days)) + timedelta(hours=hour)


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
    await watch.check(ports)
    assert await opened(ports.state) == {}
    set_clock(ports, at(6, days=3))
    await watch.check(ports)
    assert await opened(ports.state) == {
        "source_stale espn": "nothing new since 2024-03-04, 3 slates went by: HTTP 403"
    }


@pytest.mark.parametrize(("error", "alarmed"), [(3.4, True), (4.9, False)])
async def test_f29_errors_far_below_the_markets_are_an_alarm(ports: Ports, error: float, *, alarmed: bool) -> None:
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
        for n in range(MIN_GRADES)
    ]
    await load(ports.warehouse, predictions__prediction_grades=grades)
    set_clock(ports, at(8))
    await watch.check(ports)
    assert ("accuracy_too_good moving_average.overnight" in await opened(ports.state)) == alarmed
