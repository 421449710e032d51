"""The HTTP answers by hand, without a socket: status, body and query of every route."""

import json
from asyncio import get_running_loop
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import streams, web
from aiohttp.test_utils import make_mocked_request
from pydantic import SecretStr

from services.coordinator.api import Api, authenticate, failures, public
from services.coordinator.domain.run import Decision, Outgoing, Run, RunStatus, StepState, StepStatus
from services.coordinator.engine import RUNS, Engine
from services.coordinator.health import health_query, limits
from services.coordinator.operations import Operations
from services.coordinator.recount import counted
from services.coordinator.unloaded import _ACCOUNTED
from shared.alerts import raise_alert
from shared.embedded.clock import VirtualClock
from shared.errors import Transient
from shared.ports import Ports, Row
from shared.push import PUSH
from shared.slate import Mode
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, MemoryArchive, failing, memory_ports

DAY = date(2024, 3, 4)
NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)
"""12:00 Eastern."""
KEY = {"X-API-Key": "k1"}
RUN_KEY = "2024-03-04.overnight"


class Keys:
    """Secrets: two API keys, an empty one between."""

    async def get(self, name: str) -> SecretStr:
        """The keys."""
        assert name == "api-keys"
        return SecretStr("k1,, second ")


class World:
    """The routes on fakes."""

    def __init__(self, now: datetime = NOON, /, **answers: list[Row]) -> None:
        self.clock, self.state, self.bus = VirtualClock(now), MemoryState(), RecordingBus()
        self.warehouse = AnsweringWarehouse(**answers)
        known = memory_ports(
            clock=self.clock, state=self.state, bus=self.bus, warehouse=self.warehouse, archive=MemoryArchive()
        )
        self.ports = Ports(known.clock, known.bus, known.warehouse, known.state, Keys(), known.archive)
        engine = Engine(self.ports)
        self.app = web.Application(middlewares=[failures, authenticate(self.ports)])
        Api(engine, self.ports).add_to(self.app)
        Operations(engine, self.ports).add_to(self.app)

    async def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """(status, JSON) of a request with a key, or with the headers given."""
        reader = streams.StreamReader(Mock(_reading_paused=False), 2**16, loop=get_running_loop())
        reader.feed_data(body if isinstance(body, bytes) else json.dumps(body).encode())
        reader.feed_eof()
        request = make_mocked_request(
            method, path, headers=headers if headers is not None else KEY, payload=reader, app=self.app
        )
        self.app.freeze()
        response = await self.app._handle(request)
        assert isinstance(response, web.Response)
        assert response.content_type == "application/json"
        assert isinstance(response.body, bytes)
        return response.status, json.loads(response.body)

    def put(self, day: date = DAY, mode: Mode = Mode.OVERNIGHT, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
        """Store a run that publishes."""
        known = {
            "game_date": day, "mode": mode, "generation": 1, "source": "test", "retrospective": False,
            "targets": ("publish",), "steps": {"publish": StepState(status=StepStatus.DONE)},
            "status": RunStatus.COMPLETE, "created_at": NOON,
        }  # fmt: skip
        run = Run.model_validate(known | fields)
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        return run


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "API key is missing"),
        ({"X-API-Key": ""}, "API key is missing"),
        ({"Authorization": "Bearer k1"}, "API key is missing"),
        ({"X-API-Key": "wrong"}, "API key is wrong"),
        ({"X-API-Key": "k1,"}, "API key is wrong"),
        ({"X-API-Key": " "}, "API key is wrong"),
    ],
)
async def test_f35_without_a_known_key_nothing_happens(headers: dict[str, str], said: str) -> None:
    """401 with the remedy; an empty entry of the secret is no key."""
    world = World()
    assert await world.call("POST", "/v1/runs", {"game_date": "2024-03-04"}, headers) == (
        401, {"error": said, "remedy": "send a key of the secret `api-keys` as X-API-Key"}
    )  # fmt: skip
    assert world.state.documents == {}


