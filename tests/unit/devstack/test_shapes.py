"""What is served is built like the real payloads: keys, types, order of columns, format of stamps."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devstack.history import History
from devstack.upstream.balldontlie import box_scores
from devstack.upstream.balldontlie_lists import Lists
from devstack.upstream.boxscore import box_score
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.espn_roster import EspnRosters
from devstack.upstream.espn_scoreboard import EspnScoreboard
from devstack.upstream.gamelog import GameLog
from devstack.upstream.odds import OddsFeed
from devstack.upstream.rosters import PlayerIndex
from devstack.upstream.schedule import ScheduleFeed
from devstack.upstream.scoreboard import Scoreboard
from devstack.upstream.wire import Answer
from tests.unit.devstack.shapes import differences

DAY = date(2024, 11, 20)
NOON = datetime(2024, 11, 20, 17, 0, tzinfo=UTC)
MORNING_AFTER = NOON + timedelta(days=1)


def payload(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    assert answer.status == 200
    return json.loads(answer.body)


def recorded(folder: Path, pattern: str) -> Any:  # noqa: ANN401 - JSON
    files = sorted(folder.glob(pattern))
    if not files:
        pytest.skip(f"no {pattern} in {folder}")
    raw = files[0].read_bytes()
    return json.loads(gzip.decompress(raw) if files[0].suffix == ".gz" else raw)


@pytest.mark.parametrize("pattern", ["nba/schedule_cdn/*", "nba/schedule_api/*"])
def test_schedule_is_built_like_the_real_one(league: History, shared_payloads: Path, pattern: str) -> None:
    """The schedule has the keys, types and stamps of the CDN's and of stats.nba.com's."""
    ours = payload(ScheduleFeed(league).current(NOON))
    assert differences(ours, recorded(shared_payloads, pattern)) == []


def test_final_box_score_is_built_like_the_real_one(league: History, shared_payloads: Path) -> None:
    """A final box score has every key of the CDN's; only starters have a position there, and a history knows none."""
    ours = payload(box_score(league, league.on(DAY)[0].game_id, MORNING_AFTER))
    assert differences(ours, recorded(shared_payloads, "nba_cdn/boxscore/*")) == []


@pytest.mark.parametrize(
    ("kind", "pattern"), [("P", "nba/player_boxscore/*"), ("T", "nba/leaguegamelog_2018_19/*Regular*")]
)
def test_game_log_is_built_like_the_real_one(league: History, shared_payloads: Path, kind: str, pattern: str) -> None:
    """The game log has the real columns in the real order, and rows of the real types."""
    query = {"Season": "2024-25", "SeasonType": "Regular Season", "PlayerOrTeam": kind}
    ours, real = payload(GameLog(league).answer(query, NOON)), recorded(shared_payloads, pattern)
    assert differences(ours, real) == []
    table, really = ours["resultSets"][0], real["resultSets"][0]
    assert table["headers"] == really["headers"]
    for value, example, header in zip(table["rowSet"][0], really["rowSet"][0], table["headers"], strict=True):
        assert differences(value, example, header) == []


def test_player_index_is_built_like_the_real_one(league: History, shared_payloads: Path) -> None:
    """The player index has the real columns in the real order, and rows of the real types."""
    ours = payload(PlayerIndex(league).answer({"Season": "2024-25"}, NOON))
    real = recorded(shared_payloads, "nba/player_list/*")
    assert differences(ours, real) == []
    table, really = ours["resultSets"][0], real["resultSets"][0]
    assert table["headers"] == really["headers"]
    for value, example, header in zip(table["rowSet"][0], really["rowSet"][0], table["headers"], strict=True):
        assert differences(value, example, header) == []


def test_injury_feed_is_built_like_the_real_one(league: History, shared_payloads: Path) -> None:
    """ESPN's entries have the real keys but for the expected return, which a history does not know."""
    ours = payload(InjuryFeed(league).answer(NOON + timedelta(hours=8)))
    assert ours["injuries"]
    real = recorded(shared_payloads, "espn/injuries/*")
    assert differences(ours, real, lacking=frozenset({"returnDate"})) == []


def test_odds_are_built_like_the_real_ones(league: History, shared_payloads: Path) -> None:
    """Events, props and the historical wrapper have the real keys, types and stamps."""
    feed = OddsFeed(league)
    events = payload(feed.events(NOON))
    assert differences(events, recorded(shared_payloads, "odds_api/events/*")) == []
    query = {
        "markets": "player_points,player_points_alternate",
        "oddsFormat": "american",
        "date": "2024-11-20T16:00:00Z",
    }
    props = payload(feed.event_odds(events[0]["id"], query, NOON))
    real = recorded(shared_payloads, "odds_api/event_odds_player_props/*")
    assert props["bookmakers"]
    assert differences(props, real) == []
    price = props["bookmakers"][0]["markets"][0]["outcomes"][0]["price"]
    assert isinstance(price, int)
    wrapped = payload(feed.historical_events(query, NOON))
    assert differences(wrapped, recorded(shared_payloads, "odds_api/events_his/*")) == []
    history = payload(feed.historical_odds(events[0]["id"], query, NOON))
    assert differences({**history, "data": None}, recorded(shared_payloads, "odds_api/game_lines_his/*")) == []
    assert differences(history["data"], real) == []


