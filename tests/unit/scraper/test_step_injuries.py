"""Step `injuries`: what it asks for, writes and enters in the fetch log; then through the whole service."""

from datetime import UTC, datetime

from services.scraper.fetch_log import Unit
from services.scraper.sources.endpoint import Need
from services.scraper.sources.espn.injuries import listed
from services.scraper.sources.nba_official.injury_report import newest
from services.scraper.steps import injuries
from tests.unit.scraper import pdf, wire
from tests.unit.scraper.bench import GAMES, MORNING, NYK_ASH, ROSTER, SLATE, bench, loaded
from tests.unit.scraper.conftest import Rig

TEAMS = ("BOS", "DEN", "LAL", "NYK")
OFFICIAL = newest(Need("2023-24", (SLATE,), TEAMS, MORNING))
"""Asked for one after the other until there is one."""
NO_REPORT = Unit("failed", "nba_official", 0, "nba_official is down", None)


async def test_the_official_report_stands_for_the_teams_that_have_submitted() -> None:
    """It speaks of other dates too; ESPN's list speaks for the other teams."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER, "last_look": [{"seen_at": None}]})
    rows = (
        ("03/04/2024", "07:30 (ET)", "BOS@NYK", "New York Knicks", "Ash, Nyk", "Doubtful", "Rest"),
        ("Boston Celtics", "", "", "NOT YET SUBMITTED"),
        ("03/05/2024", "07:30 (ET)", "DEN@NYK", "New York Knicks", "Elm, Nyk", "Out", "Rest"),
    )
    b.payloads.bodies["nba_official", OFFICIAL[1].unit] = pdf.document([pdf.page(rows, title="03/04/24 05:30 AM")])
    b.payloads.bodies["espn", "injuries"] = wire.injuries("BOS", wire.injury("Bos Elm"))
    assert await injuries.run(b.task) == 2
    assert b.payloads.asked == [*OFFICIAL[:2], listed()]
    [(_, written)] = b.warehouse.appended
    assert [(row["player_lookup"], row["status"], row["source"], row["available_at"]) for row in written] == [
        ("nykash", "Doubtful", "nba_official", datetime(2024, 3, 4, 10, 30, tzinfo=UTC)),
        ("boselm", "Out", "espn", datetime(2024, 3, 4, 10, 48, tzinfo=UTC)),
    ]


async def test_injuries_are_appended() -> None:
    """By the team's roster, else by the only one anywhere; refused are entries and names, each with its reason."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER, "last_look": [{"seen_at": None}]})
    entries = [
        wire.injury("Un Known"),
        wire.injury("Bad Date", date="soon"),
        wire.injury("Nyk Ash Jr.", status="Doubtful", date="2024-03-03T20:15Z"),
        wire.injury("Den Fir", shortComment=None),
    ]
    b.payloads.bodies["espn", "injuries"] = wire.injuries("NYK", *entries)
    assert await injuries.run(b.task) == 2
    assert b.payloads.asked == [*OFFICIAL, listed()]
    common = {"game_date": SLATE, "team": "NYK", "fetched_at": MORNING, "source": "espn"}
    ash = {
        "player_id": NYK_ASH,
        "player_lookup": "nykash",
        "status": "Doubtful",
        "reason": None,
        "return_date": None,
        "comment": "Sore.",
        "available_at": datetime(2024, 3, 3, 20, 15, tzinfo=UTC),
    }
    fir = {
        "player_id": 4305,
        "player_lookup": "denfir",
        "status": "Out",
        "reason": None,
        "return_date": None,
        "comment": None,
        "available_at": datetime(2024, 3, 4, 10, 48, tzinfo=UTC),
    }
    assert b.warehouse.appended == [("raw.injuries", [common | ash, common | fir])]
    assert b.fetches.units == {OFFICIAL[0].unit: NO_REPORT, "injuries": loaded("espn", 2, "injuries")}
    assert list(b.fetches.refusals.items()) == [
        (("injuries", "Bad Date"), ("date is 'soon', not an instant", "espn")),
        (("injuries", "Un Known"), ("no known player of NYK is called 'Un Known'", "espn")),
    ]


async def test_a_date_without_games_needs_no_injuries() -> None:
    """Nothing is asked of any upstream; the fetch log says that nobody was asked."""
    b = bench("injuries", {"slate_games": []})
    assert await injuries.run(b.task) == 0
    assert (b.payloads.asked, b.warehouse.replaced, b.warehouse.appended) == ([], [], [])
    assert b.fetches.units == {"injuries": Unit("empty", "nba_official", 0, "no games on this date", None)}


async def test_injuries_that_cannot_be_had_are_a_failure() -> None:
    """Nothing is appended."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER, "last_look": [{"seen_at": None}]})
    assert await injuries.run(b.task) == 0
    espn = Unit("failed", "espn", 0, "espn is down", None)
    last = {f"injuries-{team}": Unit("failed", "balldontlie", 0, "balldontlie is down", None) for team in TEAMS}
    assert b.fetches.units == {OFFICIAL[0].unit: NO_REPORT, "injuries": espn, **last}
    assert b.warehouse.appended == []


async def test_injuries_are_matched_by_name(slate: Rig) -> None:
    """Known since the date of the entry; a name that fits nobody is quarantined."""
    slate.upstreams.bodies["espn", "injuries"] = wire.injuries("NYK", wire.injury("Nyk Elm"), wire.injury("Un Known"))
    report = await slate.run("injuries", SLATE)
    assert (report.outcome, report.counts["rows"], report.counts["quarantined"]) == ("done", 1, 1)
    [row] = await slate.rows("raw.injuries")
    assert (row["player_id"], row["status"]) == (wire.player("NYK", 4)[0], "Out")
    assert row["available_at"] == datetime(2024, 3, 4, 10, 48, tzinfo=UTC)
    assert await slate.column("raw.quarantine", "record") == ["Un Known"]
    assert (await slate.run("injuries", SLATE)).counts["rows"] == 0


async def test_nobody_injured_is_no_error(slate: Rig) -> None:
    """An empty feed, once believed, is an answer; a failed one is not."""
    slate.upstreams.bodies["espn", "injuries"] = wire.injuries("NYK")
    assert (await slate.run("injuries", SLATE)).outcome == "done"
    assert await slate.outcomes() == {OFFICIAL[0].unit: "failed", "injuries": "empty"}
    slate.upstreams.bodies.clear()
    assert (await slate.run("injuries", SLATE)).outcome == "failed"
