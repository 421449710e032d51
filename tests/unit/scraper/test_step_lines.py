"""Step `lines`: what it asks for, writes and enters in the fetch log; then through the whole service."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from services.scraper.answer import Keeper
from services.scraper.fetch import Failed, Meter
from services.scraper.fetch_log import Unit
from services.scraper.sources.endpoint import Request
from services.scraper.sources.odds_api.event_odds import event_odds
from services.scraper.sources.odds_api.events import events
from services.scraper.sources.odds_api.game_lines import game_lines
from services.scraper.steps import lines
from shared.basketball.slate import Mode
from shared.registries.markets import MARKETS
from shared.registries.sources import SOURCES
from tests.unit.scraper import wire
from tests.unit.scraper.bench import BOS_ELM, GAMES, MORNING, NYK_ASH, ROSTER, SLATE, TIP, bench, loaded, slate_game
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.fakes import FakeUpstreams

T = TypeVar("T")

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
        events(None),
        event_odds(wire.BOS_AT_NYK, "e1", regions="us", markets=MARKETS, as_of=None),
        event_odds(wire.LAL_AT_DEN, "e2", regions="us", markets=MARKETS, as_of=None),
        game_lines(regions="us", as_of=None),
    ]
    assert b.fetches.units == {
        "events": loaded("odds_api", 5, "events"),
        wire.BOS_AT_NYK: loaded("odds_api", 2, wire.BOS_AT_NYK),
        wire.LAL_AT_DEN: Unit("empty", "odds_api", 0, None, f"odds_api/{wire.LAL_AT_DEN}"),
        "game_lines": NO_GAME_LINES,
    }
    side = "side 'Yes' is neither Over nor Under"
    assert list(b.fetches.refusals.items()) == [
        (("events", "7"), ("id is 7, not a text", "odds_api")),
        ((wire.BOS_AT_NYK, "fanduel player_points_alternate Yes"), (side, "odds_api")),
        ((wire.BOS_AT_NYK, "Den Ash"), ("no known player of BOS or NYK is called 'Den Ash'", "odds_api")),
        ((wire.BOS_AT_NYK, "Un Known"), ("no known player of BOS or NYK is called 'Un Known'", "odds_api")),
    ]


class NoKey(FakeUpstreams):
    """Upstreams of which those that want a key are not asked."""

    async def get(self, request: Request[T], meter: Meter, keeper: Keeper | None = None) -> Any:  # noqa: ANN401 - as the port
        """As the fetcher does without a key."""
        if SOURCES[request.source].secret is not None:
            return Failed("secret 'odds-api-key' is missing", 1, keyless=True)
        return await super().get(request, meter, keeper)


async def test_without_a_key_there_are_no_lines_and_nothing_is_missing(slate: Rig) -> None:
    """On a machine of one's own: every game is accounted for, as empty, and why is said."""
    slate.upstreams = NoKey(slate.upstreams.now)
    report = await slate.run("lines", SLATE)
    assert (report.outcome, report.counts["units_empty"]) == ("done", 3)
    assert {(row["unit"], row["outcome"], row["source"], row["reason"]) for row in await slate.fetches()} == {
        (unit, "empty", "odds_api", "no key: predicted without lines")
        for unit in ("events", wire.BOS_AT_NYK, wire.LAL_AT_DEN)
    }
    assert await slate.rows("raw.prop_lines") == []


async def test_without_a_key_a_deployment_has_failed(slate: Rig) -> None:
    """There it was lost, and is missed."""
    slate.upstreams = NoKey(slate.upstreams.now)
    slate.settings = slate.settings.model_copy(update={"profile": "gcp"})
    report = await slate.run("lines", SLATE)
    assert (report.outcome, report.reason) == ("failed", "secret 'odds-api-key' is missing")


NO_GAME_LINES = Unit("failed", "odds_api", 0, "odds_api is down", None)


