"""The hosts that the local upstream stands for: those of the registry of sources."""

from urllib.parse import urlsplit

from shared.registries.sources import SOURCES


def _host(source: str) -> str:
    return urlsplit(SOURCES[source].base_url).netloc


CDN = _host("nba_cdn")
STATS = _host("nba_stats")
ESPN = _host("espn")
ODDS = _host("odds_api")
BALLDONTLIE = _host("balldontlie")
OFFICIAL = _host("nba_official")
HOSTS = tuple(map(_host, SOURCES))
