"""The pulse on fakes: what it begins, for which games, on what, and that it does so once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.alerts import raise_alert
from services.coordinator.pulse.plan import EVERY, LINES_BEFORE, MAX_TRIES, QUIET, SOON
from services.coordinator.pulse.pulse import _NEWS, PULSES, STANDING, Known, Pulse, part_of
from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.run import LOOK, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import StepRequested, decode
from shared.errors import Conflict, Transient
from shared.ports import Row
from shared.registries.pipeline import plan
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, failing, memory_ports, opened

DAY = date(2024, 3, 4)
SLATE = "2024-03-04.same_day"
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
"""19:30 Eastern."""
CUTOFF = TIP - timedelta(minutes=20)
LATE_TIP = TIP + timedelta(hours=3)
AFTERNOON = TIP - timedelta(hours=3)
MINUTE = timedelta(minutes=1)
AWAY = Transient("the bus is away")


class Night:
    """A pulse over two games, `a` at 19:30 and `b` at 22:30 Eastern."""

    def __init__(self, now: datetime = AFTERNOON, *changes: Row) -> None:
        games: list[Row] = [{"game_id": "a", "tip_utc": TIP}, {"game_id": "b", "tip_utc": LATE_TIP}]
        self.state, self.bus, self.clock = MemoryState(), RecordingBus(), FakeClock(now)
        self.found: list[Row] = list(changes)
        self.warehouse = AnsweringWarehouse(games_of_slate=games, changes=self.found)
        self.ports = memory_ports(clock=self.clock, bus=self.bus, state=self.state, warehouse=self.warehouse)
        self.pulse = Pulse(Engine(self.ports), self.ports)

    def put(self, part: str = "", status: RunStatus = RunStatus.COMPLETE, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
        """Store a run: the slate's own with all its steps done, or that of a part."""
        step = StepState(status=StepStatus.RUNNING if status is RunStatus.RUNNING else StepStatus.DONE, attempt=1)
        known = {
            "game_date": DAY, "mode": Mode.SAME_DAY, "generation": 1, "source": "test", "retrospective": False,
            "part": part, "targets": ("export",), "status": status, "created_at": self.clock.now(),
            "steps": {each.name: step for each in plan(["export"])},
        }  # fmt: skip
        run = Run.model_validate(known | fields)
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        return run

    def ends(self, part: str, status: RunStatus = RunStatus.COMPLETE) -> Run:
        """The run of a part as it was begun has ended so."""
        run = self.run(part).model_copy(update={"status": status, "finished_at": self.clock.now()})
        settled = StepStatus.FAILED if status is RunStatus.FAILED else StepStatus.DONE
        steps = {name: step.model_copy(update={"status": settled}) for name, step in run.steps.items()}
        return self.put(part, status, **run.model_copy(update={"steps": steps}).model_dump(exclude={"part", "status"}))

    def run(self, part: str) -> Run:
        """The run of a part."""
        return Run.model_validate(self.state.documents[RUNS, f"{SLATE}.{part}" if part else SLATE].data)

    def begun(self) -> list[str]:
        """The ids of the runs whose steps were asked for, in order."""
        asked = [decode(data) for _, data, _ in self.bus.published]
        return list(dict.fromkeys(each.run_id for each in asked if isinstance(each, StepRequested)))

    def known(self) -> Known:
        """What is noted of the day."""
        return Known.model_validate(self.state.documents[PULSES, str(DAY)].data)

    async def beat(self, now: datetime | None = None) -> list[str]:
        """One pulse; returns the runs that it began."""
        before = len(self.begun())
        if now is not None:
            self.clock.set(now)
        await self.pulse.beat()
        return self.begun()[before:]


def ready(now: datetime = AFTERNOON, *changes: Row) -> Night:
    """A night whose slate has its own run."""
    night = Night(now, *changes)
    night.put()
    return night


def change(game: str, seen_at: datetime = AFTERNOON, **values: object) -> Row:
    """A status that has become known."""
    known: Row = {"player_name": "Bos Elm", "was": None, "became": "Out", "known_at": AFTERNOON, "quotes": None}
    return known | {"game_id": game, "seen_at": seen_at} | values


