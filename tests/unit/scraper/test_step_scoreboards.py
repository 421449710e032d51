"""Scoreboards beside the schedule, where another source says otherwise, and in its place where nobody gives it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.scraper.sources.endpoint import SCOREBOARD
from services.scraper.steps import schedule, scoreboards
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import MORNING, SLATE, TIP, Bench, bench, loaded, slate_game
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.lists import endpoint, written

EVE = SLATE - timedelta(days=1)
OWN = endpoint("nba_cdn", SCOREBOARD, 1, lambda _: ("today",))
OTHER = endpoint("espn", SCOREBOARD, 2, lambda need: tuple(day.isoformat() for day in need.days))
LAST = endpoint("balldontlie", SCOREBOARD, 3, lambda _: ("games",))
BOTH = ("2024-03-03", "2024-03-04")
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def three_scoreboards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is of the source that gives the schedule."""
    monkeypatch.setattr(scoreboards, "ranked", lambda _: (OWN, OTHER, LAST))


def shown(day: date = SLATE, **changes: object) -> dict[str, Any]:
    """BOS at NYK as another source shows it."""
    game = {"game_date": day, "tip_utc": TIP, "home_team": "NYK", "away_team": "BOS", "state": "scheduled"}
    return game | changes


def between(**changes: object) -> Row:
    """The same of games_between.sql."""
    stored = slate_game() | {
        "season": "2023-24", "season_type": "regular", "neutral_site": False, "postponed": False,
        "available_at": MORNING - timedelta(days=30), "fetched_at": MORNING, "source": "nba_cdn",
    }  # fmt: skip
    return {**stored, "home_points": None, "away_points": None, **changes}


def scheduled(*games: Row, **boards: bytes) -> Bench:
    """The step with a schedule, stored games and scoreboards: `eve` and `slate` of ESPN, `games` of the last."""
    b = bench("schedule", {"results": [], "seasons": [], "games_between": games}, history_seasons=1)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(wire.game())
    units = {"eve": ("espn", BOTH[0]), "slate": ("espn", BOTH[1]), "games": ("balldontlie", "games")}
    b.payloads.bodies |= {units[name]: body for name, body in boards.items()}
    return b


def noted(b: Bench) -> list[tuple[str, str, str, str]]:
    """(field, value, other source, its value) of raw.disagreements."""
    rows = [row for table, rows in b.warehouse.appended if table == "raw.disagreements" for row in rows]
    return [(row["field"], row["value"], row["other_source"], row["other_value"]) for row in rows]


async def test_the_slate_and_the_day_before_are_compared() -> None:
    """With the best scoreboard of another source than the schedule's; what both say alike is not noted."""
    game = between()
    b = scheduled(game, eve=written(), slate=written(shown()))
    await schedule.run(b.task)
    assert b.payloads.units() == [("nba_cdn", "2023-24"), ("espn", BOTH[0]), ("espn", BOTH[1])]
    assert ("games_between", {"first": EVE, "last": SLATE}) in b.warehouse.asked
    assert (noted(b), b.fetches.disagreements) == ([], 0)
    assert b.fetches.units[BOTH[1]] == loaded("espn", 1, BOTH[1])
    assert b.fetches.units[BOTH[0]].outcome == "empty"


LATER = TIP + TEN_MINUTES
NAME = "BOS@NYK 0022300900"


