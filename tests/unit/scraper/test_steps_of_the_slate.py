"""Steps `rosters`, `injuries` and `lines`, each alone: what it asks for, writes and enters in the ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from services.scraper import endpoints
from services.scraper.ledger import Unit
from services.scraper.steps import injuries, lines, rosters
from shared.slate import Mode
from tests.unit.scraper import wire
from tests.unit.scraper.bench import GAMES, MORNING, ROSTER, SLATE, TIP, bench, loaded, slate_game

NYK_ASH, BOS_ELM = 5200, 3804


def test_players_of_the_made_up_payloads_have_these_ids() -> None:
    """They are used literally below."""
    assert wire.player("NYK", 0) == (NYK_ASH, "Nyk Ash")
    assert wire.player("BOS", 4) == (BOS_ELM, "Bos Elm")


# --- rosters --------------------------------------------------------------------------------------------------------
INDEX = wire.playerindex(
    [201, "Doe", "Jo", 1610612752, "NYK", "G", 1], [9, "No", "Body", 1, "XXX", "G", 1], wire.index_row("BOS", 4)
)


async def test_a_roster_is_written() -> None:
    """A row for each player, in place of the date's earlier ones; the season is that of the slate."""
    b = bench("rosters", {"slate_games": GAMES})
    b.payloads.bodies["nba_stats", "2023-24"] = INDEX
    b.payloads.published["nba_stats", "2023-24"] = MORNING - timedelta(hours=3)
    assert await rosters.run(b.task) == 2
    assert b.payloads.asked == [endpoints.player_index("2023-24")]
    common = {
        "game_date": SLATE,
        "available_at": datetime(2024, 3, 4, 9, tzinfo=UTC),
        "fetched_at": MORNING,
        "source": "nba_stats",
    }
    doe = {"player_id": 201, "player_name": "Jo Doe", "player_lookup": "jodoe", "team": "NYK", "position": "G"}
    elm = {"player_id": 3804, "player_name": "Bos Elm", "player_lookup": "boselm", "team": "BOS"}
    assert b.warehouse.written("raw.rosters") == [
        ([common | doe, common | elm | {"position": "G"}], "game_date = @game_date", {"game_date": SLATE})
    ]
    assert b.ledger.units == {"2023-24": loaded("nba_stats", 2, "2023-24")}
    reason = "unknown team 'XXX': add its spelling to shared/identity.py"
    assert b.ledger.refusals == {("2023-24", "Body No 9"): (reason, "nba_stats")}


async def test_a_date_without_games_needs_no_roster_no_lines_and_no_injuries() -> None:
    """Nothing is asked of any upstream; that nobody was asked about injuries is in the ledger."""
    for name, step in (("rosters", rosters), ("lines", lines), ("injuries", injuries)):
        b = bench(name, {"slate_games": []})
        assert await step.run(b.task) == 0
        assert (b.payloads.asked, b.warehouse.replaced, b.warehouse.appended) == ([], [], [])
        units = {"injuries": Unit("empty", "espn", 0, "no games on this date", None)} if name == "injuries" else {}
        assert b.ledger.units == units


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "nba_stats is down"),
        (wire.playerindex(), "the player index of 2023-24 has nobody with a team"),
    ],
)
async def test_f05_no_roster_is_a_failure_and_writes_nothing(body: bytes | None, reason: str) -> None:
    """A season has players: an index without any is as good as none."""
    b = bench("rosters", {"slate_games": GAMES})
    if body is not None:
        b.payloads.bodies["nba_stats", "2023-24"] = body
    assert await rosters.run(b.task) == 0
    assert b.ledger.units == {"2023-24": Unit("failed", "nba_stats", 0, reason, None)}
    assert b.warehouse.replaced == []


# --- injuries -------------------------------------------------------------------------------------------------------