async def test_the_lines_of_the_games_themselves_are_kept_with_their_time() -> None:
    """Of the slate's games only; those that come with a game's props are not taken twice."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER})
    winner = wire.market("h2h", [{"name": "Boston Celtics", "price": -150}, {"name": "New York Knicks", "price": 130}])
    total = [{"name": side, "price": -110, "point": 221.5} for side in ("Over", "Under")]
    books = [{"key": "fanduel", "markets": [winner, wire.market("totals", total, last_update=None)]}]
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = wire.body({**wire.event(), "bookmakers": books})
    others = (wire.event("e9", start="2024-03-06T00:30:00Z"), wire.event("e8", "MIA", "ORL"))
    b.payloads.bodies["odds_api", "game_lines"] = wire.body(
        [{**event, "bookmakers": books} for event in (*others, wire.event())]
    )
    assert await lines.run(b.task) == 0
    assert b.warehouse.appended[0] == ("raw.prop_lines", [])
    [(table, rows)] = b.warehouse.appended[1:]
    assert table == "raw.game_lines"
    assert rows[0] == {
        "game_id": wire.BOS_AT_NYK,
        "game_date": SLATE,
        "event_id": "e1",
        "bookmaker": "fanduel",
        "market": "h2h",
        "side": "BOS",
        "point": None,
        "price": -150.0,
        "available_at": datetime(2024, 3, 4, 20, 10, 7, tzinfo=UTC),
        "fetched_at": MORNING,
        "source": "odds_api",
    }
    assert [(row["side"], row["point"], row["price"], row["available_at"]) for row in rows[2:]] == [
        ("over", 221.5, -110.0, MORNING), ("under", 221.5, -110.0, MORNING),
    ]  # fmt: skip
    assert b.fetches.units["game_lines"] == loaded("odds_api", 4, "game_lines")


@pytest.mark.parametrize(
    ("games", "final", "asked"), [((), False, 1), ((wire.BOS_AT_NYK,), True, 1), ((wire.BOS_AT_NYK,), False, 0)]
)
async def test_game_lines_are_not_asked_for_with_every_look(games: tuple[str, ...], *, final: bool, asked: int) -> None:
    """They cost as much for one game as for all: the slate's own runs ask for them, and the final passes."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, games=games, final=final)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = wire.body({**wire.event(), "bookmakers": []})
    b.payloads.bodies["odds_api", "game_lines"] = wire.body([])
    await lines.run(b.task)
    assert b.payloads.asked.count(game_lines(regions="us", as_of=None)) == asked


async def test_a_date_without_games_needs_no_lines() -> None:
    """Nothing is asked of any upstream."""
    b = bench("lines", {"slate_games": []})
    assert await lines.run(b.task) == 0
    assert (b.payloads.asked, b.warehouse.replaced, b.warehouse.appended) == ([], [], [])
    assert b.fetches.units == {}


async def test_a_game_without_an_event_or_without_an_answer_costs_no_other() -> None:
    """The one is empty, with the list it is not in; the other failed."""
    third = slate_game("0022300902", "MIA", "ORL")
    b = bench("lines", {"slate_games": [third, *GAMES], "roster": ROSTER}, odds_regions="us,eu")
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = ODDS
    assert await lines.run(b.task) == 2
    assert b.fetches.units == {
        "events": loaded("odds_api", 5, "events"),
        "0022300902": Unit("empty", "odds_api", 0, "no event in the list", "odds_api/events"),
        wire.BOS_AT_NYK: loaded("odds_api", 2, wire.BOS_AT_NYK),
        wire.LAL_AT_DEN: Unit("failed", "odds_api", 0, "odds_api is down", None),
        "game_lines": NO_GAME_LINES,
    }
    assert {request.params.get("regions") for request in b.payloads.asked} == {None, "us,eu"}


async def test_without_the_list_of_events_every_game_has_failed() -> None:
    """And nothing is appended."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER})
    assert await lines.run(b.task) == 0
    failed = Unit("failed", "odds_api", 0, "odds_api is down", None)
    assert b.fetches.units == {"events": failed, wire.BOS_AT_NYK: failed, wire.LAL_AT_DEN: failed}
    assert (b.payloads.units(), b.warehouse.appended) == ([("odds_api", "events")], [])


SECOND = timedelta(seconds=1)
LEAD = timedelta(minutes=20)
ASKED_AT_TEN = MORNING + timedelta(hours=3)
LATER = GAMES[1]["game_id"]
OF_ALL = {"events", "game_lines"}
"""Units that are not games."""


@pytest.mark.parametrize(
    ("mode", "now", "retrospective", "of_list", "of_game"),
    [
        (Mode.OVERNIGHT, MORNING, False, None, None),
        (Mode.OVERNIGHT, MORNING + lines.LATE, False, None, None),
        (Mode.OVERNIGHT, MORNING + lines.LATE + SECOND, False, None, "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, TIP - SECOND, False, None, "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, TIP, False, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
        (Mode.OVERNIGHT, MORNING, True, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
        (Mode.SAME_DAY, TIP - LEAD, False, None, None),
        (Mode.SAME_DAY, TIP - LEAD + lines.LATE, False, None, None),
        (Mode.SAME_DAY, TIP - LEAD, True, "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z"),
        (Mode.MANUAL, ASKED_AT_TEN, False, None, None),
        (Mode.MANUAL, ASKED_AT_TEN, True, "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z"),
        (Mode.BACKFILL, TIP + timedelta(9), False, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
    ],
)
async def test_lines_are_asked_for_as_of_each_games_cutoff(
    mode: Mode, now: datetime, *, retrospective: bool, of_list: str | None, of_game: str | None
) -> None:
    """Live until shortly after the cutoff, what is of all games until the tip-off; otherwise the past is asked."""
    b = bench("lines", {"slate_games": GAMES[:1], "roster": ROSTER}, now=now, mode=mode, retrospective=retrospective)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert [request.params.get("date") for request in b.payloads.asked] == [of_list, of_game, of_list]


async def test_each_game_has_a_cutoff_of_its_own() -> None:
    """The list is of the first game's."""
    now, asked = TIP + timedelta(minutes=30), tuple(game["game_id"] for game in GAMES)
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=now, mode=Mode.SAME_DAY, games=asked, final=True)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert [request.params.get("date") for request in b.payloads.asked] == [
        "2024-03-05T00:10:00Z", "2024-03-05T00:10:00Z", None, "2024-03-05T00:10:00Z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("after", "of_game"),
    [(lines.LATE, None), (lines.LATE + SECOND, "2024-03-05T00:10:00Z"), (timedelta(hours=3), "2024-03-05T00:10:00Z")],
    ids=["shortly after", "a second more", "hours after"],
)
async def test_a_pass_asks_for_its_games_only(after: timedelta, of_game: str | None) -> None:
    """A final pass that comes later than shortly after the cutoff asks for what was known then."""
    games = {"slate_games": GAMES, "roster": ROSTER}
    b = bench("lines", games, now=TIP - LEAD + after, mode=Mode.SAME_DAY, games=(wire.BOS_AT_NYK,))
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    of_games = [request for request in b.payloads.asked if request.unit not in OF_ALL]
    assert {request.unit for request in of_games} == {wire.BOS_AT_NYK}
    assert {request.params.get("date") for request in of_games} == {of_game}
    assert set(b.fetches.units) - OF_ALL == {wire.BOS_AT_NYK}


