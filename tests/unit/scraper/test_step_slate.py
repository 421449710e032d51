"""Steps `rosters`, `injuries` and `lines`: what is known of the slate's players."""

from datetime import UTC, datetime

import pytest

from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig

STATS, ESPN, ODDS = "nba_stats", "espn", "odds_api"
SLATE = wire.GAME_DATE
MORNING = datetime(2024, 3, 4, 12, tzinfo=UTC)
TIP = datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
LATE = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", tip="2024-03-05T03:00:00Z")
LATE_EVENT = wire.event("e2", "DEN", "LAL", "2024-03-05T03:10:00Z")
LINES = wire.odds(
    fanduel=[
        wire.market("player_points", wire.outcomes("Nyk Ash", 12.5), wire.outcomes("Bos Elm", 9.5)),
        wire.market("player_points_alternate", wire.outcomes("Nyk Ash", 15.5, under=None)),
    ],
    betmgm=[wire.market("player_threes", wire.outcomes("Nyk Ash", 1.5), last_update=None)],
)


@pytest.fixture
async def slate(rig: Rig) -> Rig:
    """The morning of BOS at NYK and LAL at DEN, rosters known."""
    rig.clock.instant = rig.upstreams.now = MORNING
    await rig.know_schedule(wire.game(), LATE)
    rig.upstreams.bodies[STATS, "2023-24"] = wire.rosters_of("NYK", "BOS", "DEN", "LAL")
    rig.upstreams.published[STATS, "2023-24"] = datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert (await rig.run("rosters", SLATE)).outcome == "done"
    rig.upstreams.asked.clear()
    return rig


# --- rosters --------------------------------------------------------------------------------------------------------


async def test_a_roster_is_known_when_the_upstream_last_changed_it(slate: Rig) -> None:
    """Last-Modified, never later than the fetch."""
    rows = await slate.rows("raw.rosters", "player_id")
    assert len(rows) == 32
    assert {row["available_at"] for row in rows} == {datetime(2024, 3, 4, 5, tzinfo=UTC)}
    assert {(row["team"], row["player_lookup"]) for row in rows} >= {("NYK", "nykash"), ("LAL", "lalhazel")}
    del slate.upstreams.published[STATS, "2023-24"]
    await slate.run("rosters", SLATE)
    assert set(await slate.column("raw.rosters", "available_at")) == {MORNING}


# --- injuries -------------------------------------------------------------------------------------------------------


async def test_injuries_are_matched_by_name(slate: Rig) -> None:
    """Known since the date of the entry; a name that fits nobody is quarantined."""
    slate.upstreams.bodies[ESPN, "injuries"] = wire.injuries("NYK", wire.injury("Nyk Elm"), wire.injury("Un Known"))
    report = await slate.run("injuries", SLATE)
    assert (report.outcome, report.counts["rows"], report.counts["quarantined"]) == ("done", 1, 1)
    [row] = await slate.rows("raw.injuries")
    assert (row["player_id"], row["status"]) == (wire.player("NYK", 4)[0], "Out")
    assert row["available_at"] == datetime(2024, 3, 4, 10, 48, tzinfo=UTC)
    assert await slate.column("raw.quarantine", "record") == ["Un Known"]
    assert (await slate.run("injuries", SLATE)).counts["rows"] == 0


async def test_nobody_injured_is_no_error(slate: Rig) -> None:
    """An empty feed, once believed, is an answer; a failed one is not."""
    slate.upstreams.bodies[ESPN, "injuries"] = wire.injuries("NYK")
    assert (await slate.run("injuries", SLATE)).outcome == "done"
    assert await slate.ledger() == {"injuries": "empty"}
    slate.upstreams.bodies.clear()
    assert (await slate.run("injuries", SLATE)).outcome == "failed"


# --- lines ----------------------------------------------------------------------------------------------------------


async def test_f24_every_line_is_stored(slate: Rig) -> None:
    """Main and alternate, one- and two-sided, of every book; known since they were posted, else since the fetch."""
    slate.upstreams.bodies[ODDS, "events"] = wire.body([wire.event(), LATE_EVENT])
    slate.upstreams.bodies[ODDS, wire.BOS_AT_NYK] = wire.body(LINES)
    slate.upstreams.bodies[ODDS, wire.LAL_AT_DEN] = wire.body(wire.odds())
    report = await slate.run("lines", SLATE)
    assert (report.outcome, report.counts["rows"]) == ("done", 4)
    posted = datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC)
    rows = await slate.rows("raw.prop_lines", "bookmaker, market, line")
    assert [
        (r["player_lookup"], r["market"], r["line"], r["over_price"], r["under_price"], r["is_main"], r["available_at"])
        for r in rows
    ] == [
        ("nykash", "threes", 1.5, -110.0, -110.0, True, MORNING),
        ("boselm", "points", 9.5, -110.0, -110.0, True, posted),
        ("nykash", "points", 12.5, -110.0, -110.0, True, posted),
        ("nykash", "points", 15.5, -110.0, None, False, posted),
    ]
    ledger = await slate.ledger()
    assert (ledger[wire.BOS_AT_NYK], ledger[wire.LAL_AT_DEN]) == ("loaded", "empty")
    assert (await slate.run("lines", SLATE)).counts["rows"] == 0


async def test_one_game_that_fails_costs_no_other(slate: Rig) -> None:
    """Its unit is failed, the step is done; when all fail, the step fails."""
    slate.upstreams.bodies[ODDS, "events"] = wire.body([wire.event(), LATE_EVENT])
    slate.upstreams.bodies[ODDS, wire.BOS_AT_NYK] = wire.body(LINES)
    report = await slate.run("lines", SLATE)
    assert (report.outcome, report.counts["units_failed"], report.counts["rows"]) == ("done", 1, 4)
    slate.upstreams.bodies.clear()
    report = await slate.run("lines", SLATE)
    assert report.outcome == "failed"
    assert "HTTP 403" in report.reason
