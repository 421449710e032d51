"""`client.backfill`: what is missing, and many slates through one coordinator."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.answers import Run
from client.backfill import Cell, backfill, missing, reparse
from shared.basketball.slate import Mode, days
from shared.errors import Transient
from shared.registries.pipeline import STEPS, before_grading, plan
from tests.unit.client.coordinator import FIRST, TARGET, Coordinator, run

STATUSES = ("pending", "running", "done", "degraded", "failed", "blocked")


async def fill(client: Coordinator, dates: list[date], **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - options
    """`backfill` by a fake."""
    return await backfill(
        client,  # type: ignore[arg-type]  # a fake
        dates,
        Mode.BACKFILL,
        [TARGET],
        observe=lambda _: None,
        every=0.0,
        **options,
    )


@given(
    st.dictionaries(
        st.integers(0, 3), st.dictionaries(st.sampled_from([*STEPS]), st.sampled_from(STATUSES)), max_size=4
    )
)
def test_the_missing_cells_are_exactly_those_not_done(found: dict[int, dict[str, str]]) -> None:
    """Every date x step of the plan is either done or degraded already, or listed once, in order."""
    dates = days(FIRST, FIRST + timedelta(days=3))
    runs = {dates[n]: run(dates[n], "failed", steps) for n, steps in found.items()}
    cells = missing(runs, dates, [TARGET])
    assert len(set(cells)) == len(cells)
    order = [step.name for step in plan([TARGET])]
    assert cells == sorted(cells, key=lambda cell: (cell.game_date, order.index(cell.step)))
    for number, day in enumerate(dates):
        for step in order:
            there = found.get(number, {}).get(step) in ("done", "degraded")
            assert (Cell(day, step) in cells) != there


@pytest.mark.parametrize("concurrency", [1, 2, 3])
async def test_concurrency_is_bounded(concurrency: int) -> None:
    """Never more slates at once than asked for."""
    client = Coordinator()
    await fill(client, days(FIRST, FIRST + timedelta(days=7)), concurrency=concurrency)
    assert client.most == concurrency


async def test_a_failed_slate_does_not_stop_the_others() -> None:
    """It is in the answer, with its reason; so is one whose run could not even be asked for."""
    dates = days(FIRST, FIRST + timedelta(days=3))
    client = Coordinator(broken=(dates[1],), unreachable=(dates[2],))
    nights = await fill(client, dates)
    assert [night["status"] for night in nights] == ["complete", "failed", "failed", "complete"]
    assert nights[2]["reasons"] == {"run": "the coordinator does not answer"}
    assert client.asked == [dates[0], dates[1], dates[3]]


async def test_a_slate_whose_answer_is_lost_is_asked_for_again() -> None:
    """Its run has begun: the clock must not move on before it has collected."""
    dates = days(FIRST, FIRST + timedelta(days=2))
    client = Coordinator(deaf=(dates[1],))
    nights = await fill(client, dates)
    assert [night["status"] for night in nights] == ["complete"] * 3
    assert client.asked == dates


class Grading(Coordinator):
    """Notes what is asked for, by round; `early` slates were graded too early until they are done again."""

    def __init__(
        self, *, broken: tuple[date, ...] = (), early: tuple[date, ...] = (), lost: tuple[date, ...] = ()
    ) -> None:
        super().__init__(broken=broken)
        self.early, self.lost = list(early), lost
        self.bodies: list[tuple[date, tuple[str, ...], tuple[str, ...]]] = []

    async def start_run(self, day: date, mode: str, **body: Any) -> Run:  # noqa: ANN401 - of a run
        """Begin a slate, or go on with it."""
        redo = tuple(body.pop("redo", ()))
        self.bodies.append((day, tuple(body["targets"]), redo))
        if day in self.lost and body["targets"] == ["export"]:
            raise Transient("the coordinator does not answer")
        if redo:
            self.early.remove(day)
        return await super().start_run(day, mode, **body | {"targets": [TARGET]})

    async def grid(self, **_: str) -> list[dict[str, Any]]:
        """One step of theirs is gone; one of another kind is nobody's business here."""
        gone = [(day, "grade") for day in self.early] + [(FIRST, "rosters")]
        return [{"game_date": str(day), "step": step, "status": "gone"} for day, step in gone]


async def graded(client: Coordinator, dates: list[date]) -> list[dict[str, Any]]:
    """`backfill` to the end, by a fake."""
    return await backfill(
        client,  # type: ignore[arg-type]  # a fake
        dates,
        Mode.BACKFILL,
        ["export"],
        observe=lambda _: None,
        every=0.0,
    )


async def test_slates_are_graded_once_all_are_published() -> None:
    """First as far as each gets without the others; one that failed there is not asked for more."""
    dates = days(FIRST, FIRST + timedelta(days=2))
    client = Grading(broken=(dates[1],))
    nights = await graded(client, dates)
    first = before_grading(["export"])
    assert client.bodies == [*((day, first, ()) for day in dates), *((dates[n], ("export",), ()) for n in (0, 2))]
    assert [night["status"] for night in nights] == ["complete", "failed", "complete"]


async def test_what_was_graded_too_early_is_graded_again() -> None:
    """A slate that failed last time is published now: those after it had graded without it."""
    dates = days(FIRST, FIRST + timedelta(days=2))
    client = Grading(early=(dates[2],))
    await graded(client, dates)
    assert client.bodies[-1] == (dates[2], ("export",), ("grade",))
    assert len(client.bodies) == 7


async def test_of_a_slate_lost_in_the_second_round_the_first_stays() -> None:
    """It has failed, with the reason; what it had published is in its summary."""
    [night] = await graded(Grading(lost=(FIRST,)), [FIRST])
    assert (night["status"], night["reasons"]) == ("failed", {"run": "the coordinator does not answer"})
    assert night["seconds"]


class Reading(Coordinator):
    """Keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[date, dict[str, object]] = {}

    async def start_run(self, day: date, mode: str, **body: object) -> Run:
        self.bodies[day] = {name: value for name, value in body.items() if name != "idempotency_key"}
        return await super().start_run(day, mode, **body | {"targets": [TARGET], "retrospective": True})


async def test_steps_are_read_from_the_archive_slate_by_slate() -> None:
    """Those of each slate and no others, from phase 2; what became of it is told as of a backfill."""
    steps = {FIRST: ["lines"], FIRST + timedelta(days=1): ["box_scores", "lines"]}
    client = Reading()
    nights = await reparse(client, steps, Mode.BACKFILL, observe=lambda _: None, every=0.0)  # type: ignore[arg-type]  # a fake
    assert [night["status"] for night in nights] == ["complete"] * 2
    assert client.bodies == {
        day: {"retrospective": True, "targets": names, "redo": names, "from_phase": 2} for day, names in steps.items()
    }


async def test_a_slate_of_today_is_not_read_again_as_one_of_the_past() -> None:
    """Its predictions are made as of now."""
    client, today = Reading(), FIRST + timedelta(days=1)
    steps = {FIRST: ["lines"], today: ["lines"]}
    await reparse(client, steps, Mode.BACKFILL, observe=lambda _: None, every=0.0, today=today)  # type: ignore[arg-type]  # a fake
    assert {day: body["retrospective"] for day, body in client.bodies.items()} == {FIRST: True, today: False}
