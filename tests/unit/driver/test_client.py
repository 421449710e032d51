from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from devstack.client import connect
from shared.errors import Permanent, Transient

pytestmark = pytest.mark.network


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """An API whose answers are named by the path."""

    async def answer(request: web.Request) -> web.Response:
        match request.match_info["name"]:
            case "runs":
                return web.json_response({"key": request.headers["X-API-Key"], **await request.json()})
            case "bad":
                return web.json_response({"error": "mode 'x' is unknown", "remedy": "one of a, b"}, status=400)
            case "whole":
                return web.json_response({"error": "no such step: one of a, b", "remedy": "one of a, b"}, status=400)
            case "busy":
                return web.json_response({"error": "the archive is full", "remedy": "try again shortly"}, status=503)
            case _:
                return web.Response(text="<html>", status=502)

    app = web.Application()
    app.router.add_route("*", "/v1/{name}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


async def test_runs_are_asked_for_with_key_and_date(url: str) -> None:
    """The body has the date as ISO text, the mode and whatever else is given; the key is in its header."""
    async with connect(url, "secret") as client:
        answer = await client.start_run(date(2024, 11, 16), "overnight", source="test", force=True)
    sent = {"game_date": "2024-11-16", "mode": "overnight", "source": "test", "force": True}
    assert answer == {"key": "secret", **sent}


async def test_refusal_is_permanent_in_the_apis_own_words(url: str) -> None:
    """A 400 raises error and remedy in one line, the remedy once."""
    async with connect(url, "secret") as client:
        with pytest.raises(Permanent, match=r"^mode 'x' is unknown: one of a, b$"):
            await client.get("bad")
        with pytest.raises(Permanent, match=r"^no such step: one of a, b$"):
            await client.get("whole")


async def test_unavailable_is_transient(url: str) -> None:
    """A 503 may pass."""
    async with connect(url, "secret") as client:
        with pytest.raises(Transient, match=r"^the archive is full: try again shortly$"):
            await client.get("busy")


async def test_what_is_no_answer_of_the_api_names_its_address(url: str) -> None:
    """A proxy's HTML, and nobody there at all, are told with the address and what to do."""
    async with connect(url, "secret") as client:
        with pytest.raises(Transient, match=rf"the coordinator at {url} does not answer .*`tipoff dev up` starts it"):
            await client.get("html")
    async with connect("http://127.0.0.1:9", "secret") as client:
        with pytest.raises(Transient, match=r"127\.0\.0\.1:9 does not answer \(ClientConnectorError\)"):
            await client.get("runs")
