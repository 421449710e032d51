"""Operations over HTTP: on fakes, and on embedded ports where it takes a socket."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from services.coordinator.alerts import raise_alert
from services.coordinator.api.operations import MONITOR
from services.coordinator.grid.unloaded import _ACCOUNTED
from services.coordinator.runs.run import Decision
from services.coordinator.steps.feature_health import health_query, limits
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode, eastern_instant
from shared.ports import Ports, Row
from shared.registries.pipeline import STEPS
from shared.registries.schedules import SCHEDULES
from tests.unit.coordinator.routes import DAY, NOON, RUN_KEY, World
from tests.unit.coordinator.test_api import get, post, serving
from tests.unit.shared.places import API_KEY, SCHEDULES_KEY, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load, row
from tests.voices import named


async def test_dead_letters_are_listed_with_their_ids() -> None:
    """As they were kept."""
    world = World()
    await world.state.create("dead_letters", "abc", {"data": "x", "reason": "poison"})
    assert await world.call("GET", "/v1/dead-letters") == (200, [{"id": "abc", "data": "x", "reason": "poison"}])


def grid_answers(**counts: Row) -> dict[str, list[Row]]:
    """What the grid's queries answer: nothing but for the steps given."""
    return {f"complete__{step}": [counts[step]] if step in counts else [] for step in COUNTED}


SCHEDULED = {"game_date": DAY, "expected": 2, "verified": 1, "quarantined": 0, "detail": ""}


async def test_the_grid_is_shown_cell_by_cell() -> None:
    """Every step of every date of the window."""
    world = World(**grid_answers(schedule=SCHEDULED))
    status, found = await world.call("GET", "/v1/grid?first=2024-03-03&last=2024-03-04&mode=same_day")
    assert (status, len(found)) == (200, 2 * len(STEPS))
    assert found[len(STEPS)] == {
        "game_date": "2024-03-04", "mode": "same_day", "step": "schedule", "status": "missing", "expected": 2,
        "verified": 1, "missing": 1, "quarantined": 0, "why": "no run has asked for it; 1 of 2 there",
    }  # fmt: skip


async def test_alerts_are_shown_with_their_meaning() -> None:
    """The open ones; all of them where resolved ones are asked for."""
    world = World()
    for scope in ("a", "b"):
        await raise_alert(world.ports, "dead_letter", scope, "why")
    status, left = await world.call("POST", "/v1/alerts", {"name": "dead_letter", "scope": "a"})
    assert (status, [alert["scope"] for alert in left]) == (200, ["b"])
    _, opened = await world.call("GET", "/v1/alerts")
    assert [(alert["scope"], alert["meaning"]) for alert in opened] == [("b", "a message could not be handled")]
    assert len((await world.call("GET", "/v1/alerts?resolved"))[1]) == 2
    status, refused = await world.call("POST", "/v1/alerts", {"name": "fire", "scope": "a"})
    assert (status, refused["error"].partition(":")[0]) == (400, "unknown alert 'fire'")
    assert (await world.call("POST", "/v1/alerts", {"name": "dead_letter"}))[1]["error"] == "scope: Field required"


async def test_channels_of_alerts_can_be_tried() -> None:
    """Without one the answer says where to name them; with dry_run they are only named."""
    world = World()
    status, refused = await world.call("POST", "/v1/alerts/test", {})
    assert (status, refused["error"]) == (
        400, "there is no channel: put URLs of Apprise into the secret alert-urls"
    )  # fmt: skip
    world.environ["TIPOFF_SECRET_ALERT_URLS"] = "json://hook/token"
    rows = [{"channel": named("json://hook/token"), "outcome": "not asked", "reason": ""}]
    assert await world.call("POST", "/v1/alerts/test", {"dry_run": True}) == (200, rows)


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
    """Three days back by default; what was asked for, and what is open afterwards."""
    answers = grid_answers(schedule=SCHEDULED) | {
        "monitor__predictions_present": [
            {"game_date": DAY, "first_tip": NOON, "present": False, "predicted_games": 0, "games": 2}
        ],
        "monitor__freshness": [], "accuracy_leaks": [], "names_waiting": [],
    }  # fmt: skip
    world = World(**answers)
    world.warehouse.answers[_ACCOUNTED] = ("fetches", [])
    status, dry = await world.call("POST", "/v1/reconcile", {"dry_run": True})
    assert (status, dry["dry_run"], [line["run"] for line in dry["asked"]], dry["alerts"]) == (200, True, [RUN_KEY], [])
    assert (world.state.documents, world.bus.published) == ({}, [])
    window = dict(world.warehouse.asked)["complete__schedule"]
    assert window.items() >= {"first": date(2024, 3, 1), "last": DAY}.items()
    await world.state.create("watch", "first", {"at": (NOON - timedelta(days=1)).isoformat()})
    body = {"schedule": "reconcile", "targets": ["schedule"]}
    _, answer = await world.call("POST", "/v1/reconcile", body, {"X-API-Key": SCHEDULES_KEY})
    assert (answer["dry_run"], answer["asked"][0]["does"]) == (False, "ask for the run")
    assert [alert["name"] for alert in answer["alerts"]] == [
        "predictions_missing",
        "update_missing",
    ]
    assert [document.id for document in await world.state.list("schedule_fires")] == ["reconcile"]
    assert world.bus.sent() == [f"{RUN_KEY}.1/schedule/1"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"days": 0}, "days: Input should be greater than or equal to 1"),
        ({"days": 401}, "days: Input should be less than or equal to 400"),
        ({"schedule": "x" * 65}, "schedule: String should have at most 64 characters"),
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


