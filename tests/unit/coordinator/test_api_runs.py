"""Keys and runs over HTTP: status, body and what is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.api.answers import public
from services.coordinator.runs.run import Outgoing, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Permanent, TipoffError, Transient
from tests.unit.coordinator.memory import failing
from tests.unit.coordinator.routes import DAY, KEY, NOON, RUN_KEY, World
from tests.unit.shared.places import API_KEY, SCHEDULES_KEY


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "credentials are missing"),
        ({"X-API-Key": ""}, "API key is wrong"),
        ({"Authorization": f"Bearer {API_KEY}"}, "credentials are wrong"),
        ({"X-API-Key": "wrong"}, "API key is wrong"),
        ({"X-API-Key": f"{API_KEY},"}, "API key is wrong"),
        ({"X-API-Key": f"tipoff_{'0' * 16}_{API_KEY[-43:]}"}, "API key is wrong"),
        ({"X-API-Key": f"{API_KEY[:-43]}{'x' * 43}"}, "API key is wrong"),
    ],
)
async def test_f35_without_a_known_key_nothing_happens(headers: dict[str, str], error: str) -> None:
    """401 with the remedy."""
    world = World()
    status, body = await world.call("POST", "/v1/runs", {"game_date": "2024-03-04"}, headers)
    assert (status, body["error"]) == (401, error)
    assert "X-API-Key" in body["remedy"]
    assert world.state.documents == {}


async def test_without_a_key_no_secret_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends none is told so, whatever ails the secrets, and learns nothing of them."""

    async def away(*_: object) -> None:
        raise Transient("secrets of project p: away")

    monkeypatch.setattr(EnvironmentSecrets, "get", away)
    status, body = await World().call("GET", "/v1/runs", headers={})
    assert (status, body["error"]) == (401, "credentials are missing")


async def test_what_is_outside_of_v1_needs_no_key() -> None:
    """An unknown path is answered with 404, by method and path."""
    world = World()
    for path in ("/v2/runs", "/v1"):
        assert await world.call("GET", path, headers={}) == (
            404, {"error": f"GET {path}: Not Found", "remedy": "see docs/coordinator.md"}
        )  # fmt: skip
    assert (await world.call("GET", "/v1/nothing", headers={}))[0] == 404
    assert await world.call("DELETE", "/v1/runs") == (
        405, {"error": "DELETE /v1/runs: Method Not Allowed", "remedy": "see docs/coordinator.md"}
    )  # fmt: skip


async def test_trouble_that_may_pass_is_503_and_what_will_not_400() -> None:
    """With a remedy each."""
    world = World()
    world.state.before = failing(Transient("the store is away"), "get", lambda call: call > 1)  # the first is the key's
    assert await world.call("GET", f"/v1/runs/{RUN_KEY}") == (
        503, {"error": "the store is away", "remedy": "try again shortly"}
    )  # fmt: skip
    assert await World().call("GET", "/v1/models?mode=weekly") == (
        400,
        {
            "error": "mode: Input should be 'overnight', 'same_day', 'tomorrow', 'manual' or 'backfill'",
            "remedy": "",
        },
    )


@pytest.mark.parametrize(
    "error",
    [
        Transient("Firestore secret-project/(default) is away"),
        Permanent("cannot read /srv/secret-project/.env: remedy"),
    ],
)
async def test_strangers_learn_nothing_from_an_outage(error: TipoffError) -> None:
    """While nobody can say who asks, all are answered the same 503; what is wrong is for the log."""
    world = World()
    world.state.before = failing(error, "get")
    for headers in (KEY, {"X-API-Key": f"tipoff_{'0' * 16}_{'x' * 43}"}):
        assert await world.call("GET", "/v1/runs", headers=headers) == (
            503, {"error": "who asks cannot be found out at present", "remedy": "try again shortly"}
        )  # fmt: skip


async def test_a_request_for_a_run_is_accepted_with_all_its_fields() -> None:
    """202 and the run; the request went out."""
    world = World()
    body = {
        "game_date": "2024-03-03", "mode": "same_day", "schedule": "same-day", "targets": ["box_scores"],
        "retrospective": True, "retrain": True,
    }  # fmt: skip
    status, run = await world.call("POST", "/v1/runs", body, {"X-API-Key": SCHEDULES_KEY})
    assert status == 202
    assert {name: run[name] for name in ("id", "run_id", "source", "targets", "retrospective", "retrain")} == {
        "id": "2024-03-03.same_day", "run_id": "2024-03-03.same_day.1", "source": "schedule:same-day",
        "targets": ["box_scores"], "retrospective": True, "retrain": True,
    }  # fmt: skip
    assert world.bus.sent() == ["2024-03-03.same_day.1/schedule/1"]
    assert [document.id for document in await world.state.list("schedule_fires")] == ["same-day"]


