"""Step `rosters`: what it asks for, writes and enters in the fetch log; then through the whole service."""

from datetime import UTC, datetime, timedelta

import pytest

from services.scraper.fetch_log import Unit
from services.scraper.sources.nba_stats.playerindex import index
from services.scraper.steps import rosters
from services.scraper.steps.rosters import LAST_LISTED
from tests.unit.scraper import wire
from tests.unit.scraper.bench import GAMES, MORNING, SLATE, bench, loaded
from tests.unit.scraper.conftest import Rig

NOBODY = "not a roster of every team that plays"
OTHERS = [wire.index_row(team, n) for team in ("BOS", "DEN", "LAL", "NYK") for n in range(5)]
INDEX = wire.playerindex([201, "Doe", "Jo", 1610612752, "NYK", "G", 1], [9, "No", "Body", 1, "ZZZ", "G", 1], *OTHERS)


async def test_a_roster_is_written() -> None:
    """A row for each player, in place of the date's earlier ones; the season is that of the slate."""
    b = bench("rosters", {"slate_games": GAMES})
    b.payloads.bodies["nba_stats", "2023-24"] = INDEX
    b.payloads.published["nba_stats", "2023-24"] = MORNING - timedelta(hours=3)
    assert await rosters.run(b.task) == 21
    assert b.payloads.asked == [index("2023-24")]
    common = {
        "game_date": SLATE,
        "available_at": datetime(2024, 3, 4, 9, tzinfo=UTC),
        "fetched_at": MORNING,
        "source": "nba_stats",
    }
    doe = {"player_id": 201, "player_name": "Jo Doe", "player_lookup": "jodoe", "team": "NYK", "position": "G"}
    elm = {"player_id": 3804, "player_name": "Bos Elm", "player_lookup": "boselm", "team": "BOS"}
    [(rows, scope, params)] = b.warehouse.written("raw.rosters")
    assert (scope, params) == ("game_date = @game_date", {"game_date": SLATE})
    assert (rows[0], rows[5]) == (common | doe, common | elm | {"position": "G"})
    assert b.fetches.units == {"2023-24": loaded("nba_stats", 21, "2023-24")}
    reason = "unknown team 'ZZZ': add its spelling to shared/basketball/identity.py"
    assert b.fetches.refusals == {("2023-24", "Body No 9"): (reason, "nba_stats")}


async def test_a_date_without_games_needs_no_rosters() -> None:
    """Nothing is asked of any upstream."""
    b = bench("rosters", {"slate_games": []})
    assert await rosters.run(b.task) == 0
    assert (b.payloads.asked, b.warehouse.replaced, b.warehouse.appended) == ([], [], [])
    assert b.fetches.units == {}


@pytest.mark.parametrize(
    ("body", "unit"),
    [
        (None, Unit("failed", "nba_stats", 0, "nba_stats is down", None)),
        (
            wire.playerindex(),
            Unit("quarantined", "nba_stats", 0, f"{NOBODY}: BOS has 0 players", "nba_stats/2023-24"),
        ),
    ],
)
async def test_f05_no_roster_is_a_failure_and_writes_nothing(body: bytes | None, unit: Unit) -> None:
    """A season has players: an index without any is as good as none. Nor do box scores list anybody."""
    b = bench("rosters", {"slate_games": GAMES})
    if body is not None:
        b.payloads.bodies["nba_stats", "2023-24"] = body
    assert await rosters.run(b.task) == 0
    nobody = "the last box scores list no whole roster: BOS has 0 players"
    assert b.fetches.units["2023-24"] == unit
    assert b.fetches.units[LAST_LISTED] == Unit("failed", "nba_cdn", 0, nobody, None)
    assert b.fetches.failure == unit.reason
    assert b.warehouse.replaced == []


async def test_a_roster_is_known_when_the_upstream_last_changed_it(slate: Rig) -> None:
    """Last-Modified, never later than the fetch."""
    rows = await slate.rows("raw.rosters", "player_id")
    assert len(rows) == 32
    assert {row["available_at"] for row in rows} == {datetime(2024, 3, 4, 5, tzinfo=UTC)}
    assert {(row["team"], row["player_lookup"]) for row in rows} >= {("NYK", "nykash"), ("LAL", "lalhazel")}
    del slate.upstreams.published["nba_stats", "2023-24"]
    await slate.run("rosters", SLATE)
    assert set(await slate.column("raw.rosters", "available_at")) == {MORNING}