@pytest.mark.parametrize("key", ["k1", "second"])
async def test_each_key_opens(key: str) -> None:
    """White space around it in the secret does not matter."""
    assert await World().call("GET", "/v1/runs", headers={"X-API-Key": key}) == (200, [])


async def test_what_is_outside_of_v1_needs_no_key() -> None:
    """A path that does not exist is said to be none, by method and path."""
    world = World()
    for path in ("/v2/runs", "/v1"):
        assert await world.call("GET", path, headers={}) == (
            404, {"error": f"GET {path}: Not Found", "remedy": "see docs/coordinator.md"}
        )  # fmt: skip
    assert (await world.call("GET", "/v1/nothing", headers={}))[0] == 401
    assert await world.call("DELETE", "/v1/runs") == (
        405, {"error": "DELETE /v1/runs: Method Not Allowed", "remedy": "see docs/coordinator.md"}
    )  # fmt: skip


class Pusher:
    """Judges tokens: only `Bearer good` is one of ours."""

    def __init__(self) -> None:
        self.asked = 0

    async def refusal(self, request: web.Request) -> web.Response | None:
        """None for the good one."""
        self.asked += 1
        return None if request.headers["Authorization"] == "Bearer good" else web.Response(status=403, text="not ours")


async def test_a_schedules_token_opens_where_messages_are_pushed() -> None:
    """Only where there is no key beside it; a key is asked for where there is no token."""
    world = World()
    pusher = Pusher()
    world.app[PUSH] = pusher  # type: ignore[misc]  # judges as a Push does
    assert await world.call("GET", "/v1/runs", headers={"Authorization": "Bearer good"}) == (200, [])
    assert await world.call("GET", "/v1/runs", headers={"Authorization": "Bearer bad"}) == (
        403, {"error": "not ours", "remedy": "use a token of an account that may push"}
    )  # fmt: skip
    assert pusher.asked == 2
    assert (await world.call("GET", "/v1/runs", headers={"Authorization": "Bearer good", "X-API-Key": "x"}))[0] == 401
    assert (await world.call("GET", "/v1/runs", headers=KEY))[0] == 200
    assert (await world.call("GET", "/v1/runs", headers={}))[0] == 401
    assert pusher.asked == 2


async def test_trouble_that_may_pass_is_503_and_what_will_not_400() -> None:
    """With a remedy each."""
    world = World()
    world.state.before = failing(Transient("the store is away"), "get")
    assert await world.call("GET", f"/v1/runs/{RUN_KEY}") == (
        503, {"error": "the store is away", "remedy": "try again shortly"}
    )  # fmt: skip
    assert await World().call("GET", "/v1/models?mode=weekly") == (
        400,
        {
            "error": "mode 'weekly' is unknown: one of overnight, same_day, tomorrow, manual, backfill",
            "remedy": "one of overnight, same_day, tomorrow, manual, backfill",
        },
    )


async def test_a_request_for_a_run_is_accepted_with_all_its_fields() -> None:
    """202 and the run; the request went out."""
    world = World()
    body = {
        "game_date": "2024-03-03", "mode": "same_day", "source": "schedule:same-day", "targets": ["box_scores"],
        "retrospective": True, "retrain": True,
    }  # fmt: skip
    status, run = await world.call("POST", "/v1/runs", body)
    assert status == 202
    assert {name: run[name] for name in ("id", "run_id", "source", "targets", "retrospective", "retrain")} == {
        "id": "2024-03-03.same_day", "run_id": "2024-03-03.same_day.1", "source": "schedule:same-day",
        "targets": ["box_scores"], "retrospective": True, "retrain": True,
    }  # fmt: skip
    assert world.bus.sent() == ["2024-03-03.same_day.1/schedule/1"]
    assert [document.id for document in await world.state.list("schedule_fires")] == ["same-day"]


