"""What every route has in common: roles, limits, parts of lists, changes that happen once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.api.once import COLLECTION, KEPT, WORKING
from services.coordinator.api.route import Body, Query
from services.coordinator.runs.engine import OPEN
from services.coordinator.runs.run import RunStatus
from shared.errors import Transient
from shared.registries.keys import Role
from tests.unit.coordinator.memory import failing
from tests.unit.coordinator.routes import DAY, KEY, NOON, RUN_KEY, World
from tests.unit.shared.places import SCHEDULES_KEY, VIEWER_KEY

VIEWER, SCHEDULES = {"X-API-Key": VIEWER_KEY}, {"X-API-Key": SCHEDULES_KEY}
ONCE = KEY | {"Idempotency-Key": "a"}


def test_every_route_says_what_it_does_and_forbids_what_it_does_not_know() -> None:
    """Readings are for viewers, changes for no less than operators."""
    for route in World().routes:
        assert route.summary.endswith("."), route.path
        assert issubclass(route.query, Query)
        assert route.query.model_config["extra"] == "forbid"
        assert (route.method == "GET") or route.role.covers(Role.OPERATOR)
        assert route.body is None or issubclass(route.body, Body)


async def test_a_viewer_reads_and_changes_nothing() -> None:
    """403 names both roles."""
    world = World()
    assert (await world.call("GET", "/v1/runs", headers=VIEWER))[0] == 200
    status, answer = await world.call("POST", "/v1/runs", {}, VIEWER)
    assert (status, answer["error"]) == (403, "viewer is viewer, this takes operator")
    assert (await world.call("GET", "/v1/keys", headers=VIEWER))[0] == 403
    assert world.state.documents == {}


async def test_only_the_schedules_credential_names_a_schedule() -> None:
    """Whoever has another cannot make a silent schedule look alive."""
    for path in ("/v1/runs", "/v1/reconcile"):
        world = World()
        status, answer = await world.call("POST", path, {"schedule": "overnight"})
        assert (status, answer["error"]) == (403, "tests may not ask as a schedule")
        assert world.state.documents == {}
    assert (await World().call("POST", "/v1/runs", {"schedule": "overnight"}, SCHEDULES))[0] == 202


async def test_who_asks_too_fast_waits_and_others_do_not() -> None:
    """Ten seconds' worth at once, by caller; schedules are never refused."""
    world = World(NOON, {"per_second": 0.5})
    statuses = [(await world.call("GET", "/v1/"))[0] for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert (await world.call("GET", "/v1/", headers=VIEWER))[0] == 200
    assert [(await world.call("GET", "/v1/", headers=SCHEDULES))[0] for _ in range(6)] == [200] * 6


async def test_a_list_comes_in_parts() -> None:
    """Each says where the next is, the last does not; together they are the whole."""
    world = World(models=[{"n": n} for n in range(5)])
    found: list[Any] = []
    path: str | None = "/v1/models?mode=same_day&limit=2"
    parts = 0
    while path is not None:
        response = await world.answer("GET", path)
        found += response.json
        path, parts = response.following, parts + 1
    assert (found, parts) == ([{"n": n} for n in range(5)], 3)


async def test_more_runs_than_may_be_at_work_are_refused() -> None:
    """Those at work may be asked for again, schedules are served, and when one has ended there is room."""
    world = World(NOON, {"active_runs": 2})
    days = [str(DAY - timedelta(days=n)) for n in range(4)]
    asked = await asyncio.gather(*(world.call("POST", "/v1/runs", {"game_date": day}) for day in days))
    assert sorted(status for status, _ in asked) == [202, 202, 429, 429]
    refused = [day for day, (status, _) in zip(days, asked, strict=True) if status == 429]
    for day in set(days) - set(refused):
        assert (await world.call("POST", "/v1/runs", {"game_date": day}))[0] == 202
    assert (await world.call("POST", "/v1/runs", {"game_date": refused[0]}, SCHEDULES))[0] == 202
    assert len(world.bus.published) == 3
    for id_ in [document.id for document in await world.state.list(OPEN)]:
        await world.state.delete(OPEN, id_)
    assert (await world.call("POST", "/v1/runs", {"game_date": refused[1]}))[0] == 202


async def test_a_change_under_one_key_happens_once() -> None:
    """The second asking gets the first's answer, status and all; another key begins the next generation."""
    world = World()
    world.put(targets=("schedule",), status=RunStatus.COMPLETE)
    body = {"force": True, "targets": ["schedule"]}
    first = await world.call("POST", "/v1/runs", body, ONCE)
    assert (first[0], first[1]["generation"]) == (202, 2)
    assert await world.call("POST", "/v1/runs", body, ONCE) == first
    assert (await world.call("POST", "/v1/runs", body, ONCE | {"Idempotency-Key": "b"}))[1]["generation"] == 3
    status, answer = await world.call("POST", "/v1/runs", {}, ONCE)
    assert (status, answer["error"]) == (422, "the Idempotency-Key was given for another request")
    assert (await world.call("POST", "/v1/runs", body, SCHEDULES | {"Idempotency-Key": "a"}))[1]["generation"] == 4


async def test_what_failed_may_be_asked_for_again() -> None:
    """Nothing is kept of it."""
    world = World()
    world.bus.before = failing(Transient("the bus is away"), "publish")
    assert (await world.call("POST", "/v1/runs", {}, ONCE))[0] == 503
    world.bus.before = failing(Transient("the bus is away"), "nothing")
    assert (await world.call("POST", "/v1/runs", {}, ONCE))[0] == 202
    assert (await world.call("POST", "/v1/runs", {}, ONCE | {"Idempotency-Key": "two words"}))[0] == 400


async def test_a_request_at_work_is_not_done_beside_itself() -> None:
    """409, until whoever is at it must have died."""
    world = World()
    await world.call("POST", "/v1/runs", {}, ONCE)
    (document,) = await world.state.list(COLLECTION)
    left = {name: value for name, value in document.data.items() if name in ("what", "at")}
    world.state._put(COLLECTION, document.id, left)
    assert (await world.call("POST", "/v1/runs", {}, ONCE))[0] == 409
    world.clock.set(world.clock.now() + WORKING)
    assert (await world.call("POST", "/v1/runs", {}, ONCE))[0] == 202


async def test_keys_are_forgotten_after_the_next_day() -> None:
    """The hourly round sees to it, however many there are; until then a key is known on either day."""
    world = World()
    first = await world.call("POST", "/v1/runs", {"force": True}, ONCE)
    world.clock.set(world.clock.now() + KEPT)
    await world.once.sweep()
    assert await world.call("POST", "/v1/runs", {"force": True}, ONCE) == first
    for number in range(45):
        world.state._put(COLLECTION, f"2024-03-04.{number:04d}", {})
    world.clock.set(world.clock.now() + KEPT)
    await world.once.sweep()
    assert await world.state.list(COLLECTION) == []


async def test_an_answer_that_cannot_be_kept_is_not_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too long, or the store fails after the change: who asks again is told, and nothing is done again."""
    world = World()
    monkeypatch.setattr("services.coordinator.api.once._MAX_ANSWER_BYTES", 10)
    assert (await world.call("POST", "/v1/runs", {"force": True}, ONCE))[1]["generation"] == 1
    status, answer = await world.call("POST", "/v1/runs", {"force": True}, ONCE)
    assert (status, answer["error"]) == (409, "the request was performed, and its answer was too long to keep")
    other = ONCE | {"Idempotency-Key": "b"}
    world.state.before = failing(Transient("away"), "compare_and_set", lambda call: call == 3)  # run, sent, answer
    assert (await world.call("POST", "/v1/runs", {"force": True}, other))[1]["generation"] == 2
    assert (await world.call("POST", "/v1/runs", {"force": True}, other))[0] == 409
    assert (await world.call("GET", "/v1/runs"))[1][0]["generation"] == 2


async def test_a_run_is_open_until_it_has_ended() -> None:
    """So that looking after what is at work reads nothing else."""
    world = World()
    await world.call("POST", "/v1/runs", {})
    assert [document.id for document in await world.state.list(OPEN)] == [RUN_KEY]


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 10_000 + b"]" * 10_000, b"\xff\xfe", b'{"days": 1e400}'])
async def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    """400; ten thousand brackets are no recursion of ours."""
    assert (await World().call("POST", "/v1/reconcile", body))[0] == 400


async def test_a_long_body_is_refused() -> None:
    """413, by the app's own limit."""
    assert (await World().call("POST", "/v1/reconcile", b" " * 200_000))[0] == 413