@pytest.mark.parametrize(
    ("stored", "theirs", "found"),
    [
        ({}, {"tip_utc": LATER}, [("tip_utc", TIP.isoformat(), "espn", LATER.isoformat())]),
        ({}, {"tip_utc": TIP - TEN_MINUTES}, [("tip_utc", TIP.isoformat(), "espn", (TIP - TEN_MINUTES).isoformat())]),
        ({}, {"tip_utc": LATER - timedelta(seconds=1)}, []),
        ({}, {"tip_utc": None}, []),
        ({}, {"state": "postponed"}, [("state", "scheduled", "espn", "postponed")]),
        ({}, {"state": "postponed", "tip_utc": LATER}, [("state", "scheduled", "espn", "postponed")]),
        ({"postponed": True}, {"tip_utc": LATER}, [("state", "postponed", "espn", "scheduled")]),
        ({"postponed": True}, {"state": "postponed"}, []),
        ({}, {"state": "live"}, []),
        ({"home_points": 90, "away_points": 80}, {"state": "final", "score": (90, 80)}, []),
        (
            {"home_points": 90, "away_points": 80}, {"state": "final", "score": (80, 90)},
            [("score", "90-80", "espn", "80-90")],
        ),
        ({"home_points": 90, "away_points": 80}, {"state": "live", "score": (80, 90)}, []),
        ({"home_points": 90, "away_points": 80}, {"state": "final", "score": None}, []),
        ({}, {"state": "final", "score": (80, 90)}, []),
        # At a neutral site the other source has home and away the other way round.
        (
            {"home_points": 90, "away_points": 80},
            {"home_team": "BOS", "away_team": "NYK", "state": "final", "score": (80, 90)}, [],
        ),
        ({}, {"home_team": "LAL"}, [("state", "scheduled", "espn", "not listed")]),
        ({}, {"game_date": EVE}, [("state", "scheduled", "espn", "not listed")]),
        ({"postponed": True}, {"home_team": "LAL"}, []),
    ],
)  # fmt: skip
async def test_what_another_source_says_otherwise_is_noted(
    stored: dict[str, Any], theirs: dict[str, Any], found: list[tuple[str, str, str, str]]
) -> None:
    """Tip-offs ten minutes apart, postponements, final scores, and games that it does not list; both values."""
    b = scheduled(between(**stored), eve=written(), slate=written(shown(**theirs)))
    await schedule.run(b.task)
    assert noted(b) == found
    assert b.fetches.counts().get("disagreements", 0) == len(found)
    for table, [row] in b.warehouse.appended:
        assert table == "raw.disagreements"
        assert (row["game_date"], row["subject"], row["source"]) == (SLATE, NAME, "nba_cdn")
        assert row["fetched_at"] == MORNING


async def test_an_empty_scoreboard_says_nothing_of_a_game() -> None:
    """A source without games at all is not one that leaves this one out."""
    b = scheduled(between(), eve=written(), slate=written())
    await schedule.run(b.task)
    assert noted(b) == []


async def test_half_a_scoreboard_says_nothing_and_a_fallback_is_not_asked_only_to_compare() -> None:
    """That nobody else answers is no failure, and not entered."""
    b = scheduled(between(), slate=written(shown()), games=written(shown(tip_utc=LATER)))
    await schedule.run(b.task)
    assert noted(b) == []
    assert not {*BOTH} & b.fetches.units.keys()
    b = scheduled(between())
    await schedule.run(b.task)
    assert (noted(b), b.fetches.verdict()) == ([], None)


async def test_a_disagreement_is_counted_in_the_report(rig: Rig) -> None:
    """And kept with both values; looked at again, it is not kept twice."""
    rig.upstreams.bodies |= {
        ("nba_cdn", "2023-24"): wire.schedule(wire.game(score=(90, 80))),
        ("espn", "2024-03-04"): written(shown(state="final", score=(90, 81))),
        ("espn", "2024-03-05"): written(),
    }
    for _ in range(2):
        report = await rig.run("schedule")
        assert (report.outcome, report.counts["disagreements"]) == ("done", 1)
    [row] = await rig.rows("raw.disagreements")
    assert (row["value"], row["other_value"], row["subject"]) == ("90-80", "90-81", NAME)


# --- in the schedule's place -----------------------------------------------------------------------------------------


def standing_in(*games: Row, known: Any = True, **boards: bytes) -> Bench:  # noqa: ANN401 - a bool
    """The step where nobody gives the season."""
    b = scheduled(*games, **boards)
    del b.payloads.bodies["nba_cdn", "2023-24"]
    if known:
        b.warehouse.answers["seasons"] = [{"season": "2023-24", "unfinished": 9}]
    return b