async def test_a_request_without_fields_is_for_todays_overnight_export() -> None:
    """As `api`, live, nothing forced; tomorrow's date in mode `tomorrow`; the date is the Eastern one."""
    world = World(datetime(2024, 3, 5, 4, 59, tzinfo=UTC))
    _, run = await world.call("POST", "/v1/runs", {})
    assert (run["run_id"], run["source"], run["targets"]) == (f"{RUN_KEY}.1", "api", ["export"])
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
        ({"source": ""}, "source: String should have at least 1 character", ""),
        ({"targets": []}, "targets: Tuple should have at least 1 item after validation, not 0", ""),
        ({"targets": [1]}, "targets.0: Input should be a valid string", ""),
        ({"forced": True}, "forced: Extra inputs are not permitted", ""),
        ([], "body: Input should be an object", ""),
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
    status, answer = await world.call("POST", "/v1/runs", {"dry_run": True, "source": "schedule:overnight"})
    assert (status, answer["dry_run"], answer["starts"]) == (200, True, [f"{RUN_KEY}.1/schedule/1"])
    assert (answer["run"]["id"], world.state.documents, world.bus.published) == (RUN_KEY, {}, [])
    world.put()
    before = dict(world.state.documents)
    _, answer = await world.call("POST", "/v1/runs", {"dry_run": True, "force": True})
    assert (answer["starts"], answer["run"]["run_id"]) == ([f"{RUN_KEY}.2/schedule/1"], f"{RUN_KEY}.2")
    assert world.state.documents == before


async def test_runs_are_listed_by_window_and_mode() -> None:
    """All of them where nothing is asked; both ends belong to a window, each end may be open."""
    world = World()
    days = [DAY + timedelta(days=n) for n in range(3)]
    for day in days:
        world.put(day)
        world.put(day, Mode.SAME_DAY)

    async def ids(query: str) -> list[str]:
        return [run["id"] for run in (await world.call("GET", f"/v1/runs{query}"))[1]]

    assert len(await ids("")) == 6
    assert await ids("?mode=same_day&first=2024-03-05") == ["2024-03-05.same_day", "2024-03-06.same_day"]
    assert await ids("?last=2024-03-04") == ["2024-03-04.overnight", "2024-03-04.same_day"]
    assert await ids("?first=2024-03-05&last=2024-03-05&mode=overnight") == ["2024-03-05.overnight"]


async def test_a_run_is_shown_by_key_or_current_generation() -> None:
    """Without what is only for the machine; an earlier generation is not there any more."""
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


async def latest(world: World, query: str) -> Any:  # noqa: ANN401 - what was asked of the warehouse, if anything
    """(date, mode) that `/v1/quarantine` asks the warehouse about."""
    world.warehouse.asked.clear()
    status, rows = await world.call("GET", f"/v1/quarantine{query}")
    assert status == 200
    if not world.warehouse.asked:
        assert rows == []
        return None
    [(name, params)] = world.warehouse.asked
    assert (name, rows) == ("quarantine", [{"record": "r"}])
    return params["game_date"], params["mode"]


async def test_the_slate_asked_about_is_the_latest_that_publishes() -> None:
    """By date, then by when it was asked for; of the date or mode asked for; of both as given, run or no run."""
    world = World(quarantine=[{"record": "r"}])
    assert await latest(world, "") is None
    world.put(DAY, Mode.SAME_DAY, created_at=NOON + timedelta(hours=1))
    world.put(DAY, Mode.OVERNIGHT)
    world.put(DAY - timedelta(days=1), Mode.OVERNIGHT, created_at=NOON + timedelta(hours=9))
    world.put(DAY + timedelta(days=1), steps={"grade": StepState()})
    assert await latest(world, "") == (DAY, "same_day")
    assert await latest(world, "?mode=overnight") == (DAY, "overnight")
    assert await latest(world, "?game_date=2024-03-03") == (DAY - timedelta(days=1), "overnight")
    assert await latest(world, "?game_date=2024-03-03&mode=same_day") == (DAY - timedelta(days=1), "same_day")
    assert await latest(world, "?mode=manual") is None
    assert await latest(world, "?game_date=2024-03-05") is None


