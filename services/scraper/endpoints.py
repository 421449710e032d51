"""What is asked of which source: hosts, paths and parameters, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from services.scraper.domain.odds import market_keys
from services.scraper.settings import ScraperSettings
from shared.registries.secrets import BALLDONTLIE_API_KEY, ODDS_API_KEY

NBA_CDN, NBA_STATS, ESPN, ODDS_API, BALLDONTLIE = "nba_cdn", "nba_stats", "espn", "odds_api", "balldontlie"

_STATS_SEASON_TYPES = {
    "regular": "Regular Season",
    "playoffs": "Playoffs",
    "playin": "PlayIn",
    "cup_final": "IST",
}


@dataclass(frozen=True, slots=True)
class Host:
    """A source's host: where it is, how fast it may be asked and what it wants to see."""

    name: str
    base_url: str
    rate: int
    """Requests per second."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = None
    """Name of the secret with its key, if it wants one."""
    key_param: str | None = None
    """Query parameter that carries the key; None: the Authorization header does."""


@dataclass(frozen=True, slots=True)
class Request:
    """One unit to fetch."""

    source: str
    unit: str
    """Names the payload in the fetch log and in the archive."""
    path: str
    params: Mapping[str, str] = field(default_factory=dict)


def hosts(settings: ScraperSettings) -> dict[str, Host]:
    """The hosts by source."""
    browser = {"Referer": "https://www.nba.com/", "Origin": "https://www.nba.com"}  # stats.nba.com hangs without
    all_hosts = (
        Host(NBA_CDN, settings.nba_cdn_url, settings.nba_cdn_rate, browser),
        Host(NBA_STATS, settings.nba_stats_url, settings.nba_stats_rate, browser),
        Host(ESPN, settings.espn_url, settings.espn_rate),
        Host(ODDS_API, settings.odds_api_url, settings.odds_api_rate, secret=ODDS_API_KEY, key_param="apiKey"),
        Host(BALLDONTLIE, settings.balldontlie_url, settings.balldontlie_rate, secret=BALLDONTLIE_API_KEY),
    )
    return {host.name: host for host in all_hosts}


def current_schedule(season: str) -> Request:
    """The CDN's schedule: whatever season is current there; `season` is the one expected."""
    return Request(NBA_CDN, season, "/static/json/staticData/scheduleLeagueV2.json")


def season_schedule(season: str) -> Request:
    """The schedule of any season."""
    return Request(NBA_STATS, season, "/stats/scheduleleaguev2", {"LeagueID": "00", "Season": season})


def live_boxscore(game_id: str) -> Request:
    """One game's box score; the CDN answers 403 while there is no such file."""
    return Request(NBA_CDN, game_id, f"/static/json/liveData/boxscore/boxscore_{game_id}.json")


def game_log(season: str, season_type: str) -> Request:
    """All player lines of a season's games of one kind."""
    params = {
        "Counter": "0",
        "DateFrom": "",
        "DateTo": "",
        "Direction": "DESC",
        "LeagueID": "00",
        "PlayerOrTeam": "P",
        "Season": season,
        "SeasonType": _STATS_SEASON_TYPES[season_type],
        "Sorter": "DATE",
    }
    return Request(NBA_STATS, f"{season}-{season_type}", "/stats/leaguegamelog", params)


def player_index(season: str) -> Request:
    """Everyone of a season with his team."""
    optional = (
        "Active",
        "AllStar",
        "College",
        "Country",
        "DraftPick",
        "DraftYear",
        "Height",
        "PlayerPosition",
        "Weight",
    )
    params = {"LeagueID": "00", "Season": season, "Historical": "0", "TeamID": "0", **dict.fromkeys(optional, "")}
    return Request(NBA_STATS, season, "/stats/playerindex", params)


def injuries() -> Request:
    """Everyone on an injury list now."""
    return Request(ESPN, "injuries", "/apis/site/v2/sports/basketball/nba/injuries")


def box_scores_of(day: date) -> Request:
    """All box scores of a date, from the fallback."""
    return Request(BALLDONTLIE, day.isoformat(), "/v1/box_scores", {"date": day.isoformat()})


def events(as_of: datetime | None) -> Request:
    """The games with odds, now or as they stood at a past instant."""
    if as_of is None:
        return Request(ODDS_API, "events", "/v4/sports/basketball_nba/events", {"dateFormat": "iso"})
    params = {"dateFormat": "iso", "date": _stamp(as_of)}
    return Request(ODDS_API, "events", "/v4/historical/sports/basketball_nba/events", params)


def event_odds(game_id: str, event_id: str, settings: ScraperSettings, as_of: datetime | None) -> Request:
    """One game's player props, now or as they stood at a past instant."""
    params = {
        "regions": settings.odds_regions,
        "markets": ",".join(market_keys(settings.odds_markets.split(","))),
        "dateFormat": "iso",
        "oddsFormat": "american",
    }
    if as_of is None:
        return Request(ODDS_API, game_id, f"/v4/sports/basketball_nba/events/{event_id}/odds", params)
    params["date"] = _stamp(as_of)
    return Request(ODDS_API, game_id, f"/v4/historical/sports/basketball_nba/events/{event_id}/odds", params)


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
