"""Steps `rosters`, `injuries` and `lines`: what is known of the slate's players."""

from datetime import UTC, date, datetime

import pytest

from shared.slate import Mode
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


async def _at(rig: Rig, instant: datetime) -> None:
    rig.clock.instant = rig.upstreams.now = instant


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


@pytest.mark.parametrize("body", [None, wire.playerindex()])
async def test_f05_no_roster_is_a_failure_that_keeps_what_there_is(slate: Rig, body: bytes | None) -> None:
    """Neither a 403 nor an empty index empties the roster."""
    if body is None:
        slate.upstreams.bodies.clear()
    else:
        slate.upstreams.bodies[STATS, "2023-24"] = body
    report = await slate.run("rosters", SLATE)
    assert report.outcome == "failed"
    assert len(await slate.rows("raw.rosters")) == 32


@pytest.mark.parametrize("step", ["box_scores", "rosters", "injuries", "lines"])
async def test_a_date_without_games_is_a_success(slate: Rig, step: str) -> None:
    """Nothing is asked for and nothing is missing."""
    await slate.ports.warehouse.replace("raw.games", [], scope="TRUE")
    report = await slate.run(step, SLATE)
    assert (report.outcome, report.counts["rows"]) == ("done", 0)
    assert slate.upstreams.asked == []


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


async def test_f13_names_of_neither_roster_are_quarantined(slate: Rig) -> None:
    """A player of another team is not of this game, whatever his name."""
    strangers = wire.odds(
        fanduel=[wire.market("player_points", wire.outcomes("Lal Ash", 20.5), wire.outcomes("N. Ash", 9.5))]
    )
    slate.upstreams.bodies[ODDS, "events"] = wire.body([wire.event()])
    slate.upstreams.bodies[ODDS, wire.BOS_AT_NYK] = wire.body(strangers)
    assert (await slate.run("lines", SLATE)).counts["rows"] == 0
    assert await slate.column("raw.quarantine", "record") == ["Lal Ash", "N. Ash"]


async def test_a_game_without_an_event_is_empty(slate: Rig) -> None:
    """Also when the list holds the same teams on another date; and the other game is collected."""
    tomorrow = wire.event("e3", "DEN", "LAL", "2024-03-06T03:00:00Z")
    slate.upstreams.bodies[ODDS, "events"] = wire.body([tomorrow, wire.event()])
    slate.upstreams.bodies[ODDS, wire.BOS_AT_NYK] = wire.body(LINES)
    assert (await slate.run("lines", SLATE)).counts["rows"] == 4
    assert (await slate.ledger())[wire.LAL_AT_DEN] == "empty"


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


def _dates(rig: Rig) -> dict[str, str | None]:
    """Unit -> the past instant it was asked for, None for a live request."""
    for request in rig.upstreams.asked:
        assert ("/historical/" in request.path) == ("date" in request.params)
    return {request.unit: request.params.get("date") for request in rig.upstreams.asked}


async def test_lines_are_asked_for_as_of_each_games_cutoff(slate: Rig) -> None:
    """Until its cutoff a game is asked for live, after it as of the cutoff; the list too, once the first has tipped."""
    events = wire.body([wire.event(), LATE_EVENT])
    slate.upstreams.bodies[ODDS, "events"] = events
    await slate.run("lines", SLATE)
    assert _dates(slate) == {"events": None, wire.BOS_AT_NYK: None, wire.LAL_AT_DEN: None}
    slate.upstreams.asked.clear()
    await _at(slate, datetime(2024, 3, 5, 2, 40, tzinfo=UTC))
    slate.upstreams.bodies[ODDS, "events"] = wire.body(wire.historical([wire.event(), LATE_EVENT]))
    await slate.run("lines", SLATE, Mode.SAME_DAY)
    assert _dates(slate) == {
        "events": "2024-03-05T00:10:00Z",
        wire.BOS_AT_NYK: "2024-03-05T00:10:00Z",
        wire.LAL_AT_DEN: None,
    }
    slate.upstreams.asked.clear()
    await slate.run("lines", SLATE, Mode.OVERNIGHT)
    assert set(_dates(slate).values()) == {"2024-03-04T12:00:00Z"}


async def test_between_cutoff_and_tip_off_the_list_is_still_live(slate: Rig) -> None:
    """The game's own odds are not."""
    await _at(slate, datetime(2024, 3, 5, 0, 15, tzinfo=UTC))
    slate.upstreams.bodies[ODDS, "events"] = wire.body([wire.event()])
    await slate.run("lines", SLATE, Mode.SAME_DAY)
    assert _dates(slate) == {"events": None, wire.BOS_AT_NYK: "2024-03-05T00:10:00Z"}


async def test_all_ten_markets_are_asked_for(slate: Rig) -> None:
    """Main and alternate lines of the four statistics and their sum, in American odds."""
    slate.upstreams.bodies[ODDS, "events"] = wire.body([wire.event()])
    await slate.run("lines", date(2024, 3, 4))
    params = slate.upstreams.asked[1].params
    assert len(set(params["markets"].split(","))) == 10
    assert (params["oddsFormat"], params["regions"]) == ("american", "us")
    assert "apiKey" not in params


async def test_a_retrospective_run_asks_the_past_even_at_its_cutoff(slate: Rig) -> None:
    """Its clock may have moved on before the request is made: a live answer would show what came later."""
    slate.upstreams.bodies[ODDS, "events"] = wire.body(wire.historical([wire.event(), LATE_EVENT]))
    await slate.run("lines", SLATE, Mode.OVERNIGHT, retrospective=True)
    assert set(_dates(slate).values()) == {"2024-03-04T12:00:00Z"}