async def test_it_waits_for_the_slates_own_run() -> None:
    """Before the run is due nothing is asked for; then it is, once in five minutes."""
    night = Night(datetime(2024, 3, 4, 15, 59, tzinfo=UTC))
    beat = await night.pulse.beat()
    assert (beat.next_at - night.clock.now(), beat.did, night.begun()) == (SOON, [], [])
    assert await night.beat(datetime(2024, 3, 4, 16, tzinfo=UTC)) == [f"{SLATE}.1"]
    assert night.known().next_at == night.clock.now() + EVERY
    assert await night.beat(night.clock.now() + EVERY) == []
    assert night.known().next_at == night.clock.now() + SOON


@pytest.mark.parametrize("step", ["schedule", "ml_feature_store"])
async def test_a_slates_run_that_failed_is_asked_for_again(step: str) -> None:
    """A pass cannot stand on it: neither without the steps it takes from it, nor without features."""
    night = ready()
    run = night.run("")
    steps = {**run.steps, step: StepState(status=StepStatus.FAILED, attempt=1)}
    night.put(**run.model_copy(update={"steps": steps}).model_dump(exclude={"part", "status"}), status=RunStatus.FAILED)
    beat = await night.pulse.beat()
    assert beat.did == [f"asked for {SLATE}"]
    assert night.run("").steps[step].attempt == 2


async def test_on_a_day_without_games_to_come_it_is_quiet() -> None:
    """Neither the slate's run nor anything else is asked for."""
    night = Night(LATE_TIP)
    beat = await night.pulse.beat()
    assert (beat.next_at, beat.did, night.begun()) == (LATE_TIP + QUIET, [], [])


async def test_before_the_next_is_due_nothing_is_read_but_the_note() -> None:
    """Whoever fires every minute costs nothing."""
    night = ready()
    first = await night.pulse.beat()
    night.warehouse.asked.clear()
    night.clock.set(first.next_at - timedelta(seconds=1))
    again = await night.pulse.beat()
    assert (again.next_at, again.did, night.warehouse.asked) == (first.next_at, [], [])


async def test_a_look_is_a_run_of_its_own() -> None:
    """At the injuries alone while no look at lines is due; on what the slate's run has done."""
    night = ready()
    assert await night.beat() == [f"{SLATE}.{LOOK}.1"]
    look = night.run(LOOK)
    assert (look.games, look.final, look.stands_on, list(look.steps)) == ((), False, STANDING, ["injuries"])
    assert look.source == "pulse"


async def test_a_look_at_lines_is_at_the_games_that_it_is_due_for() -> None:
    """Once each."""
    night = ready(CUTOFF - LINES_BEFORE[0])
    assert await night.beat() == [f"{SLATE}.{LOOK}.1"]
    look = night.run(LOOK)
    assert (look.games, list(look.steps)) == (("a",), list(_NEWS))
    night.ends(LOOK)
    assert await night.beat(night.clock.now() + EVERY) == [f"{SLATE}.{LOOK}.2"]
    assert (night.run(LOOK).games, list(night.run(LOOK).steps)) == ((), ["injuries"])


@pytest.mark.parametrize(("left", "looks"), [(0, 0), (30 * 80 * 5, 1), (None, 2), (30 * 80 * 8, 4)])
async def test_the_days_looks_at_lines_are_planned_once(left: int | None, looks: int) -> None:
    """By what the slate's own run found to be left of the credits."""
    night = Night()
    counts = {} if left is None else {"credits_left": left, "credits_needed": 80}
    done = StepState(status=StepStatus.DONE, attempt=1)
    night.put(
        steps={each.name: done for each in plan(["export"])} | {"lines": done.model_copy(update={"counts": counts})}
    )
    await night.beat()
    assert night.known().looks == LINES_BEFORE[:looks]
    night.put()
    await night.beat(night.clock.now() + EVERY)
    assert night.known().looks == LINES_BEFORE[:looks]


async def test_while_a_look_is_at_work_no_other_is_begun() -> None:
    """It would take the first one's place."""
    night = ready()
    await night.beat()
    assert await night.beat(night.clock.now() + EVERY) == []
    night.ends(LOOK)
    assert await night.beat(night.clock.now() + EVERY) == [f"{SLATE}.{LOOK}.2"]


