"""Step `injuries`: what it asks for, writes and enters in the fetch log; then through the whole service."""

from datetime import UTC, datetime

from services.scraper.fetch_log import Unit
from services.scraper.sources.espn.injuries import listed
from services.scraper.steps import injuries
from tests.unit.scraper import wire
from tests.unit.scraper.bench import GAMES, MORNING, NYK_ASH, ROSTER, SLATE, bench, loaded
from tests.unit.scraper.conftest import Rig


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
    assert b.payloads.asked == [listed()]
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
    assert b.fetches.units == {"injuries": loaded("espn", 2, "injuries")}
    assert list(b.fetches.refusals.items()) == [
        (("injuries", "Bad Date"), ("date is 'soon', not an instant", "espn")),
        (("injuries", "Un Known"), ("no known player of NYK is called 'Un Known'", "espn")),
    ]


async def test_a_date_without_games_needs_no_injuries() -> None:
    """Nothing is asked of any upstream; the fetch log says that nobody was asked."""
    b = bench("injuries", {"slate_games": []})
    assert await injuries.run(b.task) == 0
    assert (b.payloads.asked, b.warehouse.replaced, b.warehouse.appended) == ([], [], [])
    assert b.fetches.units == {"injuries": Unit("empty", "espn", 0, "no games on this date", None)}


async def test_injuries_that_cannot_be_had_are_a_failure() -> None:
    """Nothing is appended."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER, "last_look": [{"seen_at": None}]})
    assert await injuries.run(b.task) == 0
    assert b.fetches.units == {"injuries": Unit("failed", "espn", 0, "espn is down", None)}
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
    assert await slate.outcomes() == {"injuries": "empty"}
    slate.upstreams.bodies.clear()
    assert (await slate.run("injuries", SLATE)).outcome == "failed"
