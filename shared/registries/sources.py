"""Every source, once: where it is, how it may be asked, and how long it may give nothing new.

What a source is asked for, and how its answers are read, is its folder in `services/scraper/sources`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.registries.secrets import BALLDONTLIE_API_KEY, NBA_STATS_PROXY_URL, ODDS_API_KEY


@dataclass(frozen=True, slots=True)
class Source:
    """An upstream as settings, `raw.fetches` and the archive name it."""

    name: str
    title: str
    """For people."""
    base_url: str
    rate: int
    """Requests per second."""
    stale_after: timedelta
    """Time without an accepted answer, while slates with games went by, after which `source_stale` is raised."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = None
    """Name of the secret with its key, if it wants one."""
    key_param: str | None = None
    """Query parameter that carries the key; None: the Authorization header does."""
    fallback: bool = False
    """Only asked when another source fails: never stale."""
    concurrency: int = 16
    """Requests under way at once."""
    deadline: float = 20.0
    """Seconds an attempt may take, if the setting for all sources is no shorter."""
    bucket: bool = False
    """It serves files: a 403 says that there is none of that name, and not that it keeps us out."""
    proxy: str | None = None
    """Name of the optional secret with the URL of the proxy it is asked through: no value, no proxy."""
    again: tuple[str, ...] = ()
    """Scrape steps whose payloads of the past it gives again. Never what it shows of a moment: odds, injuries, rosters,
    scoreboards."""


_NBA_PAGE = {"Referer": "https://www.nba.com/", "Origin": "https://www.nba.com", "Accept-Language": "en-US,en;q=0.9"}
"""As a browser on the NBA's page sends them: the CDN wants to see its Referer."""
_NBA_STATS_PAGE = {**_NBA_PAGE, "x-nba-stats-origin": "stats", "x-nba-stats-token": "true"}
"""stats.nba.com hangs without."""

SOURCES = {
    source.name: source
    for source in (
        Source(
            "nba_cdn",
            "the NBA's CDN",
            "https://cdn.nba.com",
            10,
            timedelta(days=2),
            _NBA_PAGE,
            bucket=True,
            again=("schedule", "box_scores"),
        ),
        Source(
            "nba_stats",
            "the NBA's statistics",
            "https://stats.nba.com",
            1,
            timedelta(days=2),
            _NBA_STATS_PAGE,
            concurrency=4,
            deadline=15.0,  # a season's game log takes it five; it may also hang for ever
            proxy=NBA_STATS_PROXY_URL,
            again=("schedule", "box_scores"),
        ),
        Source(
            "nba_official",
            "the NBA's official injury report",
            "https://ak-static.cms.nba.com",
            5,
            timedelta(days=2),
            _NBA_PAGE,
            bucket=True,
        ),
        Source("espn", "ESPN's site API", "https://site.api.espn.com", 5, timedelta(days=2)),
        Source(
            "odds_api",
            "The Odds API",
            "https://api.the-odds-api.com",
            5,
            timedelta(days=2),
            secret=ODDS_API_KEY,
            key_param="apiKey",
        ),
        Source(
            "balldontlie",
            "BallDontLie",
            "https://api.balldontlie.io",
            1,
            timedelta(days=30),
            secret=BALLDONTLIE_API_KEY,
            fallback=True,
            concurrency=4,
            again=("box_scores",),
        ),
        Source("prizepicks", "PrizePicks", "https://api.prizepicks.com", 1, timedelta(days=2), fallback=True),
    )
}
