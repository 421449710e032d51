"""The page through a browser that has no JavaScript: cookies, forms, redirects."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus

from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from services.coordinator.app import build
from services.coordinator.settings import CoordinatorSettings
from shared.ports import Ports
from shared.runtime.settings import load
from tests.unit.shared.places import API_KEY

_FORM = re.compile(r"<form [^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input ([^>]*)>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Shown:
    """What the browser shows."""

    status: int
    path: str
    """Where it was led to."""
    text: str
    headers: Mapping[str, str]

    def form(self, action: str) -> dict[str, str]:
        """What a form sends by itself: its inputs that have a value."""
        for at, inside in _FORM.findall(self.text):
            if unescape(at) == action:
                found = [dict(_ATTRIBUTE.findall(given)) for given in _INPUT.findall(inside)]
                return {unescape(each["name"]): unescape(each["value"]) for each in found if "value" in each}
        raise AssertionError(f"no form for {action} in {self.text}")


class Browser:
    """One browser."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> Shown:
        """Follow a link."""
        async with self.client.get(path, headers=headers) as response:
            return Shown(response.status, response.url.path_qs, await response.text(), response.headers)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Shown:
        """Send a form."""
        async with self.client.post(path, data=fields, headers=headers) as response:
            return Shown(response.status, response.url.path_qs, await response.text(), response.headers)

    async def sign_in(self, key: str = API_KEY, following: str = "/nights") -> Shown:
        """Sign in as a person does."""
        form = (await self.get(f"/sign-in?next={following}")).form("/sign-in")
        shown = await self.post("/sign-in", form | {"key": key})
        assert shown.status == HTTPStatus.OK, shown.text
        return shown


@asynccontextmanager
async def browsing(ports: Ports, **settings: object) -> AsyncIterator[Browser]:
    """A browser on the service, on a port of its own."""
    server = TestServer(build(load(CoordinatorSettings, **settings), ports))
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        yield Browser(client)