async def test_news_has_the_games_that_it_touches_predicted_again() -> None:
    """No others; with the reason, on what the slate's run and the look have done."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    await night.pulse.news(night.ends(LOOK))
    run = night.run("news-a")
    assert (run.games, run.why, run.final) == (("a",), "Bos Elm out since 16:30", False)
    assert run.stands_on == (*STANDING, *_NEWS)
    assert "injuries" not in run.steps
    assert [step for step, state in run.steps.items() if state.status is StepStatus.RUNNING] == [
        "upcoming_player_game_context"
    ]
    assert ("changes", {"game_date": DAY, "mode": "same_day", "now": AFTERNOON}) in night.warehouse.asked


async def test_a_look_that_finds_nothing_begins_nothing() -> None:
    """And is not asked about again."""
    night = ready()
    await night.beat()
    look = night.ends(LOOK)
    for _ in range(2):
        await night.pulse.news(look)
    assert night.begun() == [f"{SLATE}.{LOOK}.1"]
    assert [name for name, _ in night.warehouse.asked].count("changes") == 1


async def test_one_look_is_acted_on_once() -> None:
    """However often its end is told."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    look = night.ends(LOOK)
    for _ in range(3):
        await night.pulse.news(look)
    assert night.run("news-a").generation == 1


async def test_news_of_a_game_whose_pass_is_at_work_waits_unless_it_was_seen_later() -> None:
    """The pass reads what was seen before it began; what was seen since has it begin anew."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    await night.pulse.news(night.ends(LOOK))
    for seen_at, generation in ((AFTERNOON, 1), (AFTERNOON + timedelta(seconds=1), 2)):
        night.found[:] = [change("a", seen_at)]
        await night.beat(night.clock.now() + EVERY)
        await night.pulse.news(night.ends(LOOK))
        assert night.run("news-a").generation == generation


async def test_several_games_are_passed_together() -> None:
    """The part is the same for the same games, whatever the order."""
    night = ready(AFTERNOON, change("b"), change("a"), change("b", quotes=3, player_name=None))
    await night.beat()
    await night.pulse.news(night.ends(LOOK))
    assert part_of(["a", "b"]) == part_of(["b", "a"]) != part_of(["a", "c"])
    assert night.run(part_of(["a", "b"])).games == ("a", "b")


async def test_a_final_pass_is_made_at_the_cutoff_and_collects_for_itself() -> None:
    """As of the cutoff; once, whatever it says in the end but failed."""
    night = ready(CUTOFF)
    assert f"{SLATE}.final-a.1" in await night.beat()
    run = night.run("final-a")
    assert (run.games, run.final, run.why, run.stands_on) == (("a",), True, "", STANDING)
    assert [name for name, step in run.steps.items() if step.status is StepStatus.RUNNING] == list(_NEWS)
    night.ends("final-a", RunStatus.DEGRADED)
    for minute in range(1, 20):
        assert f"{SLATE}.final-a.2" not in await night.beat(CUTOFF + minute * MINUTE)


@pytest.mark.parametrize(("last", "left"), [(RunStatus.COMPLETE, set()), (RunStatus.DEGRADED, {SLATE, "final-2-x"})])
async def test_complete_final_passes_make_good_what_was_short_before(last: RunStatus, left: set[str]) -> None:
    """Once every game has one: the alerts of the slate's run and its passes are over, and no others."""
    night = ready(CUTOFF)
    for scope in (SLATE, f"{SLATE}.final-2-x", f"{DAY}.overnight"):
        await raise_alert(night.ports, "run_degraded", scope, "lines: 403")
    await raise_alert(night.ports, "credits_low", SLATE, "0 left")
    await night.beat()
    night.ends("final-a")
    late = LATE_TIP - timedelta(minutes=20)
    await night.beat(late)
    assert len(await opened(night.state)) == 4  # the late game's is at work
    night.ends("final-b", last)
    await night.beat(late + MINUTE)
    found = {
        name.removeprefix(f"run_degraded {SLATE}.").removeprefix("run_degraded ") for name in await opened(night.state)
    }
    assert found == {f"{DAY}.overnight", f"credits_low {SLATE}", *left}


