"""The HTTP face of operations."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from services.coordinator.operations import MONITOR
from services.coordinator.sql import sql
from shared.alerts import raise_alert
from shared.ports import Ports
from shared.schedules import SCHEDULES
from shared.slate import eastern_instant
from tests.unit.coordinator.test_api import get, post, serving
from tests.unit.shared.places import API_KEY, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load, row

pytestmark = pytest.mark.network

Client = TestClient[web.Request, web.Application]
WINDOW = {"first": str(YESTERDAY), "last": str(SLATE)}


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[Client]:
    set_clock(ports, eastern_instant(SLATE).replace(hour=12))
    await load(ports.warehouse, raw__games=[game("0022300900")])
    async for client in serving(ports):
        client.session.headers["X-API-Key"] = API_KEY
        yield client


async def test_the_grid_is_date_by_step(client: Client) -> None:
    """Every cell with its counts and why."""
    status, cells = await get(client, "/v1/grid", **WINDOW)
    assert status == HTTPStatus.OK
    assert {cell["game_date"] for cell in cells} == {"2024-03-03", "2024-03-04"}
    rosters = next(cell for cell in cells if (cell["game_date"], cell["step"]) == ("2024-03-04", "rosters"))
    assert (rosters["status"], rosters["expected"], rosters["missing"]) == ("missing", 2, 2)
    assert (await get(client, "/v1/grid", first="2024-03-04"))[0] == HTTPStatus.BAD_REQUEST


async def test_the_cascade_has_every_query(client: Client) -> None:
    """By name; each answers rows, also where nothing has happened."""
    status, answers = await get(client, "/v1/cascade", **WINDOW)
    assert (status, list(answers)) == (HTTPStatus.OK, list(MONITOR))
    [present] = answers["predictions_present"]
    assert (present["present"], present["games"], present["predictions"]) == (False, 1, 0)


async def test_alerts_say_what_they_mean(client: Client, ports: Ports) -> None:
    """With the registry's words."""
    await raise_alert(ports.state, ports.clock, "dead_letter", "a", "why")
    _, [alert] = await get(client, "/v1/alerts")
    assert (alert["detail"], alert["meaning"]) == ("why", "a message could not be handled")


async def test_a_schedules_body_is_understood_where_it_is_posted(client: Client) -> None:
    """Each schedule's own body at its own path."""
    for schedule in SCHEDULES.values():
        async with client.post(schedule.path, data=schedule.body) as response:
            assert response.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED), await response.text()


async def test_tomorrows_schedule_means_tomorrow(client: Client) -> None:
    """The others mean today."""
    assert (await post(client, {"mode": "tomorrow"}))[1]["game_date"] == "2024-03-05"
    assert (await post(client, {"mode": "overnight"}))[1]["game_date"] == "2024-03-04"


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


async def test_a_person_can_resolve_an_alert(client: Client, ports: Ports) -> None:
    """By name and scope; an unknown name is refused."""
    await raise_alert(ports.state, ports.clock, "dead_letter", "a", "why")
    async with client.post("/v1/alerts", json={"name": "dead_letter", "scope": "a"}) as response:
        assert (response.status, await response.json()) == (HTTPStatus.OK, [])
    async with client.post("/v1/alerts", json={"name": "fire", "scope": "a"}) as response:
        assert response.status == HTTPStatus.BAD_REQUEST


def test_the_monitoring_queries_are_those_of_deploy_monitoring() -> None:
    """One text each: an operator with nothing but BigQuery's console runs what `tipoff cascade` runs."""
    root = Path(__file__).parents[3]
    deployed = {path.stem: path.read_text() for path in (root / "deploy/monitoring/queries").glob("*.sql")}
    assert deployed == {name: sql(f"monitor/{name}") for name in MONITOR}


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
