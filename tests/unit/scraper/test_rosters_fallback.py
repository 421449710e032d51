"""Step `rosters` where sources fail: the next one in their order, and in the end the last box scores."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from services.scraper.fetch_log import Unit
from services.scraper.sources.endpoint import ROSTERS
from services.scraper.steps import rosters
from services.scraper.steps.rosters import LAST_LISTED
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import MORNING, SLATE, Bench, bench, loaded, slate_game
from tests.unit.scraper.conftest import Rig
from tests.unit.scraper.lists import endpoint, written

FIRST = endpoint("nba_stats", ROSTERS, 1, lambda need: (need.season,))
SECOND = endpoint("espn", ROSTERS, 2, lambda need: tuple(f"roster {team}" for team in need.teams))
THIRD = endpoint("balldontlie", ROSTERS, 3, lambda _: ("players",))
GAMES = (slate_game(),)
"""BOS at NYK alone."""
KNOWN = [
    {"player_id": wire.player(team, n)[0], "player_name": wire.player(team, n)[1], "team": team}
    for team in ("NYK", "BOS", "DEN")
    for n in range(8)
]


@pytest.fixture(autouse=True)
def three_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first knows the NBA's ids."""
    monkeypatch.setattr(rosters, "ranked", lambda _: (FIRST, SECOND, THIRD))


def players(team: str, count: int = 5, *, ids: bool = False) -> list[dict[str, Any]]:
    return [
        {"player_id": id_ if ids else None, "player_name": name, "team": team, "position": "G"}
        for id_, name in (wire.player(team, n) for n in range(count))
    ]


def asking(**bodies: bytes) -> Bench:
    """The step with an answer of each unit that is named."""
    b = bench("rosters", {"slate_games": GAMES, "known_players": KNOWN})
    units = {
        "stats": ("nba_stats", "2023-24"), "nyk": ("espn", "roster NYK"), "bos": ("espn", "roster BOS"),
        "players": ("balldontlie", "players"),
    }  # fmt: skip
    b.payloads.bodies = {units[name]: body for name, body in bodies.items()}
    return b


def written_rows(b: Bench) -> list[Row]:
    [(rows, scope, params)] = b.warehouse.written("raw.rosters")
    assert (scope, params) == ("game_date = @game_date", {"game_date": SLATE})
    return rows


WHOLE = written(*players("NYK"), *players("BOS"))


@pytest.mark.parametrize("stats", [None, written(*players("NYK", ids=True), *players("BOS", 4, ids=True))])
async def test_a_source_that_fails_or_lacks_a_team_is_followed_by_the_next(stats: bytes | None) -> None:
    """All its requests, names matched to ids; after it nobody is asked, and the box scores are not looked at."""
    b = asking(nyk=written(*players("NYK")), bos=written(*players("BOS")), players=WHOLE)
    if stats is not None:
        b.payloads.bodies["nba_stats", "2023-24"] = stats
    assert await rosters.run(b.task) == 10
    assert b.payloads.units() == [("nba_stats", "2023-24"), ("espn", "roster BOS"), ("espn", "roster NYK")]
    rows = written_rows(b)
    assert [row["player_id"] for row in rows] == [wire.player(team, n)[0] for team in ("BOS", "NYK") for n in range(5)]
    assert rows[0] == {
        "game_date": SLATE, "player_id": 3800, "player_name": "Bos Ash", "player_lookup": "bosash", "team": "BOS",
        "position": "G", "available_at": MORNING, "fetched_at": MORNING, "source": "espn",
    }  # fmt: skip
    partial = Unit(
        "quarantined", "nba_stats", 0, "not a roster of every team that plays: BOS has 4 players", "nba_stats/2023-24"
    )
    assert b.fetches.units == {
        "2023-24": Unit("failed", "nba_stats", 0, "nba_stats is down", None) if stats is None else partial,
        "roster NYK": loaded("espn", 5, "roster NYK"),
        "roster BOS": loaded("espn", 5, "roster BOS"),
    }
    assert b.fetches.verdict() is None
    assert "last_listed" not in [name for name, _ in b.warehouse.asked]


