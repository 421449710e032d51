"""What is asked of which upstream."""

from datetime import date, datetime, timedelta, timezone

import pytest

from services.scraper import endpoints
from services.scraper.endpoints import Host, Request
from services.scraper.settings import ScraperSettings
from shared.errors import Permanent
from shared.registries.markets import MARKET_NAMES, MARKETS
from shared.runtime.retry import RetryPolicy
from shared.runtime.settings import load

ASKED = ",".join(f"{market.odds_key},{market.odds_key}_alternate" for market in MARKETS.values())
CUTOFF = datetime(2024, 3, 4, 7, 30, 15, 900_000, tzinfo=timezone(timedelta(hours=-5)))
"""12:30:15.9 UTC."""
BROWSER = {"Referer": "https://www.nba.com/", "Origin": "https://www.nba.com"}


def test_the_five_upstreams() -> None:
    """Each with its own address, rate and manner of asking; the NBA wants to see a browser, two want a key."""
    settings = ScraperSettings(
        nba_cdn_url="http://cdn",
        nba_cdn_rate=11,
        nba_stats_url="http://stats",
        nba_stats_rate=12,
        espn_url="http://espn",
        espn_rate=13,
        odds_api_url="http://odds",
        odds_api_rate=14,
        balldontlie_url="http://bdl",
        balldontlie_rate=15,
    )
    assert endpoints.hosts(settings) == {
        "nba_cdn": Host("nba_cdn", "http://cdn", 11, BROWSER, None, None),
        "nba_stats": Host("nba_stats", "http://stats", 12, BROWSER, None, None),
        "espn": Host("espn", "http://espn", 13, {}, None, None),
        "odds_api": Host("odds_api", "http://odds", 14, {}, "odds-api-key", "apiKey"),
        "balldontlie": Host("balldontlie", "http://bdl", 15, {}, "balldontlie-api-key", None),
    }


def test_the_settings_defaults() -> None:
    """The upstreams' public addresses, polite rates, patient retries."""
    settings = ScraperSettings()
    assert {name: (source.base_url, source.rate) for name, source in endpoints.hosts(settings).items()} == {
        "nba_cdn": ("https://cdn.nba.com", 10),
        "nba_stats": ("https://stats.nba.com", 1),
        "espn": ("https://site.api.espn.com", 5),
        "odds_api": ("https://api.the-odds-api.com", 5),
        "balldontlie": ("https://api.balldontlie.io", 1),
    }
    assert settings.retry_policy == RetryPolicy(attempts=8, attempt_timeout=20.0, base_delay=0.5, max_delay=30.0)
    assert (settings.concurrency, settings.history_seasons, settings.bulk_threshold) == (4, 4, 40)
    assert (settings.odds_regions, settings.user_agent) == ("us", "Mozilla/5.0 (compatible; tipoff)")
    given = ScraperSettings(attempts=5, attempt_timeout_s=6.0, retry_base_s=7.0, retry_max_s=9.0)
    assert given.retry_policy == RetryPolicy(attempts=5, attempt_timeout=6.0, base_delay=7.0, max_delay=9.0)


def test_schedules() -> None:
    """The CDN shows what is current, stats.nba.com any season; both name the unit by the season."""
    assert endpoints.current_schedule("2023-24") == Request(
        "nba_cdn", "2023-24", "/static/json/staticData/scheduleLeagueV2.json", {}
    )
    assert endpoints.season_schedule("2021-22") == Request(
        "nba_stats", "2021-22", "/stats/scheduleleaguev2", {"LeagueID": "00", "Season": "2021-22"}
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [("regular", "Regular Season"), ("playoffs", "Playoffs"), ("playin", "PlayIn"), ("cup_final", "IST")],
)
def test_a_game_log_is_of_a_season_and_kind_of_game(kind: str, name: str) -> None:
    """In the words of stats.nba.com, players and not teams."""
    assert endpoints.game_log("2023-24", kind) == Request(
        "nba_stats",
        f"2023-24-{kind}",
        "/stats/leaguegamelog",
        {
            "Counter": "0",
            "DateFrom": "",
            "DateTo": "",
            "Direction": "DESC",
            "LeagueID": "00",
            "PlayerOrTeam": "P",
            "Season": "2023-24",
            "SeasonType": name,
            "Sorter": "DATE",
        },
    )


def test_box_scores_one_by_one() -> None:
    """From the CDN by game, from the fallback by date."""
    assert endpoints.live_boxscore("0022300900") == Request(
        "nba_cdn", "0022300900", "/static/json/liveData/boxscore/boxscore_0022300900.json", {}
    )
    assert endpoints.box_scores_of(date(2024, 3, 4)) == Request(
        "balldontlie", "2024-03-04", "/v1/box_scores", {"date": "2024-03-04"}
    )


def test_rosters_and_injuries() -> None:
    """The index of a season with all its filters open; the injuries of now."""
    assert endpoints.player_index("2023-24") == Request(
        "nba_stats",
        "2023-24",
        "/stats/playerindex",
        {
            "LeagueID": "00",
            "Season": "2023-24",
            "Historical": "0",
            "TeamID": "0",
            "Active": "",
            "AllStar": "",
            "College": "",
            "Country": "",
            "DraftPick": "",
            "DraftYear": "",
            "Height": "",
            "PlayerPosition": "",
            "Weight": "",
        },
    )
    assert endpoints.injuries() == Request("espn", "injuries", "/apis/site/v2/sports/basketball/nba/injuries", {})


def test_events_now_or_in_the_past() -> None:
    """The past is another path, with an instant in whole seconds of UTC."""
    assert endpoints.events(None) == Request(
        "odds_api", "events", "/v4/sports/basketball_nba/events", {"dateFormat": "iso"}
    )
    assert endpoints.events(CUTOFF) == Request(
        "odds_api",
        "events",
        "/v4/historical/sports/basketball_nba/events",
        {"dateFormat": "iso", "date": "2024-03-04T12:30:15Z"},
    )


def test_odds_now_or_in_the_past() -> None:
    """All ten markets in American odds; the unit is the game, not the upstream's event."""
    settings = ScraperSettings(odds_regions="us,eu")
    asked = {"regions": "us,eu", "markets": ASKED, "dateFormat": "iso", "oddsFormat": "american"}
    assert endpoints.event_odds("0022300900", "e1", settings, None) == Request(
        "odds_api", "0022300900", "/v4/sports/basketball_nba/events/e1/odds", asked
    )
    assert endpoints.event_odds("0022300900", "e1", settings, CUTOFF) == Request(
        "odds_api",
        "0022300900",
        "/v4/historical/sports/basketball_nba/events/e1/odds",
        {**asked, "date": "2024-03-04T12:30:15Z"},
    )


def test_markets_that_are_asked_for_are_a_setting() -> None:
    """Main and alternate lines of those alone; a market that is none is refused by name."""
    settings = ScraperSettings(odds_markets="rebounds,pra")
    asked = endpoints.event_odds("0022300900", "e1", settings, None).params["markets"]
    assert asked == (
        "player_rebounds,player_rebounds_alternate,"
        "player_points_rebounds_assists,player_points_rebounds_assists_alternate"
    )
    with pytest.raises(Permanent, match=f"'dunks' is none of {MARKET_NAMES}"):
        load(ScraperSettings, odds_markets="points,dunks")
