"""The audit record: every change and every refusal, by whom, from where, and what came of it."""

import json
import sys
from http import HTTPStatus
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from shared.runtime.access import ACCESS, ACTOR, Access
from shared.runtime.audit import audit
from shared.runtime.logs import configure
from shared.runtime.settings import CommonSettings, load

TRACE = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret - of the standard


async def recorded(
    method: str, path: str = "/v1/runs/7", status: int = 200, headers: dict[str, str] | None = None, door: str = ""
) -> tuple[list[Any], web.StreamResponse]:
    """The audit records of a request, and its answer."""

    async def handler(request: web.Request) -> web.Response:
        if status != HTTPStatus.UNAUTHORIZED:
            request[ACTOR] = "ann"
        return web.Response(status=status)

    app = web.Application(middlewares=[audit])
    app[ACCESS] = Access(load(CommonSettings, door=door))
    app.router.add_route("*", "/v1/runs/{key}", handler)
    app.router.add_route("*", "/push/{subscription}", handler)
    app.freeze()
    with capture_logs() as logs:
        response = await app._handle(make_mocked_request(method, path, headers=headers or {}, app=app))
    return [each for each in logs if each["event"] == "audit"], response


@pytest.mark.parametrize(
    ("method", "path", "status", "actor"),
    [
        ("POST", "/v1/runs/7", 202, "ann"),
        ("DELETE", "/v1/runs/7", 400, "ann"),
        ("GET", "/v1/runs/7", 401, "unknown"),
        ("GET", "/v1/runs/7", 403, "ann"),
        ("GET", "/v1/runs/7", 429, "ann"),
        ("POST", "/push/worker-tasks", 403, "ann"),
    ],
)
async def test_changes_and_refusals_are_recorded(method: str, path: str, status: int, actor: str) -> None:
    """With the route and not what stood in its place."""
    [record], response = await recorded(method, path, status)
    route = "/push/{subscription}" if "push" in path else "/v1/runs/{key}"
    assert {name: record[name] for name in ("actor", "method", "route", "status")} == {
        "actor": actor, "method": method, "route": route, "status": status
    }  # fmt: skip
    assert response.headers["X-Request-Id"] == record["request_id"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/runs/7"), ("POST", "/push/worker-tasks")])
async def test_readings_and_deliveries_are_not(method: str, path: str) -> None:
    """They would bury the rest; they have an id all the same."""
    records, response = await recorded(method, path)
    assert records == []
    assert len(response.headers["X-Request-Id"]) == 32


async def test_no_level_of_the_log_leaves_the_record_out(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no news but a record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", sys.excepthook)
        configure("error", "json")
        try:
            app = web.Application(middlewares=[audit])
            app[ACCESS] = Access(load(CommonSettings))
            app.freeze()
            with pytest.raises(web.HTTPNotFound):
                await app._handle(make_mocked_request("POST", "/x", app=app))
        finally:
            structlog.reset_defaults()
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "audit"


async def test_an_unknown_route_is_recorded_as_such() -> None:
    """A change that nobody takes."""
    app = web.Application(middlewares=[audit])
    app[ACCESS] = Access(load(CommonSettings))
    app.freeze()
    with capture_logs() as logs, pytest.raises(web.HTTPNotFound):
        await app._handle(make_mocked_request("POST", "/x", app=app))
    assert [(each["route"], each["status"], each["actor"]) for each in logs] == [("unknown", 0, "unknown")]


async def test_the_id_is_the_traces_where_there_is_one() -> None:
    """Whatever else a header holds is no id."""
    [record], _ = await recorded("POST", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert record["request_id"] == TRACE
    [record], _ = await recorded("POST", headers={"traceparent": "00-x\u00e9"})
    assert len(record["request_id"]) == 32


async def test_the_address_is_the_one_the_front_end_saw() -> None:
    """What the caller wrote before it may be made up; without a front end all of it is."""
    forwarded = {"X-Forwarded-For": "10.0.0.1, 203.0.113.7"}
    [record], _ = await recorded("POST", headers=forwarded, door="https://service.example/healthz/")
    assert record["address"] == "203.0.113.7"
    [record], _ = await recorded("POST", headers=forwarded)
    assert record["address"] not in forwarded["X-Forwarded-For"]