async def test_where_nobody_gives_the_season_a_scoreboard_brings_its_games_up_to_date() -> None:
    """A score, a postponement and a moved tip-off are written; what is as it was is not, and the step is done."""
    eve = {"game_date": EVE, "tip_utc": TIP - timedelta(days=1)}
    games = [
        between(),
        between(game_id="1", home_team="LAL", away_team="UTA"),
        between(game_id="2", home_team="MIA", away_team="ORL", **eve),
        between(game_id="3", home_team="DEN", away_team="DAL"),
        between(game_id="4", home_team="ATL", away_team="CHI", **eve),
    ]
    boards = {
        "eve": written(
            shown(EVE, **eve, home_team="MIA", away_team="ORL", state="final", score=(99, 88)),
            shown(EVE, **eve, home_team="CHI", away_team="ATL", state="final", score=(70, 60)),
        ),
        "slate": written(
            shown(tip_utc=LATER),
            shown(home_team="LAL", away_team="UTA", state="postponed", tip_utc=LATER - timedelta(seconds=1)),
            shown(home_team="DEN", away_team="DAL"),
            shown(home_team="SAS", away_team="WAS", tip_utc=LATER),
        ),
    }
    b = standing_in(*games, **boards)
    assert await schedule.run(b.task) == 4
    own = ("nba_cdn", "today")
    assert own in b.payloads.units()
    [(rows, scope, params)] = b.warehouse.written("raw.games")
    assert (scope, params) == ("game_id IN UNNEST(@game_ids)", {"game_ids": [wire.BOS_AT_NYK, "1"]})
    midnight = datetime(2024, 3, 4, 5, tzinfo=UTC)
    stamps = {"available_at": midnight, "fetched_at": MORNING, "source": "espn"}
    stored = {name: value for name, value in games[0].items() if name not in ("home_points", "away_points")}
    assert rows[0] == stored | stamps | {"tip_utc": LATER}
    assert (rows[1]["postponed"], rows[1]["tip_utc"], rows[0]["postponed"]) == (True, TIP, False)
    [(rows, scope, params)] = b.warehouse.written("raw.game_results")
    assert (scope, params) == ("game_id IN UNNEST(@game_ids)", {"game_ids": ["2", "4"]})
    known_at = TIP - timedelta(days=1) + timedelta(hours=3)
    assert rows[0] == {
        "game_id": "2", "game_date": EVE, "home_points": 99, "away_points": 88, "available_at": known_at,
        "fetched_at": MORNING, "source": "espn",
    }  # fmt: skip
    assert (rows[1]["home_points"], rows[1]["away_points"]) == (60, 70)
    assert (b.fetches.failure, b.fetches.verdict()) == (None, None)
    assert b.fetches.units["2023-24"].outcome == "failed"


async def test_a_game_that_is_played_again_is_no_longer_postponed() -> None:
    """A score that is known already is not written again."""
    game = between(postponed=True, home_points=90, away_points=80)
    b = standing_in(game, eve=written(), slate=written(shown(state="final", score=(90, 80))))
    assert await schedule.run(b.task) == 1
    [([row], _, _)] = b.warehouse.written("raw.games")
    assert (row["postponed"], b.warehouse.written("raw.game_results")) == (False, [])


@pytest.mark.parametrize(("known", "boards"), [(True, {}), (False, {"eve": written(), "slate": written(shown())})])
async def test_f05_nothing_stands_in_for_a_season_that_is_not_known(known: bool, boards: dict[str, bytes]) -> None:  # noqa: FBT001 - a case
    """Nor where no scoreboard answers: the step has failed, and says why."""
    b = standing_in(between(), known=known, **boards)
    assert await schedule.run(b.task) == 0
    assert b.fetches.failure == b.fetches.verdict() == "nba_cdn is down; nba_stats is down"
    assert b.warehouse.replaced == []


async def test_a_schedule_without_games_is_stood_in_for_too() -> None:
    """Or of another season: nobody gives the one that is asked for."""
    for body in (wire.schedule(), wire.schedule(wire.game(), season="2022-23")):
        b = standing_in(between(), eve=written(), slate=written(shown(tip_utc=LATER)))
        b.payloads.bodies["nba_stats", "2023-24"] = body
        assert await schedule.run(b.task) == 1
        assert b.fetches.verdict() is None
        b = standing_in(between())
        b.payloads.bodies["nba_stats", "2023-24"] = body
        assert await schedule.run(b.task) == 0
        assert b.fetches.verdict() is not None
