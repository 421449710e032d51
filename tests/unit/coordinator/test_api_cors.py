"""Which pages of other origins may read the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestClient

from services.coordinator.origins import origins
from services.coordinator.settings import CoordinatorSettings
from shared.errors import Permanent
from shared.ports import Ports
from shared.runtime.settings import load
from tests.unit.coordinator.pages import browsing
from tests.unit.shared.places import API_KEY

OURS, OTHER = "https://charts.example.org", "https://evil.example.org"
ALLOWED = "Access-Control-Allow-Origin"


@asynccontextmanager
async def serving(ports: Ports, allowed: str) -> "AsyncIterator[TestClient]":  # type: ignore[type-arg]  # of any app
    """The service with these origins."""
    async with browsing(ports, cors_origins=allowed) as browser:
        yield browser.client


def preflight(origin: str, method: str = "GET", headers: str = "x-api-key") -> dict[str, str]:
    """What a browser asks with before it asks."""
    return {
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers,
    }  # fmt: skip


@pytest.mark.network
async def test_a_page_of_a_listed_origin_may_read(ports: Ports) -> None:
    """Preflight without a key, then the answer, refusals too; without cookies."""
    async with serving(ports, f"http://localhost:3000 {OURS}") as client:
        async with client.options("/v1/models", headers=preflight(OURS)) as response:
            assert (response.status, response.headers[ALLOWED]) == (200, OURS)
            assert response.headers["Access-Control-Allow-Headers"] == "X-API-KEY"
            assert response.headers["Access-Control-Allow-Methods"] == "GET"
        for key, status in ((API_KEY, 200), ("wrong", 401)):
            async with client.get("/v1/", headers={"Origin": OURS, "X-API-Key": key}) as response:
                assert (response.status, response.headers[ALLOWED]) == (status, OURS)
                assert "ETag" in response.headers["Access-Control-Expose-Headers"]
                assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.network
async def test_nobody_else_may_and_nothing_else_is_opened(ports: Ports) -> None:
    """Neither another origin, nor a change, nor the page, nor another header."""
    asked = [
        ("/v1/models", preflight(OTHER)), ("/v1/runs", preflight(OURS, "POST")), ("/v1/runs", preflight("null")),
        ("/v1/models", preflight(OURS, headers="x-other")), ("/v1/models", {}),
    ]  # fmt: skip
    async with serving(ports, OURS) as client:
        for path, headers in asked:
            async with client.options(path, headers=headers) as response:
                assert (response.status, ALLOWED in response.headers) == (403, False), (path, headers)
        async with client.options("/nights", headers=preflight(OURS)) as response:
            assert (response.status, ALLOWED in response.headers) == (405, False)
        for path, origin in (("/v1/", OTHER), ("/nights", OURS), ("/healthz", OURS)):
            async with client.get(path, headers={"Origin": origin, "X-API-Key": API_KEY}) as response:
                assert ALLOWED not in response.headers, path


@pytest.mark.network
async def test_by_default_no_page_may(ports: Ports) -> None:
    """There is no preflight at all."""
    async with serving(ports, "") as client:
        async with client.options("/v1/models", headers=preflight(OURS)) as response:
            assert (response.status, ALLOWED in response.headers) == (405, False)
        async with client.get("/v1/", headers={"Origin": OURS, "X-API-Key": API_KEY}) as response:
            assert ALLOWED not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "*", "null", "example.org", "https://", "https://*.example.org/", "https://*", "https://example.org/",
        "https://example.org/a", "https://Example.org", "https://example.org:443", "http://example.org:80",
        "https://example.org:port", "https://a@example.org", "ftp://example.org", "https://example.org?", "https://é.org",
    ],
)  # fmt: skip
def test_what_no_browser_sends_as_an_origin_is_refused(origin: str) -> None:
    """It could never match, or would match everybody."""
    with pytest.raises(Permanent, match=r"TIPOFF_CORS_ORIGINS is invalid: .* is no origin"):
        load(CoordinatorSettings, cors_origins=f"https://example.org {origin}")


def test_origins_are_taken_as_browsers_send_them() -> None:
    """With a port where it is not the usual one."""
    given = ("https://example.org", "http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:8000")
    assert origins("  ".join(given)) == given