def test_fallback_box_scores_are_built_like_the_real_ones(league: History, shared_payloads: Path) -> None:
    """BallDontLie's games, teams, lines and players have the real keys and types."""
    ours = payload(box_scores(league, {"date": DAY.isoformat()}, MORNING_AFTER))
    real = recorded(shared_payloads, "balldontlie/box_scores/*7a64*")
    assert ours["data"]
    assert differences(ours, real) == []


@pytest.mark.parametrize(
    ("now", "pattern"),
    [
        (NOON + timedelta(hours=6), "*_01-10-26_4p.json"),
        (NOON + timedelta(hours=8), "*_01-14-26_11p.json"),
        (MORNING_AFTER - timedelta(hours=2), "*_01-06-26_8p.json"),
    ],
)
def test_scoreboard_is_built_like_the_real_one(
    league: History, shared_payloads: Path, now: datetime, pattern: str
) -> None:
    """The CDN's scoreboard has the real keys and types before, during and after the games."""
    ours = payload(Scoreboard(league).answer(now))
    assert ours["scoreboard"]["games"]
    assert differences(ours, recorded(shared_payloads, f"nba_cdn/todaysScoreboard/{pattern}")) == []


@pytest.mark.parametrize("now", [NOON, NOON + timedelta(hours=8), MORNING_AFTER])
def test_espn_scoreboard_is_built_like_the_real_one(league: History, shared_payloads: Path, now: datetime) -> None:
    """ESPN's scoreboard has the real keys but for what a history does not know: plays, series, links."""
    ours = payload(EspnScoreboard(league).answer("20241120", now))
    assert len(ours["events"]) == len(league.on(DAY))
    absent = frozenset({"situation", "series", "provider", "links", "record"})
    unknown = frozenset({"venue"})  # of the team; the game's is there
    real = recorded(shared_payloads, "espn/scoreboard/*")
    assert differences(ours, real, lacking=absent | unknown) == []
    assert ours["events"][0]["competitions"][0]["venue"].keys() == real["events"][0]["competitions"][0]["venue"].keys()


def test_espn_roster_is_built_like_the_real_one(league: History, shared_payloads: Path) -> None:
    """ESPN's team with its roster has the real keys but for what a history does not know of a player."""
    ours = payload(EspnRosters(league, PlayerIndex(league)).team("2", {"enable": "roster"}, NOON))
    real = recorded(shared_payloads, "espn/roster_api/*")
    unknown = {
        "age",
        "birthPlace",
        "dateOfBirth",
        "displayHeight",
        "displayWeight",
        "guid",
        "height",
        "weight",
        "jersey",
    }
    of_the_team = {"groups", "franchise", "nextEvent", "standingSummary"}
    of_a_contract = set(real["team"]["athletes"][0]["contract"])
    of_an_injury = {"source", "returnDate", "location", "detail"}
    absent = frozenset(unknown | of_the_team | of_a_contract | of_an_injury)
    real["team"]["athletes"] = [{**one, "injuries": []} for one in real["team"]["athletes"]]
    assert ours["team"]["athletes"]
    assert differences(ours, real, lacking=absent) == []


@pytest.mark.parametrize("endpoint", ["games", "active_players", "injuries"])
def test_lists_are_built_like_the_real_ones(league: History, shared_payloads: Path, endpoint: str) -> None:
    """BallDontLie's games, players and injuries have the real keys and types, and pages as it makes them."""
    lists = Lists(league, PlayerIndex(league))
    ours = payload(
        {
            "games": lambda: lists.games([DAY.isoformat()], {"per_page": "100"}, MORNING_AFTER),
            "active_players": lambda: lists.active_players((), {"per_page": "100"}, NOON),
            "injuries": lambda: lists.injuries((), {"per_page": "10"}, NOON + timedelta(hours=8)),
        }[endpoint]()
    )
    assert ours["data"]
    assert differences(ours, recorded(shared_payloads, f"balldontlie/{endpoint}/*")) == []


@pytest.mark.parametrize("folder", ["game_lines_his", "historical_game_lines"])
def test_game_lines_are_built_like_the_real_ones(league: History, shared_payloads: Path, folder: str) -> None:
    """Moneyline, spread and total have the real keys and types: of all events, and of one."""
    markets = "h2h" if folder == "historical_game_lines" else "spreads,totals"
    ours = payload(OddsFeed(league).game_lines({"markets": markets}, NOON))
    real = recorded(shared_payloads, f"odds_api/{folder}/*")["data"]
    assert ours
    assert differences(ours, [real]) == []
