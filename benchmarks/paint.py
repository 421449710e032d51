"""`tipoff bench paint`: when a page of a season first shows something in Chromium, and what it transfers.

Needs what `make test-ui` needs; without it nothing is measured. Cold is a browser that has never been there, warm one
that has the stylesheet and the scripts.
"""

import asyncio
import os
import shutil
import statistics
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Case
from benchmarks.published import LAST, served
from shared.errors import Permanent

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

PAINT_MS, COLD_KB, WARM_KB = 300.0, 200.0, 30.0
TIMES = 10
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""Names of what is looked for, also by the tests in `tests/ui`; TIPOFF_CHROMIUM names another."""
_SLATE = f"game_date={LAST}&mode=same_day"
PAGES = {
    "Tonight": f"/?{_SLATE}",
    "a player": f"/players/1001?{_SLATE}",
    "the record": "/record?mode=same_day",
    "the record by month": "/record?mode=same_day&by=month",
    "nights": "/nights",
    "the grid": "/grid",
}
_FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  for (const each of list.getEntriesByName("first-contentful-paint")) resolve(each.startTime);
}).observe({ type: "paint", buffered: true }))"""


def bench() -> list[Case]:
    """Each page, cold and warm."""
    path = next(filter(None, map(shutil.which, [os.environ.get("TIPOFF_CHROMIUM", ""), *BROWSERS])), None)
    try:
        import playwright.async_api  # noqa: F401, PLC0415 - a bench that needs more than the others
    except ImportError:
        path = None
    if path is None:
        raise Permanent(
            "Playwright or Chromium is missing", remedy="`make test-ui` installs the one and names the other"
        )
    return asyncio.run(_measure(path))


async def _measure(path: str) -> list[Case]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - as above

    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    async with served() as (url, headers), async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(1 + TIMES):
            for name, page in PAGES.items():
                context = await chromium.new_context(base_url=url, extra_http_headers=headers)
                for how in ("cold", "warm"):
                    found.setdefault((name, how), []).append(await _painted(context, page))
                await context.close()
        await chromium.close()
    return [case for (name, how), taken in found.items() for case in _cases(name, how, taken[1:])]


async def _painted(context: "BrowserContext", path: str) -> tuple[float, float]:
    """(milliseconds until something is shown, kB that were transferred until all was loaded)."""
    page = await context.new_page()
    network: Any = await context.new_cdp_session(page)
    await network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(path, wait_until="load")
    painted: float = await page.evaluate(_FIRST_PAINT)
    await page.close()
    return painted, sum(sizes) / 1e3


def _cases(name: str, how: str, taken: list[tuple[float, float]]) -> list[Case]:
    painted, size = (statistics.median(values) for values in zip(*taken, strict=True))
    limit = COLD_KB if how == "cold" else WARM_KB
    return [
        Case(f"{name}, {how}: first contentful paint", "time", round(painted, 1), "ms", f"limit {PAINT_MS:g} ms",
             round(painted / PAINT_MS, 3), f"under {PAINT_MS:g} ms", painted < PAINT_MS),
        Case(f"{name}, {how}: transferred", "size", round(size, 1), "kB", f"limit {limit:g} kB",
             round(size / limit, 3), f"at most {limit:g} kB", size <= limit),
    ]  # fmt: skip
