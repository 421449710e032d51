"""`client.bootstrap`: what is asked of a coordinator, in which order, and what is said of it in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from client import bootstrap as module
from client.answers import Run, Step
from client.bootstrap import Wish, bootstrap, first_day
from client.runs import Observer
from shared.basketball.slate import Mode
from shared.errors import Transient
from shared.registries.pipeline import plan

TODAY = date(2024, 11, 20)
BEGUN = date(2024, 10, 22)
DATES = [BEGUN + timedelta(days=n) for n in range(0, 28, 2)]
"""The last is the 17th of November."""
HOLE = DATES[9]
READY = [day for day in DATES if day >= BEGUN + timedelta(days=module.FIRST_DAYS)]


class Coordinator:
    """A client whose coordinator ends every run at the first look, but for `broken` slates; keeps what is asked."""

    def __init__(self, *, broken: tuple[date, ...] = (), history: str = "complete", models: bool = True) -> None:
        self.broken = broken
        self.history = history
        self.has_models = models
        self.asked: list[tuple[date, str, tuple[str, ...]]] = []
        self.known: dict[tuple[date, str], Run] = {}
        self.models: list[dict[str, Any]] = []
        self.slow = 0
        """Looks at the history that find nothing yet."""

    async def would_start(self, day: date | None, mode: str, **_: object) -> dict[str, Any]:
        assert (day, mode) == (None, "backfill")
        return {"run": {"game_date": str(TODAY)}}

    async def start_run(self, day: date, mode: str, **body: Any) -> Run:  # noqa: ANN401 - a request's
        assert body["retrospective"] is True
        targets = tuple(body["targets"])
        assert ("retrain" in body) == (targets == ("train",))
        self.asked.append((day, mode, targets))
        status = self.history if targets == ("box_scores",) else "failed" if day in self.broken else "complete"
        named = {"complete": "done", "failed": "failed"}[status]
        counts = {"requests": 3, "credits_needed": 2}
        steps: dict[str, Step] = {
            step.name: {
                "status": named, "attempt": 1, "reason": "why" if named == "failed" else "", "seconds": 1.0,
                "counts": counts if step.name == "schedule" else {}, "evidence": None,
            }
            for step in plan(targets)
        }  # fmt: skip
        run: Run = {
            "id": f"{day}.{mode}", "run_id": f"{day}.{mode}.1", "game_date": str(day), "mode": mode, "status": status,
            "generation": 1, "source": "test", "created_at": "2024-11-20T12:00:00+00:00", "steps": steps,
        }  # fmt: skip
        self.known[day, mode] = run
        if targets == ("train",):
            self.models += [
                {"system": name, "status": "champion", "game_date": str(day), "mode": mode}
                for name in (("boosted", "similarity", "ensemble") if self.has_models else ())
            ]
            steps["train"]["reason"] = "market_residual: no lines" if self.has_models else "nothing trained"
        return run

    async def run(self, key: str) -> Run:
        day, _, mode = key.partition(".")
        return self.known[date.fromisoformat(day), mode]

    async def runs(self, *, first: str, last: str, mode: str) -> list[Run]:
        assert date.fromisoformat(last) - date.fromisoformat(first) < timedelta(days=400)
        return [run for (day, name), run in self.known.items() if name == mode and first <= str(day) <= last]

    async def get(self, path: str, **query: str) -> list[dict[str, Any]]:
        if path == "models":
            return [row for row in self.models if row["mode"] == query["mode"]]
        assert path == "slates"
        return [
            {"game_date": str(day), "games_expected": 5, "games_collected": 3 if day == HOLE else 5}
            for day in DATES
            if query["first"] <= str(day) <= query["last"]
        ]


@contextmanager
def silent(_title: str, _total: int) -> Iterator[Observer]:
    yield lambda _: None


async def ask(client: Coordinator, *modes: Mode, **wish: Any) -> dict[str, Any]:  # noqa: ANN401 - a wish's
    chosen = Wish(1, modes or (Mode.OVERNIGHT,), every=0.0, **wish)
    return await bootstrap(client, chosen, silent)  # type: ignore[arg-type]  # a fake


async def test_history_then_features_then_training() -> None:
    """Tonight's own runs are left alone: history is a backfill's, and training is as of the last past slate."""
    client = Coordinator()
    report = await ask(client, Mode.SAME_DAY, Mode.OVERNIGHT)
    assert client.asked[0] == (TODAY, "backfill", ("box_scores",))
    rest = client.asked[1:]
    for mode, part in (("same_day", rest[: len(rest) // 2]), ("overnight", rest[len(rest) // 2 :])):
        assert sorted(part[:-1]) == [(day, mode, ("ml_feature_store",)) for day in READY]
        assert part[-1] == (READY[-1], mode, ("train",))
    assert not [each for each in client.asked if each[0] == TODAY and each[1] != "backfill"]
    assert report["status"] == "complete"


async def test_the_report_says_what_is_missing_and_what_it_cost() -> None:
    """Games without a box score by date, systems without a model, requests, credits."""
    report = await ask(Coordinator())
    assert report["holes"] == {str(HOLE): 2}
    [mode] = report["modes"]
    assert (mode["slates"], mode["made"], mode["failed"]) == (len(READY), len(READY), {})
    assert mode["trained"] == dict.fromkeys(("boosted", "similarity", "ensemble"), "champion")
    assert mode["without"] == ["market_residual"]
    assert mode["note"] == "market_residual: no lines"
    assert report["requests"] == 3 * (1 + len(READY))
    assert report["credits"] == 2 * (1 + len(READY))


async def test_asked_again_it_does_only_what_is_missing() -> None:
    """A slate that failed is tried again, and models are made anew only if there is more to learn from."""
    client = Coordinator(broken=(READY[1],))
    first = await ask(client)
    assert (first["status"], list(first["modes"][0]["failed"])) == ("degraded", [str(READY[1])])
    assert first["modes"][0]["failed"][str(READY[1])] == dict.fromkeys(
        [step.name for step in plan(["ml_feature_store"])], "why"
    )
    client.asked.clear()
    client.broken = ()
    await ask(client)
    assert client.asked[1:] == [
        (READY[1], "overnight", ("ml_feature_store",)), (READY[-1], "overnight", ("train",)),
    ]  # fmt: skip
    client.asked.clear()
    third = await ask(client)
    assert [targets for _, _, targets in client.asked] == [("box_scores",)]
    assert third["modes"][0]["trained"]


async def test_without_a_history_nothing_else_is_tried() -> None:
    """The report says why."""
    client = Coordinator(history="failed")
    report = await ask(client)
    assert (report["status"], report["modes"]) == ("failed", [])
    assert report["history"]["reasons"]["schedule"] == "why"
    assert len(client.asked) == 1


async def test_too_little_to_learn_from_is_said() -> None:
    """Every learned system goes without, and the step's own words say why."""
    report = await ask(Coordinator(models=False))
    [mode] = report["modes"]
    assert mode["without"] == ["similarity", "boosted", "market_residual", "ensemble"]
    assert mode["note"] == "nothing trained"


async def test_the_last_slate_can_be_named() -> None:
    """No later one is made, nor trained for."""
    client = Coordinator()
    await ask(client, until=READY[2])
    assert {day for day, mode, _ in client.asked if mode == "overnight"} == set(READY[:3])


async def test_a_history_that_takes_hours_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each quarter of an hour counts; in the end it is given up."""
    looks: list[str] = []

    async def hang(_client: object, run: Run, *_: object, **__: object) -> Run:
        looks.append(run["id"])
        raise Transient("did not end in 900 s")

    monkeypatch.setattr(module, "follow", hang)
    with pytest.raises(Transient, match="did not end"):
        await ask(Coordinator())
    assert looks == [f"{TODAY}.backfill"] * module.PATIENCE


def test_a_season_begins_in_august() -> None:
    """So many seasons, the one of the last slate included."""
    assert [first_day(TODAY, seasons) for seasons in (1, 3)] == [date(2024, 8, 1), date(2022, 8, 1)]
    assert first_day(date(2024, 7, 31), 1) == date(2023, 8, 1)
