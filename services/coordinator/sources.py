"""Every source, once, with how long it may give nothing new before an alert is raised."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Source:
    """An upstream as `raw.fetches` and the archive name it."""

    name: str
    stale_after: timedelta
    """Time without an accepted answer, while slates with games went by, after which `source_stale` is raised."""
    fallback: bool = False
    """Only asked when another source fails: never stale."""


SOURCES = {
    source.name: source
    for source in (
        Source("nba_cdn", timedelta(days=2)),
        Source("nba_stats", timedelta(days=2)),
        Source("espn", timedelta(days=2)),
        Source("odds_api", timedelta(days=2)),
        Source("balldontlie", timedelta(days=30), fallback=True),
    )
}