async def test_the_best_source_that_answers_is_enough() -> None:
    """With ids of its own no names are looked up."""
    b = asking(stats=written(*players("NYK", ids=True), *players("BOS", ids=True)), players=WHOLE)
    assert await rosters.run(b.task) == 10
    assert b.payloads.units() == [("nba_stats", "2023-24")]
    assert [name for name, _ in b.warehouse.asked if name == "known_players"] == []


async def test_half_an_answer_is_refused_whole() -> None:
    """One team's request failed: the other team's is quarantined, and the third source is asked."""
    b = asking(nyk=written(*players("NYK")), players=WHOLE)
    assert await rosters.run(b.task) == 10
    assert {row["source"] for row in written_rows(b)} == {"balldontlie"}
    reason = "only part of what was asked of espn came: roster BOS is missing"
    assert b.fetches.units["roster NYK"] == Unit("quarantined", "espn", 0, reason, "espn/roster NYK")
    assert b.fetches.units["roster BOS"] == Unit("failed", "espn", 0, "espn is down", None)


async def test_a_name_that_fits_nobody_is_refused_and_the_rest_is_kept() -> None:
    """Unreadable records too, each with its reason; that a team is left with fewer than five is said."""
    stranger = {"player_name": "Nyk Nobody", "team": "NYK"}
    body = written(*players("NYK", 6), stranger, *players("BOS"), refused=["x"])
    b = asking(players=body)
    assert await rosters.run(b.task) == 11
    reason = "no known player of NYK is called 'Nyk Nobody'"
    assert b.fetches.refusals == {
        ("players", "x"): ("unreadable", "balldontlie"),
        ("players", "Nyk Nobody"): (reason, "balldontlie"),
    }
    assert b.fetches.units["players"] == loaded("balldontlie", 11, "players")
    assert ("known_players", {"game_date": SLATE}) in b.warehouse.asked
    b = asking(players=written(*players("NYK", 4), stranger, *players("BOS")))
    assert await rosters.run(b.task) == 9
    assert "NYK has 4 players" in str(b.fetches.units["players"].reason)


async def test_a_player_with_two_teams_is_in_none() -> None:
    """Which of the two is right is not guessed; the others are kept."""
    double = {**players("NYK", 1)[0], "team": "BOS"}
    b = asking(players=written(*players("NYK"), *players("BOS"), double))
    assert await rosters.run(b.task) == 9
    assert 5200 not in {row["player_id"] for row in written_rows(b)}
    assert b.fetches.refusals["players", "Nyk Ash"] == ("player 5200 is listed more than once", "balldontlie")


async def test_what_a_source_lacks_is_filled_up_from_the_last_box_scores() -> None:
    """Of the teams that are short, and nobody twice."""
    b = asking(players=written(*players("NYK", 4), *players("BOS")))
    b.warehouse.answers["last_listed"] = [row | STAMPS for row in KNOWN]
    assert await rosters.run(b.task) == 4 + 5 + 4
    assert Counter((row["team"], row["source"]) for row in written_rows(b)) == {
        ("NYK", "balldontlie"): 4, ("BOS", "balldontlie"): 5, ("NYK", "nba_cdn"): 4,
    }  # fmt: skip


STAMPS = {"available_at": MORNING, "fetched_at": MORNING, "source": "nba_cdn"}


async def test_of_several_sources_the_one_that_lacks_fewest_teams_is_filled_up() -> None:
    """The better one where they lack as many: one that renamed its keys is no reason to leave the next one out."""
    b = asking(
        stats=written(*players("NYK", 4, ids=True), *players("BOS", 4, ids=True)),
        nyk=written(*players("NYK", 4)),
        bos=written(*players("BOS")),
        players=written(*players("NYK"), *players("BOS", 4)),
    )
    b.warehouse.answers["last_listed"] = [row | STAMPS for row in KNOWN]
    assert await rosters.run(b.task) == 13
    assert Counter((row["team"], row["source"]) for row in written_rows(b)) == {
        ("BOS", "espn"): 5, ("NYK", "espn"): 4, ("NYK", "nba_cdn"): 4,
    }  # fmt: skip
    assert {name: unit.outcome for name, unit in b.fetches.units.items()} == {
        "2023-24": "quarantined", "roster BOS": "loaded", "roster NYK": "loaded", "players": "quarantined",
        LAST_LISTED: "loaded",
    }  # fmt: skip
    assert b.fetches.verdict() is None