ROWS: list[Row] = [{"n": 1, "day": DAY, "at": NOON, "none": None}]
SHOWN = [{"n": 1, "day": "2024-03-04", "at": "2024-03-04 17:00:00+00:00", "none": None}]


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/v1/predictions", "predictions", {"game_date": DAY, "mode": "overnight", "market": ""}),
        ("/v1/predictions?market=pra", "predictions", {"game_date": DAY, "mode": "overnight", "market": "pra"}),
        (
            "/v1/predictions?game_date=2024-03-01&mode=manual", "predictions",
            {"game_date": date(2024, 3, 1), "mode": "manual", "market": ""},
        ),
        (
            "/v1/grades?first=2024-03-01&last=2024-03-02", "grades",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2), "mode": "overnight"},
        ),
        (
            "/v1/slates?first=2024-03-01&last=2024-03-02&mode=same_day", "slates",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2), "mode": "same_day"},
        ),
        ("/v1/models", "models", {"mode": "overnight"}),
        ("/v1/models?mode=same_day", "models", {"mode": "same_day"}),
        ("/v1/costs", "costs", {"first": DAY, "last": DAY}),
        (
            "/v1/costs?first=2024-03-01&last=2024-03-02", "costs",
            {"first": date(2024, 3, 1), "last": date(2024, 3, 2)},
        ),
        ("/v1/quarantine", "quarantine", {"game_date": DAY, "mode": "overnight"}),
    ],
)  # fmt: skip
async def test_a_question_becomes_one_query_with_its_parameters(
    path: str, name: str, params: dict[str, object]
) -> None:
    """And the answer is its rows, dates and instants as text."""
    world = World(**{name: ROWS})
    world.put()
    assert await world.call("GET", path) == (200, SHOWN)
    assert world.warehouse.asked == [(name, params)]


@pytest.mark.parametrize(
    "path", ["/v1/predictions", "/v1/costs", "/v1/quarantine", "/v1/predictions/over?player=a&line=1"]
)
async def test_without_a_run_there_is_nothing_to_show(path: str) -> None:
    """An empty list, and no query."""
    assert await World().call("GET", path) == (200, [])


NOBODY = "query parameter player is missing: add player= with a name or an NBA id"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v1/predictions?market=dunks", "market='dunks' is unknown: one of points, rebounds, assists, threes, pra"),
        ("/v1/grades?last=2024-03-04", "query parameter first is missing: add first=YYYY-MM-DD"),
        ("/v1/costs?last=2024-03-04", "query parameter first is missing: add first=YYYY-MM-DD"),
        ("/v1/costs?first=2024-03-04", "query parameter last is missing: add last=YYYY-MM-DD"),
        ("/v1/slates?first=x&last=2024-03-04", "first='x' is not a date: write it as YYYY-MM-DD"),
        ("/v1/predictions/over?player=a", "query parameter line is missing: add line=22.5"),
        ("/v1/predictions/over?player=a&line=x", "line='x' is not a number"),
        ("/v1/predictions/over?player=a&line=inf", "line='inf' is not a number"),
        ("/v1/predictions/over?line=1", "query parameter player is missing: add player= with a name or an NBA id"),
        (
            "/v1/predictions/over?line=1&player=%20",
            "query parameter player is missing: add player= with a name or an NBA id",
        ),
        ("/v1/accuracy?by=colour", "by='colour' is unknown: one of all, tier, month, edge"),
        ("/v1/accuracy?tier=star", "tier='star' is unknown: one of regular, bench, new"),
        ("/v1/accuracy?lined=perhaps", "lined='perhaps' is unknown: one of true, false"),
    ],
)
async def test_a_bad_question_is_refused_in_words(path: str, error: str) -> None:
    """400; nothing unknown is taken for an empty answer."""
    world = World()
    world.put()
    status, answer = await world.call("GET", path)
    assert (status, answer["error"]) == (400, error)
    assert world.warehouse.asked == []