@pytest.mark.parametrize(
    ("after", "asked"), [(lines.LATE, {wire.BOS_AT_NYK, LATER}), (lines.LATE + SECOND, {LATER})], ids=["ahead", "over"]
)
async def test_on_the_day_a_game_is_not_asked_for_once_its_cutoff_is_over(after: timedelta, asked: set[str]) -> None:
    """It costs credits, and nothing comes of it; its account says why. The others are asked for as of now."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=TIP - LEAD + after, mode=Mode.SAME_DAY)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert {unit for _, unit in b.payloads.units()} - OF_ALL == asked
    assert {request.params.get("date") for request in b.payloads.asked} == {None}
    over = Unit("empty", "odds_api", reason="its cutoff is over")
    assert (b.fetches.units[wire.BOS_AT_NYK] == over) == (wire.BOS_AT_NYK not in asked)


async def test_after_the_last_cutoff_of_the_day_nothing_is_asked() -> None:
    """Not even what costs nothing."""
    now = TIP + timedelta(hours=3)
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, now=now, mode=Mode.SAME_DAY)
    assert await lines.run(b.task) == 0
    assert b.payloads.asked == []
    assert {unit.reason for unit in b.fetches.units.values()} == {"its cutoff is over"}
    assert len(b.fetches.units) == len(GAMES)


LATE_EVENT = wire.event("e2", "DEN", "LAL", "2024-03-05T03:10:00Z")
LINES = wire.odds(
    fanduel=[
        wire.market("player_points", wire.outcomes("Nyk Ash", 12.5), wire.outcomes("Bos Elm", 9.5)),
        wire.market("player_points_alternate", wire.outcomes("Nyk Ash", 15.5, under=None)),
    ],
    betmgm=[wire.market("player_threes", wire.outcomes("Nyk Ash", 1.5), last_update=None)],
)


async def test_f24_every_line_is_stored(slate: Rig) -> None:
    """Main and alternate, one- and two-sided, of every book; known since they were posted, else since the fetch."""
    slate.upstreams.bodies["odds_api", "events"] = wire.body([wire.event(), LATE_EVENT])
    slate.upstreams.bodies["odds_api", wire.BOS_AT_NYK] = wire.body(LINES)
    slate.upstreams.bodies["odds_api", wire.LAL_AT_DEN] = wire.body(wire.odds())
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
    outcomes = await slate.outcomes()
    assert (outcomes[wire.BOS_AT_NYK], outcomes[wire.LAL_AT_DEN]) == ("loaded", "empty")
    assert (await slate.run("lines", SLATE)).counts["rows"] == 0


async def test_one_game_that_fails_costs_no_other(slate: Rig) -> None:
    """Its unit is failed, the step is done; when all fail, the step fails."""
    slate.upstreams.bodies["odds_api", "events"] = wire.body([wire.event(), LATE_EVENT])
    slate.upstreams.bodies["odds_api", wire.BOS_AT_NYK] = wire.body(LINES)
    slate.upstreams.bodies["odds_api", "game_lines"] = wire.body([])
    report = await slate.run("lines", SLATE)
    assert (report.outcome, report.counts["units_failed"], report.counts["rows"]) == ("done", 1, 4)
    slate.upstreams.bodies.clear()
    report = await slate.run("lines", SLATE)
    assert report.outcome == "failed"
    assert "HTTP 403" in report.reason


async def test_two_players_of_one_name_in_a_game_cost_nobody_else_his_lines() -> None:
    """Their lines are refused, with both as candidates; of the others every line is kept, initials too."""
    twin = {"player_id": 77, "player_name": "Nyk Ash", "team": "BOS"}
    b = bench("lines", {"slate_games": GAMES, "roster": [*ROSTER, twin]})
    b.payloads.bodies["odds_api", "events"] = EVENTS
    quotes = wire.outcomes("Nyk Ash", 1.5), wire.outcomes("B. Elm", 2.5), wire.outcomes("Bos Fir", 3.5)
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = wire.body(
        wire.odds(fanduel=[wire.market("player_threes", *quotes)])
    )
    assert await lines.run(b.task) == 2
    [(_, rows)] = b.warehouse.appended
    assert [row["line"] for row in rows] == [2.5, 3.5]
    reason = f"2 players are called 'Nyk Ash' (77, {NYK_ASH})"
    assert b.fetches.refusals[wire.BOS_AT_NYK, "Nyk Ash"] == (reason, "odds_api")
    [(quarantine, _, _)] = b.warehouse.written("raw.quarantine")
    candidates = [{"player_id": NYK_ASH, "player_name": "Nyk Ash", "team": "NYK"}, twin]
    [refused] = [row for row in quarantine if "name_key" in row]
    assert (refused["player_name"], refused["teams"]) == ("Nyk Ash", "BOS NYK")
    assert sorted(json.loads(refused["candidates"]), key=str) == sorted(candidates, key=str)


async def test_a_settled_name_loads() -> None:
    """Before every rule, by the source that wrote it."""
    settled = {"name_key": "unknown", "team": "BOS", "source": "odds_api", "player_id": BOS_ELM}
    other = settled | {"source": "espn", "player_id": 1}
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER, "settled_names": [other, settled]})
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.bodies["odds_api", wire.BOS_AT_NYK] = ODDS
    assert await lines.run(b.task) == 5
    [(_, rows)] = b.warehouse.appended
    assert {row["player_id"] for row in rows if row["player_lookup"] == "unknown"} == {BOS_ELM}


@pytest.mark.parametrize(
    ("left", "alternates", "note"),
    [
        (40, True, None),
        (39, False, "alternate lines are not asked for: 39 credits left, 40 needed with them, 20 without"),
    ],
)
async def test_alternate_lines_are_asked_for_if_credits_suffice(
    left: int, note: str | None, *, alternates: bool
) -> None:
    """Two games, ten markets: 40 credits with them, 20 without; the fetch log says what was left out."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER})
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.credits_left = left
    await lines.run(b.task)
    assert [("points_alternate" in asked.params["markets"]) for asked in b.payloads.asked[1:3]] == [alternates] * 2
    assert b.fetches.units["events"].reason == note
    counts = b.fetches.counts()
    assert (counts["credits_left"], counts["credits_needed"]) == (left, 40 if alternates else 20)