async def test_in_the_end_those_count_who_were_listed_last() -> None:
    """Of the teams that play; the sources' failures stay in the log beside it."""
    b = asking()
    b.warehouse.answers["last_listed"] = [row | STAMPS for row in KNOWN]
    assert await rosters.run(b.task) == 16
    rows = written_rows(b)
    assert {row["team"] for row in rows} == {"NYK", "BOS"}
    assert rows[0] == {
        "game_date": SLATE, "player_id": 5200, "player_name": "Nyk Ash", "player_lookup": "nykash", "team": "NYK",
        "position": None, **STAMPS,
    }  # fmt: skip
    assert b.fetches.units[LAST_LISTED] == Unit("loaded", "nba_cdn", 16)
    outcomes = [unit.outcome for unit in b.fetches.units.values()]
    assert (outcomes, b.fetches.verdict()) == (["failed"] * 4 + ["loaded"], None)
    assert ("last_listed", {"game_date": SLATE}) in b.warehouse.asked


async def test_without_a_source_and_box_scores_the_step_fails_with_the_first_reason() -> None:
    """And writes nothing; box scores of one team are better than nothing."""
    b = asking()
    b.warehouse.answers["last_listed"] = []
    assert await rosters.run(b.task) == 0
    assert b.fetches.verdict() == "nba_stats is down"
    assert b.warehouse.replaced == []
    b.warehouse.answers["last_listed"] = [row | STAMPS for row in KNOWN if row["team"] == "NYK"]
    assert await rosters.run(b.task) == 8
    reason = "the last box scores list no whole roster: BOS has 0 players"
    assert b.fetches.units[LAST_LISTED] == Unit("failed", "nba_cdn", 8, reason)


async def test_the_last_box_scores_stand_in_through_the_service(rig: Rig) -> None:
    """Who did not play counts too, and who was with two teams is with the one that listed him last."""
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    tip = "2024-03-06T00:30:00Z"
    await rig.know_schedule(wire.game("0022300910", day=date(2024, 3, 5), tip=tip))

    def listed(game: str, day: date, team: str, numbers: range, **changes: object) -> list[Row]:
        return [
            {
                "game_id": game, "game_date": day, "player_id": wire.player(team, n)[0],
                "player_name": wire.player(team, n)[1], "player_lookup": "x", "team": team, **STAMPS, **changes,
            }
            for n in numbers
        ]  # fmt: skip

    numbers = dict.fromkeys(
        (
            "minutes", "points", "rebounds", "offensive_rebounds", "defensive_rebounds", "assists", "steals", "blocks",
            "field_goals_made", "field_goals_attempted", "threes", "threes_attempted", "free_throws_made",
            "free_throws_attempted", "turnovers", "fouls",
        ),
        0,
    )  # fmt: skip
    line = {**numbers, "season": "2023-24", "season_type": "regular", "is_home": True, "opponent": "UTA"}
    boxes = [
        *listed("1", first, "NYK", range(6), **line),
        *listed("2", first, "BOS", range(6), **line),
        *(row | {"team": "UTA"} for row in listed("3", second, "BOS", range(1), **line)),  # Bos Ash, meanwhile traded
    ]
    await rig.ports.warehouse.append("raw.player_box_scores", boxes)
    await rig.ports.warehouse.append("raw.absences", listed("1", first, "NYK", range(6, 8), reason="INACTIVE_INJURY"))
    report = await rig.run("rosters")
    assert (report.outcome, report.counts["rows"]) == ("done", 13)
    rows = await rig.rows("raw.rosters", "player_id")
    assert [row["player_id"] for row in rows] == [*range(3801, 3806), *range(5200, 5208)]
    assert {row["available_at"] for row in rows} == {MORNING}
    again = await rig.run("rosters", date(2024, 3, 5) + timedelta(days=1))
    assert (again.outcome, again.counts["rows"]) == ("done", 0)
