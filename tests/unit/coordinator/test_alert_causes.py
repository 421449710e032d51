"""Every alert of the registry: raised by its cause, resolved once that is gone, and none that stays for ever."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from live.disk import _LOADED, GB, tidy
from live.workspace import LIVE
from services.coordinator.alerts import ALERTS
from services.coordinator.grid.cells import Cell, CellStatus
from services.coordinator.grid.reconcile import HEALS, MAX_HEALS, _ask, _forget_healed, _heal, _tell_unloaded
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import Batches, RunStatus, StepState, StepStatus
from services.coordinator.steps.credits import watch_credits
from services.coordinator.steps.feature_health import health_query, limits
from services.coordinator.steps.predict import absent, present
from services.coordinator.steps.train import judged
from services.coordinator.watch import budget, check, schedules
from services.coordinator.watch.announce import announce
from services.coordinator.watch.channels import Channels
from services.coordinator.watch.doors import check_doors
from services.coordinator.watch.outputs import check_outputs
from services.coordinator.watch.past import settle
from shared.basketball.slate import Mode
from shared.contract import StepReported
from shared.errors import Permanent
from shared.ports import Row
from shared.registries.schedules import SCHEDULES
from tests.unit.coordinator.memory import opened
from tests.unit.coordinator.test_doors import HOST, URL, Seen
from tests.unit.coordinator.test_watch import DAY, KEY, LATE, World, fresh, run_of
from tests.unit.coordinator.test_watch import present as presence
from tests.voices import FakeSecrets, named

HOOK = "json://hook/token"
Act = Callable[[World, bool], Awaitable[None]]
"""What a world does: with True the cause is there, with False it is gone."""


def reported(step: str, reason: str = "", **counts: int) -> StepReported:
    """A report of a step that is done."""
    run_id = f"{KEY}.1"
    return StepReported(run_id=run_id, step=step, attempt=1, outcome="done", reason=reason, counts=counts)


def ends(status: RunStatus) -> Act:
    """A run ends badly, and then well."""

    async def act(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
        await announce(run_of(status if wrong else RunStatus.COMPLETE), world.ports)

    return act


async def no_predictions(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """The night's are missing, then they are there."""
    world.warehouse.answers |= World(monitor__predictions_present=[presence(present=not wrong)]).warehouse.answers
    await check_outputs(world.ports)


