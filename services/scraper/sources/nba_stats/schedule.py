"""`scheduleleaguev2` of stats.nba.com: the schedule of any season, the CDN's document."""

from services.scraper.domain.games import Season
from services.scraper.sources.endpoint import SCHEDULE, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import parse_schedule

OF_SEASON = Endpoint(
    "nba_stats", "scheduleleaguev2", SCHEDULE, parse_schedule, rank=2, requests=lambda need: (of_season(need.season),)
)


def of_season(season: str) -> Request[Season]:
    """The schedule of any season."""
    return OF_SEASON.request(season, "/stats/scheduleleaguev2", {"LeagueID": "00", "Season": season})