Client = TestClient[web.Request, web.Application]
WINDOW = {"first": str(YESTERDAY), "last": str(SLATE)}


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[Client]:
    set_clock(ports, eastern_instant(SLATE).replace(hour=12))
    await load(ports.warehouse, raw__games=[game("0022300900")])
    async for client in serving(ports):
        client.session.headers["X-API-Key"] = API_KEY
        yield client


@pytest.mark.network
async def test_the_grid_is_date_by_step(client: Client) -> None:
    """Every cell with its counts and why."""
    status, cells = await get(client, "/v1/grid", **WINDOW)
    assert status == HTTPStatus.OK
    assert {cell["game_date"] for cell in cells} == {"2024-03-03", "2024-03-04"}
    rosters = next(cell for cell in cells if (cell["game_date"], cell["step"]) == ("2024-03-04", "rosters"))
    assert (rosters["status"], rosters["expected"], rosters["missing"]) == ("missing", 2, 2)
    assert (await get(client, "/v1/grid", first="2024-03-04"))[0] == HTTPStatus.BAD_REQUEST


@pytest.mark.network
async def test_the_cascade_has_every_query(client: Client) -> None:
    """By name; each answers rows, also where nothing has happened."""
    status, answers = await get(client, "/v1/cascade", **WINDOW)
    assert (status, list(answers)) == (HTTPStatus.OK, list(MONITOR))
    [present] = answers["predictions_present"]
    assert (present["present"], present["games"], present["predictions"]) == (False, 1, 0)


@pytest.mark.network
async def test_a_schedules_body_is_understood_where_it_is_posted(client: Client) -> None:
    """Each schedule's own body at its own path."""
    for schedule in SCHEDULES.values():
        headers = {"X-API-Key": SCHEDULES_KEY}
        async with client.post(schedule.path, data=schedule.body, headers=headers) as response:
            assert response.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED), await response.text()


@pytest.mark.network
async def test_tomorrows_schedule_means_tomorrow(client: Client) -> None:
    """The others mean today."""
    assert (await post(client, {"mode": "tomorrow"}))[1]["game_date"] == "2024-03-05"
    assert (await post(client, {"mode": "overnight"}))[1]["game_date"] == "2024-03-04"


@pytest.mark.network
async def test_reconciling_asks_and_decisions_are_shown(client: Client) -> None:
    """A dry run only says what it would do; the second round finds the run at work."""
    async with client.post("/v1/reconcile", json={"days": 1, "dry_run": True}) as response:
        dry = await response.json()
    async with client.post("/v1/reconcile", json={"days": 1}) as response:
        earnest = await response.json()
    async with client.post("/v1/reconcile", json={"days": 1}) as response:
        again = await response.json()
    assert [line["run"] for line in dry["asked"]] == [line["run"] for line in earnest["asked"]]
    assert dry["asked"][-1]["run"] == "2024-03-04.overnight"
    assert again["asked"] == []
    status, decisions = await get(client, "/v1/decisions", **WINDOW)
    assert (status, decisions) == (HTTPStatus.OK, [])


def test_every_monitoring_query_is_answered() -> None:
    """Those of the folder, no more and no less."""
    assert {file.name for file in (files("services.coordinator.sql") / "monitor").iterdir()} == {
        f"{name}.sql" for name in MONITOR
    }


@pytest.mark.network
async def test_f38_the_features_health_is_shown_slate_by_slate(client: Client, ports: Ports) -> None:
    """A whole month can be asked about: what is the same for everybody is named."""
    served = [
        row("features.ml_feature_store", mode="overnight", player_id=n, minutes_ewma=20.0 + n % 9) for n in range(50)
    ]
    await load(ports.warehouse, features__ml_feature_store=served)
    status, found = await get(client, "/v1/feature-health", **WINDOW)
    assert status == HTTPStatus.OK
    assert {finding["game_date"] for finding in found} == {"2024-03-04"}
    named = {finding["feature"] for finding in found}
    assert "games_total" in named
    assert "minutes_ewma" not in named