async def test_injuries_are_appended() -> None:
    """By the team's roster, else by the only one anywhere; refused are entries and names, each with its reason."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER})
    entries = [
        wire.injury("Un Known"),
        wire.injury("Bad Date", date="soon"),
        wire.injury("Nyk Ash Jr.", status="Doubtful", date="2024-03-03T20:15Z"),
        wire.injury("Den Fir", shortComment=None),
    ]
    b.payloads.bodies["espn", "injuries"] = wire.injuries("NYK", *entries)
    assert await injuries.run(b.task) == 2
    assert b.payloads.asked == [endpoints.injuries()]
    common = {"game_date": SLATE, "team": "NYK", "fetched_at": MORNING, "source": "espn"}
    ash = {
        "player_id": NYK_ASH,
        "player_lookup": "nykash",
        "status": "Doubtful",
        "comment": "Sore.",
        "available_at": datetime(2024, 3, 3, 20, 15, tzinfo=UTC),
    }
    fir = {
        "player_id": 4305,
        "player_lookup": "denfir",
        "status": "Out",
        "comment": None,
        "available_at": datetime(2024, 3, 4, 10, 48, tzinfo=UTC),
    }
    assert b.warehouse.appended == [("raw.injuries", [common | ash, common | fir])]
    assert b.ledger.units == {"injuries": loaded("espn", 2, "injuries")}
    assert list(b.ledger.refusals.items()) == [
        (("injuries", "Bad Date"), ("date is 'soon', not an instant", "espn")),
        (("injuries", "Un Known"), ("no known player of NYK is called 'Un Known'", "espn")),
    ]


async def test_injuries_that_cannot_be_had_are_a_failure() -> None:
    """Nothing is appended."""
    b = bench("injuries", {"slate_games": GAMES, "roster": ROSTER})
    assert await injuries.run(b.task) == 0
    assert b.ledger.units == {"injuries": Unit("failed", "espn", 0, "espn is down", None)}
    assert b.warehouse.appended == []


# --- lines ----------------------------------------------------------------------------------------------------------
EVENTS = wire.body(
    [
        {**wire.event("e0"), "id": 7},
        wire.event("e9", start="2024-03-06T00:30:00Z"),
        wire.event("e1"),
        wire.event("e8", "DEN", "BOS"),
        wire.event("e2", "DEN", "LAL"),
        wire.event("e3"),
    ]
)
ODDS = wire.body(
    wire.odds(
        fanduel=[
            wire.market("player_threes", wire.outcomes("Nyk Ash", 1.5, -120, 105), last_update=None),
            wire.market("player_points_alternate", wire.outcomes("Bos Elm", 9.5, 180, None), [{"name": "Yes"}]),
            wire.market("player_points", wire.outcomes("Den Ash", 12.5), wire.outcomes("Un Known", 3.5)),
            wire.market("player_points", wire.outcomes("Un Known", 4.5), wire.outcomes("Un Known", 5.5)),
        ]
    )
)


async def test_f13_f24_lines_are_appended() -> None:
    """Every offer is a row, but for players of neither team, who are refused once; known since posted, else fetched."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER})
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = ODDS
    b.payloads.bodies["odds_api", wire.LAL_AT_DEN] = wire.body(wire.odds())
    assert await lines.run(b.task) == 2
    common = {
        "game_id": wire.BOS_AT_NYK,
        "game_date": SLATE,
        "bookmaker": "fanduel",
        "event_id": "e1",
        "fetched_at": MORNING,
        "source": "odds_api",
    }
    ash = {
        "player_id": NYK_ASH,
        "player_lookup": "nykash",
        "market": "threes",
        "line": 1.5,
        "over_price": -120.0,
        "under_price": 105.0,
        "is_main": True,
        "available_at": MORNING,
    }
    elm = {
        "player_id": BOS_ELM,
        "player_lookup": "boselm",
        "market": "points",
        "line": 9.5,
        "over_price": 180.0,
        "under_price": None,
        "is_main": False,
        "available_at": datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC),
    }
    assert b.warehouse.appended == [("raw.prop_lines", [common | ash, common | elm])]
    assert b.payloads.asked == [
        endpoints.events(None),
        endpoints.event_odds(wire.BOS_AT_NYK, "e1", "us", None),
        endpoints.event_odds(wire.LAL_AT_DEN, "e2", "us", None),
    ]
    assert b.ledger.units == {
        "events": loaded("odds_api", 5, "events"),
        wire.BOS_AT_NYK: loaded("odds_api", 2, wire.BOS_AT_NYK),
        wire.LAL_AT_DEN: Unit("empty", "odds_api", 0, None, f"odds_api/{wire.LAL_AT_DEN}"),
    }
    side = "side 'Yes' is neither Over nor Under"
    assert list(b.ledger.refusals.items()) == [
        (("events", "7"), ("id is 7, not a text", "odds_api")),
        ((wire.BOS_AT_NYK, "fanduel player_points_alternate Yes"), (side, "odds_api")),
        ((wire.BOS_AT_NYK, "Den Ash"), ("no known player of BOS or NYK is called 'Den Ash'", "odds_api")),
        ((wire.BOS_AT_NYK, "Un Known"), ("no known player of BOS or NYK is called 'Un Known'", "odds_api")),
    ]