async def test_a_failed_final_pass_is_asked_for_three_times() -> None:
    """As soon as it has failed, until the tip-off; also where no other game is left."""
    night = ready(LATE_TIP - timedelta(minutes=20))
    begun = []
    for minute in range(20):
        begun += await night.beat(LATE_TIP - (20 - minute) * MINUTE)
        if minute % 3 == 2 and night.run("final-b").status is RunStatus.RUNNING:
            night.ends("final-b", RunStatus.FAILED)
    assert begun == [f"{SLATE}.final-b.{n}" for n in range(1, MAX_TRIES + 1)]


async def test_a_pass_for_news_is_no_final_pass() -> None:
    """Each goes on by itself: the one that began earlier takes nothing from the final one."""
    night = ready(CUTOFF - MINUTE, change("a"))
    await night.beat()
    await night.pulse.news(night.ends(LOOK))
    assert f"{SLATE}.final-a.1" in await night.beat(CUTOFF)
    assert (night.run("final-a").final, night.run("news-a").final) == (True, False)
    assert night.run("news-a").status is RunStatus.RUNNING


async def test_a_pass_that_failed_is_made_again_with_its_reason() -> None:
    """Its news counts as served by then; until the cutoff, and not once a newer pass has stood."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    await night.pulse.news(night.ends(LOOK))
    why = night.run("news-a").why
    night.found[:] = []
    for generation in (2, 3):
        night.ends("news-a", RunStatus.FAILED)
        await night.beat(night.clock.now() + EVERY)
        await night.pulse.news(night.ends(LOOK))
        assert (night.run("news-a").generation, night.run("news-a").why) == (generation, why)
    night.ends("news-a", RunStatus.DEGRADED)
    await night.beat(night.clock.now() + EVERY)
    await night.pulse.news(night.ends(LOOK))
    night.ends("news-a", RunStatus.FAILED)
    await night.beat(CUTOFF)
    await night.pulse.news(night.ends(LOOK))
    assert night.run("news-a").generation == 3


async def test_two_pulses_at_once_begin_nothing_twice() -> None:
    """Of those who have read the same note one writes; whoever comes later finds nothing due."""
    night = ready(CUTOFF)
    both = asyncio.Event()
    waiting: list[str] = []

    async def together(operation: str) -> None:
        if operation == "get" and len(waiting) < 2:
            waiting.append(operation)
            if len(waiting) == 2:
                both.set()
            await both.wait()

    night.state.before = together
    await asyncio.gather(night.pulse.beat(), Pulse(Engine(night.ports), night.ports).beat())
    assert sorted(night.begun()) == [f"{SLATE}.final-a.1", f"{SLATE}.{LOOK}.1"]
    assert night.known().finals == {"a": 1}


@pytest.fixture
def crashed() -> Night:
    """A night whose bus is away at first: what is noted is not sent, nor even stored."""
    night = ready(CUTOFF, change("b"))
    night.state.before = failing(AWAY, "create", lambda call: call == 2)  # the first is the note
    return night


async def test_a_crash_between_note_and_request_loses_no_final_pass(crashed: Night) -> None:
    """The next pulse finds that it was asked for and never begun."""
    with pytest.raises(Transient):
        await crashed.pulse.beat()
    assert (crashed.known().finals, crashed.begun()) == ({"a": 1}, [])
    assert await crashed.beat(CUTOFF + MINUTE) == [f"{SLATE}.final-a.1"]


async def test_a_crash_between_note_and_request_loses_no_news() -> None:
    """What differs from what was served is found again by the next look."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    look = night.ends(LOOK)
    night.state.before = failing(AWAY, "create")
    with pytest.raises(Transient):
        await night.pulse.news(look)
    night.state.before = MemoryState().before
    await night.beat(night.clock.now() + EVERY)
    await night.pulse.news(night.ends(LOOK))
    assert night.run("news-a").generation == 1


async def test_news_that_meets_a_pulse_is_judged_anew() -> None:
    """What the other has noted stays; after five times it is given back."""
    night = ready(AFTERNOON, change("a"))
    await night.beat()
    look = night.ends(LOOK)
    night.state.before = failing(Conflict("moved"), "compare_and_set", lambda call: call == 1)
    await night.pulse.news(look)
    assert night.run("news-a").generation == 1
    assert (night.known().judged, night.known().passes) == (look.run_id, ("news-a",))
    night.state.before = failing(Conflict("moved"), "compare_and_set")
    with pytest.raises(Conflict, match="too many at once"):
        await night.pulse.news(look.model_copy(update={"generation": 2}))