async def test_a_request_without_fields_is_for_todays_overnight_export() -> None:
    """As the key's name, live, nothing forced; tomorrow's date in mode `tomorrow`; the date is the Eastern one."""
    world = World(datetime(2024, 3, 5, 4, 59, tzinfo=UTC))
    _, run = await world.call("POST", "/v1/runs", {})
    assert (run["run_id"], run["source"], run["targets"]) == (f"{RUN_KEY}.1", "tests", ["export"])
    assert (run["retrospective"], run["retrain"], run["from_archive"]) == (False, False, False)
    assert (await world.call("POST", "/v1/runs", {"mode": "tomorrow"}))[1]["id"] == "2024-03-05.tomorrow"
    world.clock.set(datetime(2024, 3, 5, 5, tzinfo=UTC))
    assert (await world.call("POST", "/v1/runs", {}))[1]["id"] == "2024-03-05.overnight"


@pytest.mark.parametrize(
    ("more", "generation", "started"),
    [
        ({}, 1, []),
        ({"force": True}, 2, ["schedule"]),
        ({"from_phase": 1}, 2, ["schedule"]),
        ({"from_phase": 6}, 2, []),
        ({"redo": ["box_scores"]}, 2, ["box_scores"]),
    ],
)
async def test_a_run_that_is_done_is_done_again_as_asked(
    more: dict[str, Any], generation: int, started: list[str]
) -> None:
    """From the start, from a phase, or some steps of it."""
    world = World()
    steps = {name: StepState(status=StepStatus.DONE) for name in ("schedule", "box_scores")}
    world.put(steps=steps, targets=("box_scores",))
    _, run = await world.call("POST", "/v1/runs", {"targets": ["box_scores"], **more})
    assert (run["generation"], run["from_archive"]) == (generation, False)
    running = [name for name, step in run["steps"].items() if step["status"] == "running"]
    assert running == started


@pytest.mark.parametrize(
    ("body", "error", "remedy"),
    [
        (
            {"game_date": "2024-03-06"},
            "game_date 2024-03-06 is in the future: run at most tomorrow (today is 2024-03-04)",
            "run at most tomorrow (today is 2024-03-04)",
        ),
        ({"from_phase": 0}, "from_phase: Input should be greater than or equal to 1", ""),
        ({"from_phase": 7}, "from_phase: Input should be less than or equal to 6", ""),
        ({"source": "cli"}, "source: Extra inputs are not permitted", ""),
        ({"targets": ["export"] * 65}, "targets: Tuple should have at most 64 items after validation, not 65", ""),
        ({"redo": ["x" * 65]}, "redo.0: String should have at most 64 characters", ""),
        ({"game_date": 0}, "game_date: 0 is not a date: write it as YYYY-MM-DD", ""),
        ({"targets": []}, "targets: Tuple should have at least 1 item after validation, not 0", ""),
        ({"targets": [1]}, "targets.0: Input should be a valid string", ""),
        ({"forced": True}, "forced: Extra inputs are not permitted", ""),
        ([], "Input should be an object", ""),
    ],
)  # fmt: skip
async def test_a_bad_request_for_a_run_is_refused_in_words(body: object, error: str, remedy: str) -> None:
    """400, and nothing is written."""
    world = World()
    assert await world.call("POST", "/v1/runs", body) == (400, {"error": error, "remedy": remedy})
    assert (world.state.documents, world.bus.published) == ({}, [])


@pytest.mark.parametrize("field", ["targets", "redo"])
async def test_an_unknown_step_is_refused_before_anything_is_written(field: str) -> None:
    """Whether it is to be reached or done again."""
    world = World()
    status, answer = await world.call("POST", "/v1/runs", {field: ["exprot"]})
    assert (status, answer["error"].partition(":")[0]) == (400, "unknown step 'exprot'")
    assert world.state.documents == {}


async def test_tomorrow_may_be_asked_for() -> None:
    """The day after may not, see above."""
    assert (await World().call("POST", "/v1/runs", {"game_date": "2024-03-05"}))[0] == 202


async def test_a_dry_run_says_what_would_start_and_writes_nothing() -> None:
    """Of the run as it stands."""
    world = World()
    status, answer = await world.call("POST", "/v1/runs", {"dry_run": True})
    assert (status, answer["dry_run"], answer["starts"]) == (200, True, [f"{RUN_KEY}.1/schedule/1"])
    assert (answer["run"]["id"], world.state.documents, world.bus.published) == (RUN_KEY, {}, [])
    world.put()
    before = dict(world.state.documents)
    _, answer = await world.call("POST", "/v1/runs", {"dry_run": True, "force": True})
    assert (answer["starts"], answer["run"]["run_id"]) == ([f"{RUN_KEY}.2/schedule/1"], f"{RUN_KEY}.2")
    assert world.state.documents == before


