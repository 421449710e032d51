"""The HTTP API: keys, bodies, errors, and what it shows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.coordinator.app import build
from services.coordinator.settings import CoordinatorSettings
from shared.basketball.slate import Mode
from shared.ports import Ports, Row
from shared.runtime.service import HEALTH
from shared.runtime.settings import load as load_settings
from tests.unit.shared.places import API_KEY, set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prediction, row, tip

pytestmark = pytest.mark.network

GAME = "0022300904"
Client = TestClient[web.Request, web.Application]


async def serving(ports: Ports) -> AsyncIterator[Client]:
    """The service on a port of its own, without a key."""
    server = TestServer(build(load_settings(CoordinatorSettings), ports))
    async with TestClient(server) as client:
        yield client


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[Client]:
    async for client in serving(ports):
        client.session.headers["X-API-Key"] = API_KEY
        yield client


async def get(client: Client, path: str, **query: str) -> tuple[int, Any]:
    """(status, body)."""
    async with client.get(path, params=query) as response:
        return response.status, await response.json()


async def post(client: Client, body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    """(status, body) of POST /v1/runs."""
    async with client.post("/v1/runs", json=body) as response:
        return response.status, await response.json()


async def test_a_key_of_broken_bytes_is_a_wrong_key(ports: Ports) -> None:
    """Whatever a header holds, the answer is 401, not a traceback."""
    async for client in serving(ports):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
        writer.write(b"GET /v1/runs HTTP/1.1\r\nHost: tipoff\r\nX-API-Key: \xff\xfe\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 401 ")


async def test_health_needs_no_key_and_names_the_service(ports: Ports) -> None:
    """A deploy checks who answers (failures 4 and 23)."""
    async for client in serving(ports):
        status, body = await get(client, "/healthz")
        assert (status, body["service"], body["revision"]) == (HTTPStatus.OK, "coordinator", "dev")
        health = client.server.app[HEALTH]  # type: ignore[attr-defined]  # a TestServer has the application
        for ping in health.pings.values():
            await ping()


async def test_a_run_is_started_shown_and_listed(client: Client) -> None:
    """202 with the run; the same run under its id, with or without generation, and in the list."""
    status, run = await post(client, {"game_date": "2024-03-04", "mode": "same_day"})
    assert status == HTTPStatus.ACCEPTED
    assert (run["id"], run["run_id"]) == ("2024-03-04.same_day", "2024-03-04.same_day.1")
    assert (run["status"], run["source"]) == ("running", "tests")
    assert "outbox" not in run
    for path in ("2024-03-04.same_day", "2024-03-04.same_day.1"):
        status, shown = await get(client, f"/v1/runs/{path}")
        assert (status, shown["run_id"]) == (HTTPStatus.OK, run["run_id"])
    status, runs = await get(client, "/v1/runs")
    assert [one["id"] for one in runs] == ["2024-03-04.same_day"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"null", b'{"game_date": NaN}'])
async def test_a_body_that_is_no_json_is_refused(client: Client, data: bytes) -> None:
    """400 and one JSON object, whatever the bytes."""
    async with client.post("/v1/runs", data=data) as response:
        assert response.status == HTTPStatus.BAD_REQUEST
        assert (await response.json())["error"]


async def slate(client: Client, ports: Ports, day: Any = SLATE, mode: str = "overnight") -> None:  # noqa: ANN401 - a date
    """A run of a slate with two published predictions."""
    set_clock(ports, tip(day, 7))
    await post(client, {"game_date": str(day), "mode": mode})
    game_id = f"00223009{day:%d}"
    known = {"mode": mode, "game_id": game_id, "game_date": day}
    await load(
        ports.warehouse,
        raw__games=[game(game_id, day)],
        analytics__upcoming_player_game_context=[
            row("analytics.upcoming_player_game_context", player_id=n, player_name=f"P{n}", **known) for n in (1, 2)
        ],
        predictions__player_prop_predictions=[
            prediction(game_id, 1, day, run_id=f"{day}.{mode}.1", line=0.0, p_over=0.5) | known,
            prediction(game_id, 2, day, run_id=f"{day}.{mode}.1", market="threes") | known,
        ],
    )


async def test_predictions_are_those_of_the_latest_slate(client: Client, ports: Ports) -> None:
    """Without a date the latest slate, with one that slate; by market if asked; nulls and zeros as they are."""
    assert await get(client, "/v1/predictions") == (HTTPStatus.OK, [])
    await slate(client, ports, SLATE - timedelta(days=1))
    await slate(client, ports)
    await post(client, {"game_date": "2024-03-05", "targets": ["grade"]})
    _, latest = await get(client, "/v1/predictions")
    assert {one["game_date"] for one in latest} == {"2024-03-04"}
    assert {(one["player_name"], one["line"], one["p_over"]) for one in latest} == {
        ("P1", 0.0, 0.5),
        ("P2", None, None),
    }
    _, earlier = await get(client, "/v1/predictions", game_date="2024-03-03")
    assert {one["game_date"] for one in earlier} == {"2024-03-03"}
    _, named = await get(client, "/v1/predictions", game_date="2024-03-03", mode="overnight", market="threes")
    assert [(one["player_id"], one["market"]) for one in named] == [(2, "threes")]
    assert await get(client, "/v1/predictions", mode="same_day") == (HTTPStatus.OK, [])


async def test_costs_are_added_up_by_step(client: Client, ports: Ports) -> None:
    """Over attempts, slates apart; without dates they are the latest slate's, and none where nothing was run."""
    assert (await get(client, "/v1/costs"))[1] == []
    kind = {"mode": "overnight", "run_id": "2024-03-04.overnight.1", "step": "grade", "usd": 0.25, "bytes_billed": 7}
    await load(ports.warehouse, ops__step_costs=[row("ops.step_costs", attempt=n, **kind) for n in (1, 2)])
    _, [found] = await get(client, "/v1/costs", first="2024-03-04", last="2024-03-04")
    assert (found["step"], found["attempts"], found["usd"], found["bytes_billed"]) == ("grade", 2, 0.5, 14)
    assert (await get(client, "/v1/costs", first="2024-03-05", last="2024-03-05"))[1] == []


