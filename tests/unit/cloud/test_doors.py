"""What a stranger is answered at each door, over HTTP."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from shared.cloud.doors import PublicDoors
from shared.runtime.profiles import ports
from shared.runtime.settings import CommonSettings, load

pytestmark = pytest.mark.network


async def answer(request: web.Request) -> web.Response:
    """The status that the path names; a caller with credentials would be told another."""
    assert "Authorization" not in request.headers
    return web.Response(status=int(request.match_info["status"]), headers={"Location": "/200"})


async def test_every_door_is_tried_without_credentials() -> None:
    """Redirects are an answer, not a way in; where nobody listens there is none."""
    app = web.Application()
    app.router.add_get("/{status}", answer)
    async with TestServer(app) as server:
        urls = [str(server.make_url(f"/{status}")) for status in (200, 302, 403)]
        doors = PublicDoors([*urls, f"http://127.0.0.1:{unused_port()}/"])
        assert await doors.statuses() == dict(zip(urls, (200, 302, 403), strict=True))


async def test_the_doors_are_those_of_the_settings() -> None:
    """In the cloud; elsewhere there are none."""
    async with ports(load(CommonSettings, profile="gcp", project="p", doors="http://a/  http://b/")) as wired:
        assert vars(wired.doors)["_make"]()._urls == ["http://a/", "http://b/"]
    async with ports(load(CommonSettings)) as wired:
        assert await wired.doors.statuses() == {}