async def source(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """It is asked in vain for days, then it answers."""
    row = fresh("espn", date(2024, 3, 1)) if wrong else fresh("espn", DAY, since=None)
    world.warehouse.answers |= World(monitor__freshness=[row]).warehouse.answers
    await check._sources(world.ports)


async def archived(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A payload lies there, then it is loaded."""
    await _tell_unloaded(world.ports, DAY, DAY, Mode.OVERNIGHT, {(DAY, "lines")} if wrong else ())


async def trained(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A training leaves a worse model, the next one none."""
    report = reported("train", "worse", trained=1, challengers=int(wrong))
    await judged(run_of(RunStatus.RUNNING, finished_at=None), report, world.ports)


async def artifact(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A worker cannot load it, then it predicts."""
    run = run_of(RunStatus.RUNNING, finished_at=None, batches=Batches(total=1, done=(0,), systems=("boosted",)))
    await (absent(run, {"boosted": "digest"}, world.ports) if wrong else present(run, reported("predict"), world.ports))


async def dear(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A night costs too much, and days later it is history."""
    if wrong:
        run = run_of(
            RunStatus.COMPLETE, {"grade": StepState(status=StepStatus.DONE, counts={"microdollars": 2_000_000})}
        )
        await budget.watch(run, 1.0, world.ports)
    else:
        world.clock.set(world.clock.now() + timedelta(days=4))
        await settle(world.ports)


async def credits_used(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """Few are left, then a month begins."""
    report = reported("lines", credits_left=10 if wrong else 20_000, credits_needed=100)
    await watch_credits(run_of(RunStatus.RUNNING, finished_at=None), report, world.ports)


async def letter(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A message of a run is given up on, then its run completes."""
    if wrong:
        await world.raised("dead_letter", KEY)
    else:
        await announce(run_of(RunStatus.COMPLETE), world.ports)


async def schedule(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """One does not fire for two days, then it does."""
    if wrong:
        for name in SCHEDULES:
            await schedules.note(world.ports, f"schedule:{name}")
        world.clock.set(world.clock.now() + timedelta(days=2))
        for hour in range(30):
            world.clock.set(world.clock.now() + timedelta(hours=hour > 0))
            for name in SCHEDULES.keys() - {"overnight"}:
                await schedules.note(world.ports, f"schedule:{name}")
    else:
        await schedules.note(world.ports, "schedule:overnight")
    await schedules.check_schedules(world.ports)


async def features(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """One is out of range, and after another run it is not."""
    row: Row = {"period": 1, "players": 3}
    row |= {f"{name}__{key}": None for name in limits() for key in ("low", "high", "mean", "spread")}
    row |= {f"{name}__nulls": 0 for name in limits()} | ({f"{next(iter(limits()))}__high": 1e9} if wrong else {})
    world.warehouse.answers[health_query(limits())] = ("health", [row])
    await announce(run_of(RunStatus.COMPLETE, {"ml_feature_store": StepState(status=StepStatus.DONE)}), world.ports)


async def too_good(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A training's models are refused, those of the next one are not."""
    report = reported("train", "leaks", trained=1, refused=int(wrong))
    await judged(run_of(RunStatus.RUNNING, finished_at=None), report, world.ports)


async def door(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A stranger comes through, then he does not."""
    await check_doors(replace(world.ports, doors=Seen({URL: 200 if wrong else 403})))


async def healing(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """A slate is asked for in vain, then it is whole."""
    status = CellStatus.MISSING if wrong else CellStatus.DONE
    cell = Cell(DAY, Mode.OVERNIGHT, "lines", status, 2, 1, 1, 0, "1 of 2 there")
    if wrong:
        await world.state.increment(HEALS, KEY, "asked", MAX_HEALS)
        heal = _heal([cell], ["lines"], DAY, ())
        assert heal is not None
        await _ask(Engine(world.ports), world.ports, KEY, heal, 0)
    else:
        await _forget_healed(world.ports, (), [cell])


async def channel(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """One refuses, then it takes a message."""
    secrets = FakeSecrets()
    secrets.channels(HOOK)
    channels = Channels(replace(world.ports, secrets=secrets))
    [one] = await channels.all()
    await (channels.failed(one, Permanent("refuses")) if wrong else channels.got(one, "page"))


@contextmanager
def holding(content: bytes) -> Iterator[Path]:
    """A workspace with one file."""
    with TemporaryDirectory() as home:
        folder = Path(home, LIVE)
        folder.mkdir()
        (folder / "warehouse.duckdb").write_bytes(content)
        yield folder


async def disk(world: World, wrong: bool) -> None:  # noqa: FBT001 - see Act
    """The machine's workspace has a byte for three, then gigabytes."""
    world.warehouse.answers[_LOADED] = ("loaded", [])
    with holding(b"abc") as folder:
        await tidy(folder, world.ports, 1 / GB if wrong else 1.0)


CAUSES: dict[str, tuple[str, Act]] = {
    "run_failed": (KEY, ends(RunStatus.FAILED)),
    "run_degraded": (KEY, ends(RunStatus.DEGRADED)),
    "predictions_missing": (KEY, no_predictions),
    "update_missing": ("2024-03-04.same_day", no_predictions),
    "source_stale": ("espn", source),
    "archived_not_loaded": ("overnight", archived),
    "challenger_worse": ("overnight.training", trained),
    "artifact_refused": ("overnight.boosted", artifact),
    "budget_exceeded": (f"{KEY}.1", dear),
    "credits_low": ("lines", credits_used),
    "dead_letter": (KEY, letter),
    "schedule_missing": ("overnight", schedule),
    "feature_health": (KEY, features),
    "accuracy_too_good": ("overnight.training", too_good),
    "open_door": (HOST, door),
    "heal_exhausted": (KEY, healing),
    "channel_refused": (named(HOOK), channel),
    "disk_budget": (LIVE, disk),
}


def test_every_alert_has_a_cause_here() -> None:
    """Whoever adds one says what raises and what resolves it."""
    assert CAUSES.keys() == ALERTS.keys()


@pytest.mark.parametrize("name", ALERTS)
async def test_an_alert_is_raised_by_its_cause_and_resolved_when_that_is_gone(name: str) -> None:
    """And by nothing else on the way."""
    scope, act = CAUSES[name]
    world = World(LATE)
    await world.watching()
    await act(world, True)  # noqa: FBT003 - see Act
    assert f"{name} {scope}" in await opened(world.state)
    await act(world, False)  # noqa: FBT003 - see Act
    assert f"{name} {scope}" not in await opened(world.state)


@pytest.mark.parametrize("name", [name for name, alert in ALERTS.items() if alert.past_after is not None])
@pytest.mark.parametrize("scope", [KEY, f"{KEY}.1", "overnight", "2024-03-04x"])
async def test_what_is_long_past_resolves(name: str, scope: str) -> None:
    """So many days after its slate, or after it was last seen; a day earlier it is open."""
    days = ALERTS[name].past_after
    assert days is not None
    noon = datetime.fromisoformat("2024-03-04T17:00:00+00:00")
    world = World(noon)
    await world.raised(name, scope)
    world.clock.set(noon + timedelta(days=days))
    await settle(world.ports)
    assert len(await opened(world.state)) == 1
    world.clock.set(noon + timedelta(days=days + 1))
    await settle(world.ports)
    assert await opened(world.state) == {}


async def test_what_only_its_own_check_resolves_stays() -> None:
    """However long."""
    world = World(LATE)
    await world.raised("challenger_worse", "overnight.training")
    world.clock.set(LATE + timedelta(days=400))
    await settle(world.ports)
    assert len(await opened(world.state)) == 1


async def test_a_system_without_grades_is_not_too_good_any_more() -> None:
    """What a training has found stays until the next."""
    world = World(LATE, accuracy_leaks=[])
    await world.raised("accuracy_too_good", "boosted.overnight")
    await world.raised("accuracy_too_good", "overnight.training")
    await check._accuracy(world.ports)
    assert set(await opened(world.state)) == {"accuracy_too_good overnight.training"}


async def test_a_new_install_raises_no_alert() -> None:
    """Set up at noon: no predictions, no schedule fired but the reconciler's, nothing could be better yet."""
    answers: dict[str, list[Row]] = {
        "monitor__predictions_present": [presence(predicted_games=0)], "monitor__freshness": [], "accuracy_leaks": [],
    }  # fmt: skip
    world = World(LATE - timedelta(hours=12), **answers)
    for hour in range(12):
        world.clock.set(LATE - timedelta(hours=12 - hour))
        await check.check(world.ports)
        await schedules.note(world.ports, "schedule:reconcile")
    assert await opened(world.state) == {}


async def test_after_a_sleep_schedules_have_a_day_to_come_back() -> None:
    """The machine slept for a week; what was missed is caught up with, and what is not is missing tomorrow."""
    world = World(LATE)
    await world.watching()
    for name in SCHEDULES:
        await schedules.note(world.ports, f"schedule:{name}")
    world.clock.set(LATE + timedelta(days=7))
    for hour in range(28):
        world.clock.set(LATE + timedelta(days=7, hours=hour))
        await schedules.note(world.ports, "schedule:reconcile")
        await schedules.check_schedules(world.ports)
        assert (await opened(world.state) == {}) == (hour <= 26)
