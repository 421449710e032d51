"""What is asked of which upstream."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from services.scraper import sources
from services.scraper.settings import ScraperSettings
from services.scraper.sources.balldontlie.box_scores import BOX_SCORES_OF, box_scores_of
from services.scraper.sources.endpoint import BOX_SCORES, INJURIES, ROSTERS, SCHEDULE, SCOREBOARD, Need, Request
from services.scraper.sources.espn.injuries import LISTED, listed
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE, boxscore
from services.scraper.sources.nba_cdn.schedule import CURRENT, current
from services.scraper.sources.nba_cdn.scoreboard import TODAY
from services.scraper.sources.nba_stats.leaguegamelog import LOG, log, team_log
from services.scraper.sources.nba_stats.playerindex import INDEX, index
from services.scraper.sources.nba_stats.schedule import OF_SEASON, of_season
from services.scraper.sources.odds_api.event_odds import ODDS, ODDS_HISTORY, event_odds
from services.scraper.sources.odds_api.events import EVENTS, EVENTS_HISTORY, events
from shared.errors import Permanent
from shared.registries.markets import MARKET_NAMES, MARKETS
from shared.registries.sources import SOURCES
from shared.runtime.retry import RetryPolicy
from shared.runtime.settings import load

ASKED = ",".join(f"{market.odds_key},{market.odds_key}_alternate" for market in MARKETS.values())
CUTOFF = datetime(2024, 3, 4, 7, 30, 15, 900_000, tzinfo=timezone(timedelta(hours=-5)))
"""12:30:15.9 UTC."""
ESPN = "/apis/site/v2/sports/basketball/nba"
BROWSER = {"Referer": "https://www.nba.com/", "Origin": "https://www.nba.com"}


def test_where_and_how_fast_a_source_is_asked_is_a_setting() -> None:
    """What the registry says is the default; the NBA wants to see a browser, two want a key."""
    settings = ScraperSettings(nba_cdn_url="http://cdn", nba_cdn_rate=11)
    assert settings.sources == {**SOURCES, "nba_cdn": replace(SOURCES["nba_cdn"], base_url="http://cdn", rate=11)}
    assert {name for name, source in SOURCES.items() if source.headers.items() >= BROWSER.items()} == {
        "nba_cdn", "nba_stats", "nba_official"
    }  # fmt: skip
    assert SOURCES["nba_stats"].headers["x-nba-stats-origin"] == "stats"  # it hangs without
    assert {(source.secret, source.key_param) for source in SOURCES.values() if source.secret is not None} == {
        ("odds-api-key", "apiKey"), ("balldontlie-api-key", None)
    }  # fmt: skip


def test_every_source_has_endpoints_of_its_own() -> None:
    """And no endpoint belongs to a source that is not registered; no two of a kind have one rank, but now and then."""
    assert {endpoint.source for endpoint in sources.ENDPOINTS} == SOURCES.keys()
    assert [each.source for each in sources.ranked(SCHEDULE)] == ["nba_cdn", "nba_stats"]
    assert [each.source for each in sources.ranked(BOX_SCORES)] == ["nba_cdn", "nba_stats", "balldontlie"]
    assert [each.source for each in sources.ranked(SCOREBOARD)] == ["nba_cdn", "espn", "balldontlie"]
    assert [each.source for each in sources.ranked(ROSTERS)] == ["nba_stats", "espn", "balldontlie"]
    assert [each.source for each in sources.ranked(INJURIES)] == ["nba_official", "espn", "balldontlie"]


def test_the_settings_defaults() -> None:
    """The upstreams' public addresses, polite rates, patient retries."""
    settings = ScraperSettings()
    assert {name: (source.base_url, source.rate) for name, source in settings.sources.items()} == {
        "nba_cdn": ("https://cdn.nba.com", 10),
        "nba_stats": ("https://stats.nba.com", 1),
        "nba_official": ("https://ak-static.cms.nba.com", 5),
        "espn": ("https://site.api.espn.com", 5),
        "prizepicks": ("https://api.prizepicks.com", 1),
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
    assert current("2023-24") == Request(CURRENT, "2023-24", "/static/json/staticData/scheduleLeagueV2.json", {})
    assert of_season("2021-22") == Request(
        OF_SEASON, "2021-22", "/stats/scheduleleaguev2", {"LeagueID": "00", "Season": "2021-22"}
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [("regular", "Regular Season"), ("playoffs", "Playoffs"), ("playin", "PlayIn"), ("cup_final", "IST")],
)
def test_a_game_log_is_of_a_season_and_kind_of_game(kind: str, name: str) -> None:
    """In the words of stats.nba.com, players and not teams."""
    assert log("2023-24", kind) == Request(
        LOG,
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


def test_a_game_log_of_teams_is_the_same_with_another_letter() -> None:
    """And a unit of its own."""
    players, teams = log("2023-24", "playin"), team_log("2023-24", "playin")
    assert (players.unit, teams.unit) == ("2023-24-playin", "2023-24-playin-teams")
    assert teams.params == {**players.params, "PlayerOrTeam": "T"}


def test_box_scores_one_by_one() -> None:
    """From the CDN by game, from the fallback by date."""
    assert boxscore("0022300900") == Request(
        BOXSCORE, "0022300900", "/static/json/liveData/boxscore/boxscore_0022300900.json", {}
    )
    assert box_scores_of(date(2024, 3, 4)) == Request(
        BOX_SCORES_OF, "2024-03-04", "/v1/box_scores", {"date": "2024-03-04"}
    )


def test_rosters_and_injuries() -> None:
    """The index of a season with all its filters open; the injuries of now."""
    assert index("2023-24") == Request(
        INDEX,
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
    assert listed() == Request(LISTED, "injuries", "/apis/site/v2/sports/basketball/nba/injuries", {})


NEED = Need(
    season="2023-24",
    days=(date(2024, 3, 3), date(2024, 3, 4)),
    teams=("NYK", "BOS"),
    now=datetime(2024, 3, 5, 3, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("source", "name", "asked"),
    [
        ("nba_cdn", "scheduleLeagueV2", [("2023-24", "/static/json/staticData/scheduleLeagueV2.json", {})]),
        (
            "nba_stats",
            "scheduleleaguev2",
            [("2023-24", "/stats/scheduleleaguev2", {"LeagueID": "00", "Season": "2023-24"})],
        ),
        (
            "nba_cdn",
            "todaysScoreboard",
            [("scoreboard", "/static/json/liveData/scoreboard/todaysScoreboard_00.json", {})],
        ),
        (
            "espn",
            "scoreboard",
            [
                (f"scoreboard-2024-03-0{day}", f"{ESPN}/scoreboard", {"dates": f"2024030{day}", "limit": "100"})
                for day in (3, 4)
            ],
        ),
        (
            "espn",
            "roster",
            [(f"roster-{team}", f"{ESPN}/teams/{number}/roster", {}) for team, number in (("NYK", 18), ("BOS", 2))],
        ),
        ("espn", "injuries", [("injuries", f"{ESPN}/injuries", {})]),
        (
            "balldontlie",
            "games",
            [
                (f"scoreboard-2024-03-0{day}", "/v1/games", {"dates[]": f"2024-03-0{day}", "per_page": "100"})
                for day in (3, 4)
            ],
        ),
        (
            "balldontlie",
            "box_scores",
            [(f"2024-03-0{day}", "/v1/box_scores", {"date": f"2024-03-0{day}"}) for day in (3, 4)],
        ),
        (
            "balldontlie",
            "players",
            [
                (f"roster-{team}", "/v1/players/active", {"team_ids[]": number, "per_page": "100"})
                for team, number in (("NYK", "20"), ("BOS", "2"))
            ],
        ),
        (
            "balldontlie",
            "injuries",
            [
                (f"injuries-{team}", "/v1/player_injuries", {"team_ids[]": number, "per_page": "100"})
                for team, number in (("NYK", "20"), ("BOS", "2"))
            ],
        ),
    ],
)
def test_a_need_is_a_list_of_requests(source: str, name: str, asked: list[tuple[str, str, dict[str, str]]]) -> None:
    """By season, by date or by team; units are told apart within a source."""
    [endpoint] = [each for each in sources.ENDPOINTS if (each.source, each.name) == (source, name)]
    assert endpoint.requests is not None
    assert [(each.unit, each.path, each.params) for each in endpoint.requests(NEED)] == asked
    assert all(each.endpoint is endpoint for each in endpoint.requests(NEED))


@pytest.mark.parametrize(("now", "asked"), [(3, 1), (4, 1), (5, 1), (6, 0), (1, 0)])
def test_the_cdns_scoreboard_is_of_today_or_yesterday(now: int, asked: int) -> None:
    """Another day is not on it."""
    need = replace(NEED, now=datetime(2024, 3, now, 17, tzinfo=UTC))
    assert TODAY.requests is not None
    assert len(TODAY.requests(need)) == asked


def test_an_index_answers_for_every_team() -> None:
    """One request."""
    assert INDEX.requests is not None
    assert INDEX.requests(NEED) == (index("2023-24"),)


def test_events_now_or_in_the_past() -> None:
    """The past is another path, with an instant in whole seconds of UTC."""
    assert events(None) == Request(EVENTS, "events", "/v4/sports/basketball_nba/events", {"dateFormat": "iso"})
    assert events(CUTOFF) == Request(
        EVENTS_HISTORY,
        "events",
        "/v4/historical/sports/basketball_nba/events",
        {"dateFormat": "iso", "date": "2024-03-04T12:30:15Z"},
    )


def test_odds_now_or_in_the_past() -> None:
    """All ten markets in American odds; the unit is the game, not the upstream's event."""
    asked = {"regions": "us,eu", "markets": ASKED, "dateFormat": "iso", "oddsFormat": "american"}
    assert event_odds("0022300900", "e1", regions="us,eu", markets=MARKETS, as_of=None) == Request(
        ODDS, "0022300900", "/v4/sports/basketball_nba/events/e1/odds", asked
    )
    assert event_odds("0022300900", "e1", regions="us,eu", markets=MARKETS, as_of=CUTOFF) == Request(
        ODDS_HISTORY,
        "0022300900",
        "/v4/historical/sports/basketball_nba/events/e1/odds",
        {**asked, "date": "2024-03-04T12:30:15Z"},
    )


def test_markets_that_are_asked_for_are_a_setting() -> None:
    """Main and alternate lines of those alone; a market that is none is refused by name."""
    settings = ScraperSettings(odds_markets="rebounds,pra")
    asked = event_odds("0022300900", "e1", regions="us", markets=settings.odds_markets.split(","), as_of=None).params[
        "markets"
    ]
    assert asked == (
        "player_rebounds,player_rebounds_alternate,"
        "player_points_rebounds_assists,player_points_rebounds_assists_alternate"
    )
    with pytest.raises(Permanent, match=f"'dunks' is none of {MARKET_NAMES}"):
        load(ScraperSettings, odds_markets="points,dunks")
