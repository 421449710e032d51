"""Every endpoint of every source. A new source is a folder here and an entry in `shared/registries/sources.py`."""

from typing import Any

from services.scraper.sources import balldontlie, espn, nba_cdn, nba_official, nba_stats, odds_api, prizepicks
from services.scraper.sources.endpoint import Endpoint, Kind, T
from shared.registries.pipeline import STEPS

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    *nba_cdn.ENDPOINTS,
    *nba_stats.ENDPOINTS,
    *nba_official.ENDPOINTS,
    *espn.ENDPOINTS,
    *balldontlie.ENDPOINTS,
    *odds_api.ENDPOINTS,
    *prizepicks.ENDPOINTS,
)


def ranked(kind: Kind[T]) -> tuple[Endpoint[T], ...]:
    """The endpoints that yield a kind, the one believed first at the head."""
    return tuple(sorted((each for each in ENDPOINTS if each.kind is kind), key=lambda each: each.rank))


def steps_of(source: str | None) -> tuple[str, ...]:
    """The scrape steps that a source, or any, yields something for, in their order."""
    names = {each.kind.step for each in ENDPOINTS if source in (None, each.source)}
    return tuple(step.name for step in STEPS.values() if step.service == "scraper" and step.name in names)
