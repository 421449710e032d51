"""Whether services that run on this machine are healthy."""

from collections.abc import Mapping

import aiohttp

from shared.runtime.access import KEY_HEADER


async def health(urls: Mapping[str, str], api_key: str) -> list[dict[str, object]]:
    """Name, health, URL, and what is ill of each service."""
    found: list[dict[str, object]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5.0)) as session:
        for name, url in urls.items():
            headers = {KEY_HEADER: api_key} if name == "coordinator" else {}  # the others know no keys
            try:
                async with session.get(f"{url}/readyz", headers=headers) as response:
                    body = await response.json()
            except (aiohttp.ClientError, TimeoutError) as error:
                found.append({"service": name, "healthy": False, "url": url, "why": type(error).__name__})
                continue
            ill = "; ".join(f"{check}: {state}" for check, state in body["checks"].items() if state != "ok")
            found.append({"service": body["service"], "healthy": body["healthy"], "url": url, "why": ill})
    return found