def predicted(player_id: int, name: str | None, centre: float | None = 5.0) -> Row:
    """A stored prediction of a count: P(Y <= k) = Phi((k + 1 - 5) / 2)."""
    return {
        "game_date": DAY, "mode": "overnight", "game_id": "g", "player_id": player_id, "player_name": name,
        "market": "points", "system": "boosted", "shadow": False, "predicted_at": NOON, "mean": 4.5,
        "centre": centre, "scale": 2.0, "power": 1.0,
    }  # fmt: skip


async def test_a_stored_prediction_answers_a_line_by_hand() -> None:
    """Over 4: 1 - Phi(0) = 0.5; under 4: Phi(-0.5) = 0.3085; the rest is a push. Fair odds pay a push back."""
    world = World(predictions=[predicted(7, "Jayson Tatum")])
    world.put()
    [found] = (await world.call("GET", "/v1/predictions/over?player=TATUM&line=4&market=points"))[1]
    assert world.warehouse.asked == [("predictions", {"game_date": DAY, "mode": "overnight", "market": "points"})]
    odds = {name: found.pop(name) for name in ("p_over", "p_push", "p_under", "fair_over", "fair_under")}
    assert found == {
        "game_date": "2024-03-04", "mode": "overnight", "game_id": "g", "player_id": 7, "player_name": "Jayson Tatum",
        "market": "points", "system": "boosted", "shadow": False, "predicted_at": "2024-03-04 17:00:00+00:00",
        "mean": 4.5, "asked_line": 4.0,
    }  # fmt: skip
    # 0.5 of the 0.8085 that decide is 0.6184: 100 x 0.6184 / 0.3816 = 162 to one hundred.
    assert odds == {
        "p_over": pytest.approx(0.5), "p_push": pytest.approx(0.1915, abs=1e-4),
        "p_under": pytest.approx(0.3085, abs=1e-4), "fair_over": pytest.approx(-162.1, abs=0.1),
        "fair_under": pytest.approx(162.1, abs=0.1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("player", "ids"),
    [("tatum", [7]), ("7", [7]), ("77", [77]), ("JA", [7, 8]), ("brown%20", [8]), ("nobody", [])],
)
async def test_a_player_is_meant_by_id_or_a_part_of_his_name(player: str, ids: list[int]) -> None:
    """Whole ids, names in any case; who has no name is found by id, and who has no distribution is not."""
    rows = [
        predicted(7, "Jayson Tatum"), predicted(8, "Jaylen Brown"), predicted(77, None), predicted(9, "Jay None", None)
    ]  # fmt: skip
    world = World(predictions=rows)
    world.put()
    _, found = await world.call("GET", f"/v1/predictions/over?player={player}&line=4.5")
    assert [answer["player_id"] for answer in found] == ids


async def test_accuracy_asks_for_four_hundred_days_up_to_today() -> None:
    """Everything, where nothing is asked; sums and bins with all of it, leaks without market and cut."""
    world = World(accuracy=[{"n": 1}], accuracy_bins=[{"n": 2}], accuracy_leaks=[])
    status, answer = await world.call("GET", "/v1/accuracy")
    window = {"first": date(2023, 1, 29), "last": DAY, "mode": "", "system": ""}
    cut = {**window, "market": "", "tier": "", "lined": False, "by": "all"}
    assert world.warehouse.asked == [("accuracy", cut), ("accuracy_bins", cut), ("accuracy_leaks", window)]
    texts = {name: str(value) if isinstance(value, date) else value for name, value in cut.items()}
    assert (status, answer) == (200, {**texts, "sums": [{"n": 1}], "bins": [{"n": 2}], "suspects": []})


async def test_accuracy_is_narrowed_by_what_is_asked() -> None:
    """Each parameter where it belongs; without a first date, 400 days before the last."""
    leak = {
        "mode": "same_day", "system": "boosted", "regular_n": 0, "regular_minus_rate": None, "lined_n": 0,
        "lined_minus_line": None, "brier_n": 2000, "brier": 0.2,
    }  # fmt: skip
    world = World(accuracy=[], accuracy_bins=[], accuracy_leaks=[leak])
    query = "last=2024-02-04&mode=same_day&system=boosted&market=pra&tier=new&lined=true&by=tier"
    _, answer = await world.call("GET", f"/v1/accuracy?{query}")
    window = {"first": date(2022, 12, 31), "last": date(2024, 2, 4), "mode": "same_day", "system": "boosted"}
    assert world.warehouse.asked[2] == ("accuracy_leaks", window)
    cut = {**window, "market": "pra", "tier": "new", "lined": True, "by": "tier"}
    assert world.warehouse.asked[0] == ("accuracy", cut)
    assert [suspect["system"] for suspect in answer["suspects"]] == ["boosted"]
    await world.call("GET", "/v1/accuracy?first=2024-01-01&last=2024-02-04&lined=false")
    assert dict(world.warehouse.asked[3][1]).items() >= {"first": date(2024, 1, 1), "lined": False}.items()


async def test_dead_letters_are_listed_with_their_ids() -> None:
    """As they were kept."""
    world = World()
    await world.state.create("dead_letters", "abc", {"data": "x", "reason": "poison"})
    assert await world.call("GET", "/v1/dead-letters") == (200, [{"id": "abc", "data": "x", "reason": "poison"}])


def grid_answers(**counts: Row) -> dict[str, list[Row]]:
    """What the grid's queries answer: nothing but for the steps given."""
    return {f"grid__{step}": [counts[step]] if step in counts else [] for step in counted()}


SCHEDULED = {"game_date": DAY, "expected": 2, "verified": 1}


async def test_the_grid_is_shown_cell_by_cell() -> None:
    """Every step of every date of the window."""
    world = World(**grid_answers(schedule=SCHEDULED))
    status, found = await world.call("GET", "/v1/grid?first=2024-03-03&last=2024-03-04&mode=same_day")
    assert (status, len(found)) == (200, 44)  # 2 dates of 22 steps
    assert found[22] == {
        "game_date": "2024-03-04", "mode": "same_day", "step": "schedule", "status": "missing", "expected": 2,
        "verified": 1, "missing": 1, "quarantined": 0, "why": "no run has asked for it; 1 of 2 there",
    }  # fmt: skip


async def test_alerts_are_shown_with_their_meaning() -> None:
    """The open ones; all of them where resolved ones are asked for."""
    world = World()
    for scope in ("a", "b"):
        await raise_alert(world.state, world.clock, "dead_letter", scope, "why")
    status, left = await world.call("POST", "/v1/alerts", {"name": "dead_letter", "scope": "a"})
    assert (status, [alert["scope"] for alert in left]) == (200, ["b"])
    _, opened = await world.call("GET", "/v1/alerts")
    assert [(alert["scope"], alert["meaning"]) for alert in opened] == [("b", "a message could not be handled")]
    assert len((await world.call("GET", "/v1/alerts?resolved"))[1]) == 2
    status, refused = await world.call("POST", "/v1/alerts", {"name": "fire", "scope": "a"})
    assert (status, refused["error"].partition(":")[0]) == (400, "unknown alert 'fire'")
    assert (await world.call("POST", "/v1/alerts", {"name": "dead_letter"}))[1]["error"] == "scope: Field required"


async def test_decisions_are_listed_run_by_run() -> None:
    """Of one mode and window, in the order they were taken."""
    world = World()
    taken = [
        Decision(step="schedule", attempt=n, decision="retry", completeness=1, quality=1, decided_at=NOON)
        for n in (1, 2)
    ]
    world.put(decisions=taken)
    world.put(DAY + timedelta(days=1), decisions=taken)
    world.put(mode=Mode.SAME_DAY, decisions=taken)
    _, found = await world.call("GET", "/v1/decisions?first=2024-03-01&last=2024-03-04")
    assert [(one["run_id"], one["attempt"]) for one in found] == [(f"{RUN_KEY}.1", 1), (f"{RUN_KEY}.1", 2)]
    assert found[0]["decided_at"] == "2024-03-04T17:00:00Z"


async def test_the_features_health_is_shown_slate_by_slate() -> None:
    """Each finding with its date and mode."""
    world = World()
    sick: Row = {f"{name}__{figure}": None for name in limits() for figure in ("low", "high", "mean", "spread")}
    sick |= {f"{name}__nulls": 0 for name in limits()} | {"minutes_ewma__high": 99.0, "period": 1, "players": 9}
    world.warehouse.answers[health_query(limits())] = ("health", [sick])
    status, found = await world.call("GET", "/v1/feature-health?first=2024-03-03&last=2024-03-04&mode=same_day")
    assert status == 200
    assert [(one["game_date"], one["mode"], one["feature"]) for one in found] == [
        ("2024-03-03", "same_day", "minutes_ewma"), ("2024-03-04", "same_day", "minutes_ewma")
    ]  # fmt: skip
    assert found[0]["problem"].startswith("99 is above")


MONITORED = ("cascade_timing", "phase_delays", "predictions_present", "coverage", "freshness")


async def test_the_cascade_is_five_queries_by_name() -> None:
    """Each with the parameters that it names."""
    answers: dict[str, list[Row]] = {f"monitor__{name}": [{"of": name}] for name in MONITORED}
    world = World(**answers)
    status, found = await world.call("GET", "/v1/cascade?first=2024-03-01&last=2024-03-04&mode=same_day")
    assert (status, found) == (200, {name: [{"of": name}] for name in MONITORED})
    params = {"first": date(2024, 3, 1), "last": DAY, "mode": "same_day"}
    for _, asked in world.warehouse.asked:
        assert asked.items() <= params.items()
    assert dict(world.warehouse.asked)["monitor__predictions_present"] == params


async def test_reconciling_heals_and_goes_the_watchs_round() -> None:
    """Three days back unless said otherwise; what was asked for, and what is open afterwards."""
    answers = grid_answers(schedule=SCHEDULED) | {
        "monitor__predictions_present": [{"present": False, "predicted_games": 0, "games": 2}],
        "monitor__freshness": [], "accuracy_leaks": [],
    }  # fmt: skip
    world = World(**answers)
    world.warehouse.answers[_ACCOUNTED] = ("fetches", [])
    status, dry = await world.call("POST", "/v1/reconcile", {"dry_run": True, "source": "schedule:reconcile"})
    assert (status, dry["dry_run"], [line["run"] for line in dry["asked"]], dry["alerts"]) == (200, True, [RUN_KEY], [])
    assert (world.state.documents, world.bus.published) == ({}, [])
    window = dict(world.warehouse.asked)["grid__schedule"]
    assert window.items() >= {"first": date(2024, 3, 1), "last": DAY}.items()
    _, answer = await world.call("POST", "/v1/reconcile", {"source": "schedule:reconcile", "targets": ["schedule"]})
    assert (answer["dry_run"], answer["asked"][0]["does"]) == (False, "ask for the run")
    assert [alert["name"] for alert in answer["alerts"]] == ["predictions_missing"]
    assert [document.id for document in await world.state.list("schedule_fires")] == ["reconcile"]
    assert world.bus.sent() == [f"{RUN_KEY}.1/schedule/1"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"days": 0}, "days: Input should be greater than or equal to 1"),
        ({"days": 401}, "days: Input should be less than or equal to 400"),
        ({"source": ""}, "source: String should have at least 1 character"),
        ({"targets": []}, "targets: Tuple should have at least 1 item after validation, not 0"),
        ({"day": 3}, "day: Extra inputs are not permitted"),
    ],
)
async def test_a_bad_reconciliation_is_refused(body: dict[str, Any], error: str) -> None:
    """400, and nothing is looked at."""
    world = World()
    assert await world.call("POST", "/v1/reconcile", body) == (400, {"error": error, "remedy": ""})
    status, answer = await world.call("POST", "/v1/reconcile", {"targets": ["exprot"]})
    assert (status, answer["error"].partition(":")[0]) == (400, "unknown step 'exprot'")
    assert world.warehouse.asked == []