async def test_a_game_without_an_event_or_without_an_answer_costs_no_other() -> None:
    """The one is empty, with the list it is not in; the other failed."""
    third = slate_game("0022300902", "MIA", "ORL")
    b = bench("lines", {"slate_games": [third, *GAMES], "roster": ROSTER}, odds_regions="us,eu")
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = ODDS
    assert await lines.run(b.task) == 2
    assert b.ledger.units == {
        "events": loaded("odds_api", 5, "events"),
        "0022300902": Unit("empty", "odds_api", 0, "no event in the list", "odds_api/events"),
        wire.BOS_AT_NYK: loaded("odds_api", 2, wire.BOS_AT_NYK),
        wire.LAL_AT_DEN: Unit("failed", "odds_api", 0, "odds_api is down", None),
    }
    assert {request.params.get("regions") for request in b.payloads.asked} == {None, "us,eu"}


async def test_without_the_list_of_events_every_game_has_failed() -> None:
    """And nothing is appended."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER})
    assert await lines.run(b.task) == 0
    failed = Unit("failed", "odds_api", 0, "odds_api is down", None)
    assert b.ledger.units == {"events": failed, wire.BOS_AT_NYK: failed, wire.LAL_AT_DEN: failed}
    assert (b.payloads.units(), b.warehouse.appended) == ([("odds_api", "events")], [])


SECOND = timedelta(seconds=1)
LEAD = timedelta(minutes=20)
ASKED_AT_TEN = MORNING + timedelta(hours=3)


@pytest.mark.parametrize(
    ("mode", "now", "retrospective", "of_list", "of_game"),
    [
        (Mode.OVERNIGHT, MORNING, False, None, None),
        (Mode.OVERNIGHT, MORNING + SECOND, False, None, "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, TIP - SECOND, False, None, "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, TIP, False, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, MORNING, True, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
        (Mode.SAME_DAY, TIP - LEAD, False, None, None),
        (Mode.SAME_DAY, TIP - LEAD + SECOND, False, None, "2024-03-05T00:10:00Z"),
        (Mode.SAME_DAY, TIP, False, "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z"),
        (Mode.SAME_DAY, TIP - LEAD, True, "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z"),
        (Mode.MANUAL, ASKED_AT_TEN, False, None, None),
        (Mode.MANUAL, ASKED_AT_TEN, True, "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z"),
        (Mode.BACKFILL, TIP + timedelta(9), False, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
    ],
)
async def test_lines_are_asked_for_as_of_each_games_cutoff(
    mode: Mode, now: datetime, *, retrospective: bool, of_list: str | None, of_game: str | None
) -> None:
    """Live up to the cutoff itself, and the list up to the first tip-off; a retrospective run always asks the past."""
    b = bench("lines", {"slate_games": GAMES[:1], "roster": ROSTER}, now=now, mode=mode, retrospective=retrospective)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert [request.params.get("date") for request in b.payloads.asked] == [of_list, of_game]


async def test_each_game_has_a_cutoff_of_its_own() -> None:
    """The list is of the first game's."""
    now = TIP + timedelta(minutes=30)
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=now, mode=Mode.SAME_DAY)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert [request.params.get("date") for request in b.payloads.asked] == [
        "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z", None,
    ]  # fmt: skip