async def test_runs_are_listed_by_window_and_mode() -> None:
    """Those of 400 days up to tomorrow where nothing is asked; both ends belong to a window, each end may be open."""
    world = World(NOON + timedelta(days=1))
    days = [DAY + timedelta(days=n) for n in range(3)]
    world.put(DAY - timedelta(days=400))
    for day in days:
        world.put(day)
        world.put(day, Mode.SAME_DAY)

    async def ids(query: str) -> list[str]:
        return [run["id"] for run in (await world.call("GET", f"/v1/runs{query}"))[1]]

    assert len(await ids("")) == 6
    assert await ids("?mode=same_day&first=2024-03-05") == ["2024-03-05.same_day", "2024-03-06.same_day"]
    assert await ids("?last=2024-03-04") == ["2024-03-04.overnight", "2024-03-04.same_day"]
    assert await ids("?first=2024-03-05&last=2024-03-05&mode=overnight") == ["2024-03-05.overnight"]


async def test_which_slate_is_meant() -> None:
    """The latest that was run to its predictions, or of a date and a mode; where none is, those next to it."""
    world = World(NOON + timedelta(days=1))
    world.put()
    world.put(DAY, Mode.SAME_DAY, created_at=NOON + timedelta(hours=1))
    world.put(DAY + timedelta(days=1), steps={})

    async def slate(query: str) -> Any:  # noqa: ANN401 - JSON
        return (await world.call("GET", f"/v1/slate{query}"))[1]

    overnight, same_day = ({"game_date": str(DAY), "mode": mode} for mode in ("overnight", "same_day"))
    assert await slate("") == {"slate": same_day, "near": []}
    assert (await slate("?mode=overnight"))["slate"] == overnight
    assert (await slate(f"?game_date={DAY}"))["slate"] == same_day
    assert await slate("?game_date=2024-03-01") == {"slate": None, "near": [overnight, same_day]}
    assert await slate("?mode=manual") == {"slate": None, "near": []}


async def test_after_a_partial_backfill_that_is_the_slate_that_is_meant() -> None:
    """Where nothing was run to its predictions, whatever was run counts."""
    world = World()
    world.put(steps={}, mode=Mode.BACKFILL)
    _, answer = await world.call("GET", "/v1/slate?mode=backfill")
    assert answer["slate"] == {"game_date": str(DAY), "mode": "backfill"}


async def test_a_run_is_shown_by_key_or_current_generation() -> None:
    """Internal fields are left out; an earlier generation is not found."""
    world = World()
    waiting = (Outgoing(topic="t", data="d", attributes={}),)
    run = world.put(generation=2, outbox=waiting)
    for name in (RUN_KEY, f"{RUN_KEY}.2"):
        assert await world.call("GET", f"/v1/runs/{name}") == (200, public(run))
    for name in (f"{RUN_KEY}.1", f"{RUN_KEY}.2.3", "2024-03-05.overnight", "x"):
        assert await world.call("GET", f"/v1/runs/{name}") == (
            404, {"error": f"no run {name}", "remedy": "GET /v1/runs lists them"}
        )  # fmt: skip
    shown = public(run)
    assert (shown["id"], shown["run_id"], shown["created_at"]) == (RUN_KEY, f"{RUN_KEY}.2", "2024-03-04T17:00:00Z")
    assert not {"outbox", "batches"} & shown.keys()


async def test_a_part_is_shown_by_its_key() -> None:
    """With or without the generation; the list is of the slates' own runs."""
    world = World()
    run = world.put(part="game-0022300900", generation=2)
    for name in (f"{RUN_KEY}.game-0022300900", f"{RUN_KEY}.game-0022300900.2"):
        assert await world.call("GET", f"/v1/runs/{name}") == (200, public(run))
    for name in (RUN_KEY, f"{RUN_KEY}.game-0022300900.1", f"{RUN_KEY}.pulse", f"{RUN_KEY}.Game-1", f"{RUN_KEY}.2"):
        assert (await world.call("GET", f"/v1/runs/{name}"))[0] == 404
    assert (await world.call("GET", "/v1/runs"))[1] == []


async def test_idle_says_what_is_at_work() -> None:
    """Nothing is, until a run is asked for."""
    world = World()
    assert await world.call("GET", "/v1/idle") == (200, {"idle": True, "at_work": []})
    await world.call("POST", "/v1/runs", {})
    assert await world.call("GET", "/v1/idle") == (200, {"idle": False, "at_work": [RUN_KEY]})


async def test_a_pulse_says_what_it_did_and_when_to_ask_again() -> None:
    """Asked for by a schedule, that is noted."""
    tip = NOON + timedelta(hours=7)
    world = World(games_of_slate=[{"game_id": "a", "tip_utc": tip}])
    schedules = {"X-API-Key": SCHEDULES_KEY}
    status, beat = await world.call("POST", "/v1/pulse", {"schedule": "pulse"}, schedules)
    assert (status, beat) == (200, {"next_at": "2024-03-04T17:05:00Z", "did": ["asked for 2024-03-04.same_day"]})
    assert [document.id for document in await world.state.list("schedule_fires")] == ["pulse"]
    assert await world.call("POST", "/v1/pulse", {}) == (200, {"next_at": "2024-03-04T17:05:00Z", "did": []})
    assert (await world.call("POST", "/v1/pulse", {"mode": "same_day"}))[0] == 400