async def test_a_stored_prediction_answers_any_line(client: Client, ports: Ports) -> None:
    """By name or by id, of the latest slate, without predicting again; the line asked for, not the market's."""
    assert await get(client, "/v1/predictions/over", player="p1", line="9.5") == (HTTPStatus.OK, [])
    await slate(client, ports)
    _, [found] = await get(client, "/v1/predictions/over", player="p1", line="50")
    _, [by_id] = await get(client, "/v1/predictions/over", player="1", line="50", market="points")
    assert found == by_id
    assert (found["player_name"], found["market"], found["asked_line"]) == ("P1", "points", 50.0)
    assert found["p_over"] + found["p_push"] + found["p_under"] == pytest.approx(1.0)
    assert 0 < found["p_push"] < found["p_over"] < 1
    assert await get(client, "/v1/predictions/over", player="nobody", line="50") == (HTTPStatus.OK, [])


async def test_accuracy_answers_the_sums_of_what_is_asked(client: Client, ports: Ports) -> None:
    """By default everything up to today; what is asked narrows it, and the answer says what was asked."""
    set_clock(ports, tip(SLATE, 7))
    kind = {"game_id": GAME, "market": "points", "system": "moving_average", "error": -4.0}
    grades = [
        row("predictions.prediction_grades", player_id=n, mode=mode, **kind) | {"brier": None if n else 0.2}
        for n in range(3)
        for mode in ("overnight", "same_day")
    ]
    await load(ports.warehouse, predictions__prediction_grades=grades)
    _, whole = await get(client, "/v1/accuracy")
    assert (whole["first"], whole["last"], whole["by"], whole["suspects"]) == ("2023-01-29", "2024-03-04", "all", [])
    assert [(one["mode"], one["n"], one["error"]) for one in whole["sums"]] == [
        ("overnight", 3, 12.0),
        ("same_day", 3, 12.0),
    ]
    _, narrow = await get(client, "/v1/accuracy", mode="same_day", by="month", first="2024-03-01", last="2024-03-04")
    assert [(one["bucket"], one["n"]) for one in narrow["sums"]] == [("2024-03", 3)]
    _, nothing = await get(client, "/v1/accuracy", last="2024-03-03")
    assert (nothing["sums"], nothing["bins"]) == ([], [])


async def test_f37_slates_and_grades_are_derived_from_the_tables(client: Client, ports: Ports) -> None:
    """Games promised and collected, predictions and grades, from the one set of tables."""
    await slate(client, ports)
    graded: dict[int, Row] = {
        1: {"error": -4.0, "baseline_error": 2.0, "inside_80": True, "pinball": 1.0, "brier": 0.25},
        2: {"error": 2.0, "inside_80": False, "pinball": 3.0},
        3: {"voided": True},
    }
    kind = {"game_id": GAME, "mode": "overnight", "market": "points", "system": "moving_average"}
    await load(
        ports.warehouse,
        raw__games=[game(GAME), game("0022300901", home="LAL", away="UTA"), game("0022300902", postponed=True)],
        raw__player_box_scores=[box(GAME, 1, SLATE), box(GAME, 2, SLATE, "GSW"), box("0022300901", 3, SLATE, "LAL")],
        predictions__prediction_grades=[
            row("predictions.prediction_grades", player_id=player, **kind) | values for player, values in graded.items()
        ],
    )
    window = {"first": "2024-03-04", "last": "2024-03-04"}
    _, [found] = await get(client, "/v1/slates", **window)
    counts = {"games_expected": 2, "games_collected": 1, "predictions": 2, "graded": 2, "voided": 1}
    assert found == {"game_date": "2024-03-04", **counts}
    _, [grades] = await get(client, "/v1/grades", **window)
    assert (grades["predictions"], grades["graded"], grades["voided"], grades["with_line"]) == (3, 2, 1, 1)
    assert (grades["mae"], grades["mae_with_baseline"], grades["baseline_mae"]) == (3.0, 4.0, 2.0)
    assert (grades["bias"], grades["pinball"], grades["coverage_80"], grades["brier"]) == (-1.0, 2.0, 0.5, 0.25)
    assert await get(client, "/v1/grades", **window, mode="same_day") == (HTTPStatus.OK, [])


async def test_quarantine_is_shown_per_slate(client: Client, ports: Ports) -> None:
    """What was refused, of the latest slate or of the one asked for."""
    assert await get(client, "/v1/quarantine") == (HTTPStatus.OK, [])
    await slate(client, ports)
    rows = [
        row("raw.quarantine", game_date=day, mode=mode, record=f"{day}{mode}", reason="why")
        for day in (SLATE, YESTERDAY)
        for mode in Mode
    ]
    await load(ports.warehouse, raw__quarantine=rows)
    _, [latest] = await get(client, "/v1/quarantine")
    assert (latest["record"], latest["reason"]) == ("2024-03-04overnight", "why")
    _, [asked] = await get(client, "/v1/quarantine", game_date="2024-03-03", mode="same_day")
    assert asked["record"] == "2024-03-03same_day"