async def test_alternate_lines_may_be_switched_off() -> None:
    """Then nothing is missing; without a word on credits none are counted."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, odds_alternates=False)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    await lines.run(b.task)
    assert [("alternate" in asked.params["markets"]) for asked in b.payloads.asked[1:3]] == [False, False]
    assert b.fetches.units["events"].reason is None
    assert "credits_left" not in b.fetches.counts()


async def test_credits_that_do_not_suffice_are_not_spent() -> None:
    """No game's lines are asked for; the step fails with what is left and what it takes."""
    b = bench("lines", {"slate_games": (*GAMES, slate_game("0022300999", "MIA", "ORL")), "roster": ROSTER})
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.credits_left = 19
    assert await lines.run(b.task) == 0
    assert b.payloads.units() == [("odds_api", "events")]
    refusal = b.fetches.verdict()
    assert refusal is not None
    assert refusal.startswith("credits used up: 19 left, 20 needed for 2 games; ")
    assert {unit: said.outcome for unit, said in b.fetches.units.items()} == {
        "events": "loaded",
        wire.BOS_AT_NYK: "failed",
        wire.LAL_AT_DEN: "failed",
    }
    assert b.fetches.counts()["credits_left"] == 19


async def test_a_retrospective_slate_is_planned_at_ten_times_the_cost() -> None:
    """As the historical endpoint bills it."""
    b = bench("lines", {"slate_games": GAMES, "roster": ROSTER}, retrospective=True)
    b.payloads.bodies["odds_api", "events"] = EVENTS
    b.payloads.credits_left = 1000
    await lines.run(b.task)
    assert b.fetches.counts()["credits_needed"] == 400
