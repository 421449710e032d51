"""Step `box_scores`: what it asks for, writes and enters in the fetch log; then through the whole service."""

from datetime import UTC, date, datetime

import pytest

from services.scraper.fetch_log import Unit
from services.scraper.sources.nba_cdn.boxscore import boxscore
from services.scraper.sources.nba_stats.leaguegamelog import log
from services.scraper.steps import box_scores
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import ROSTER, SLATE, bench, loaded
from tests.unit.scraper.conftest import Rig

YESTERDAY = date(2024, 3, 3)


def _played(n: int, home: str, away: str, **changes: object) -> Row:
    """Game 002230000n, without a final score."""
    game: Row = {
        "game_id": f"002230000{n}",
        "season": "2023-24",
        "season_type": "regular",
        "game_date": YESTERDAY,
        "tip_utc": datetime(2024, 3, 3, 23, 30, tzinfo=UTC),
        "home_team": home,
        "away_team": away,
        "home_points": None,
        "away_points": None,
        "loaded_from": None,
    }
    return game | changes


ONE, TWO, THREE = _played(1, "NYK", "BOS"), _played(2, "DEN", "LAL"), _played(3, "MIA", "ORL")
PLAYOFF = _played(4, "NYK", "BOS", season_type="playoffs")
EARLIER = _played(5, "NYK", "BOS", season="2022-23")


def test_many_of_a_season_and_kind_are_asked_for_in_bulk() -> None:
    """More than the threshold, that is; the others one by one, in order."""
    games = [ONE, PLAYOFF, TWO, EARLIER, THREE]
    bulk, single = box_scores._plan(games, 2)
    assert (bulk, single) == ({("2023-24", "regular"): [ONE, TWO, THREE]}, [PLAYOFF, EARLIER])
    assert box_scores._plan(games, 3) == ({}, [ONE, TWO, THREE, PLAYOFF, EARLIER])
    everything, none = box_scores._plan(games, 0)
    assert (len(everything), none) == (3, [])


LOG, BOX, DAY = ("nba_stats", "2023-24-regular"), ("nba_cdn", "0022300001"), ("balldontlie", "2024-03-03")


@pytest.mark.parametrize(
    ("held", "loaded_from", "bulk", "single"),
    [
        (set(), None, 0, 0),
        ({BOX}, None, 0, 1),
        ({BOX, LOG, DAY}, "nba_stats", 0, 1),
        ({LOG}, None, 1, 0),
        ({LOG}, "nba_stats", 1, 0),
        ({LOG}, "nba_cdn", 0, 0),
        ({LOG, DAY}, None, 1, 0),
        ({LOG, DAY}, "balldontlie", 0, 1),
        ({LOG, DAY}, "nba_cdn", 0, 0),
        ({DAY}, None, 0, 1),
        ({DAY}, "balldontlie", 0, 1),
        ({DAY}, "nba_stats", 0, 0),
        ({("nba_cdn", "0022300009"), ("nba_stats", "2023-24-playoffs"), ("balldontlie", "2024-03-02")}, None, 0, 0),
    ],
)
def test_from_the_archive_a_game_comes_from_the_source_that_gave_it(
    held: set[tuple[str, str]], loaded_from: str | None, bulk: int, single: int
) -> None:
    """The CDN's own box score goes before the log and the log before the fallback; another source's game is left."""
    game = ONE | {"loaded_from": loaded_from}
    kind = ("2023-24", "regular")
    assert box_scores._plan_archived([game], held) == ({kind: [game]} if bulk else {}, [game] * single)


def test_a_game_that_the_archive_has_not_costs_no_other() -> None:
    """The ones after it are planned."""
    games = [THREE, ONE, _played(6, "UTA", "ATL", loaded_from="nba_cdn"), TWO]
    bulk, single = box_scores._plan_archived(games, {BOX, LOG})
    assert (bulk, single) == ({("2023-24", "regular"): [THREE, TWO]}, [ONE])


def _cdn_box(game: Row) -> bytes:
    return wire.boxscore(game["game_id"], wire.cdn_team(game["home_team"]), wire.cdn_team(game["away_team"]))


def _log_of(*games: Row) -> bytes:
    return wire.gamelog(
        *(row for game in games for row in wire.log_of(game["game_id"], game["home_team"], game["away_team"]))
    )


async def test_games_that_tipped_off_three_hours_ago_are_looked_for() -> None:
    """Those without a box score; from the archive also those with one."""
    for held, again in ((None, False), (set[tuple[str, str]](), True)):
        b = bench("box_scores", {"played_games": []}, held=held)
        assert await box_scores.run(b.task) == 0
        tipped_before = datetime(2024, 3, 4, 9, tzinfo=UTC)
        since = date(2024, 2, 23)
        bound = {"game_date": SLATE, "tipped_before": tipped_before, "again": again, "corrected_since": since}
        assert b.warehouse.asked == [("played_games", bound)]
        assert (b.fetches.units, b.warehouse.replaced) == ({}, [])


async def test_few_games_come_one_by_one() -> None:
    """Rows of all games at once, each game's in order of players; a game under way is left for the next time."""
    b = bench("box_scores", {"played_games": [TWO, ONE, THREE]}, bulk_threshold=3)
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    b.payloads.bodies["nba_cdn", "0022300002"] = _cdn_box(TWO)
    b.payloads.bodies["nba_cdn", "0022300003"] = wire.boxscore("0022300003", status=2)
    assert await box_scores.run(b.task) == 32
    assert b.payloads.asked == [boxscore(f"002230000{n}") for n in (2, 1, 3)]
    [(rows, scope, params)] = b.warehouse.written("raw.player_box_scores")
    assert (scope, params) == ("game_id IN UNNEST(@game_ids)", {"game_ids": ["0022300002", "0022300001"]})
    # Denver's ids begin with 43, the Lakers' with 47; Boston's with 38, New York's with 52.
    assert [row["player_id"] for row in rows] == [
        *range(4300, 4308), *range(4700, 4708), *range(3800, 3808), *range(5200, 5208),
    ]  # fmt: skip
    assert b.fetches.units == {
        "0022300002": loaded("nba_cdn", 16, "0022300002"),
        "0022300001": loaded("nba_cdn", 16, "0022300001"),
        "0022300003": Unit("failed", "nba_cdn", 0, "not final", None),
    }
    assert b.fetches.stands_on_earlier


async def test_a_box_score_of_another_game_or_one_that_is_inconsistent_is_not_loaded() -> None:
    """The first has failed, the second is quarantined whole, its reason twice: in the fetch log and as a record."""
    b = bench("box_scores", {"played_games": [ONE, TWO]})
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(THREE)
    b.payloads.bodies["nba_cdn", "0022300002"] = wire.boxscore("0022300002", wire.cdn_team("DEN"), wire.cdn_team("MIA"))
    assert await box_scores.run(b.task) == 0
    reason = "players of MIA in a game of DEN and LAL"
    assert b.fetches.units == {
        "0022300001": Unit("failed", "nba_cdn", 0, "asked for game 0022300001, got 0022300003", None),
        "0022300002": Unit("quarantined", "nba_cdn", 0, reason, "nba_cdn/0022300002"),
    }
    assert b.fetches.refusals == {("0022300002", "0022300002"): (reason, "nba_cdn")}
    assert b.warehouse.written("raw.player_box_scores") == []


async def test_many_games_come_from_one_log() -> None:
    """What the log lacks comes one by one, as long as it is little; a bad game of it is quarantined."""
    b = bench("box_scores", {"played_games": [ONE, TWO, THREE]}, bulk_threshold=1)
    bad = [*wire.log_of("0022300003", "MIA", "ORL")[:-1], wire.log_row("none", "ORL", 7)]
    rows = [*wire.log_of("0022300002", "DEN", "LAL"), *bad, *wire.log_of("0022300009", "UTA", "ATL")]
    three = THREE | {"home_points": 76, "away_points": 76}
    b.warehouse.answers["played_games"] = [ONE, TWO, three]
    b.payloads.bodies["nba_stats", "2023-24-regular"] = wire.gamelog(*rows)
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    assert await box_scores.run(b.task) == 32
    assert b.payloads.asked == [log("2023-24", "regular"), boxscore("0022300001")]
    [from_log, from_box] = b.warehouse.written("raw.player_box_scores")
    assert [from_log[2], from_box[2]] == [{"game_ids": ["0022300002"]}, {"game_ids": ["0022300001"]}]
    assert {(row["source"], row["starter"]) for row in from_log[0]} == {("nba_stats", None)}
    unit = "2023-24-regular"
    assert b.fetches.units == {
        unit: loaded("nba_stats", 16, unit),
        "0022300001": loaded("nba_cdn", 16, "0022300001"),
    }
    nameless = "game id 'none' is not an NBA game id (ten digits, 00x...)"
    assert b.fetches.refusals == {
        (unit, "Orl Hazel none"): (nameless, "nba_stats"),
        (unit, "0022300003"): (f"1 unreadable lines, the first of Orl Hazel none: {nameless}", "nba_stats"),
        (unit, "0022300003 Orl Hazel none"): (nameless, "nba_stats"),
    }
    assert not b.fetches.stands_on_earlier


async def test_a_log_that_lacks_more_than_the_threshold_is_not_replaced_by_singles() -> None:
    """Two missing are too many where one is allowed; exactly as many as allowed are asked for."""
    for threshold, asked in ((1, 0), (2, 2)):
        b = bench("box_scores", {"played_games": [ONE, TWO, THREE]}, bulk_threshold=threshold)
        b.warehouse.answers["played_games"] = [ONE, TWO, THREE]
        b.payloads.bodies["nba_stats", "2023-24-regular"] = _log_of(THREE)
        assert await box_scores.run(b.task) == 16
        assert [source for source, _ in b.payloads.units()].count("nba_cdn") == asked


async def test_the_games_of_a_log_that_fails_come_one_by_one_and_no_other_season_pays() -> None:
    """The step goes on with the next log; what nobody gives keeps every reason."""
    games = [ONE, TWO, EARLIER, _played(6, "DEN", "LAL", season="2022-23"), PLAYOFF]
    b = bench("box_scores", {"played_games": games}, bulk_threshold=1)
    b.payloads.bodies["nba_stats", "2022-23-regular"] = _log_of(*games[2:4])
    b.payloads.bodies["nba_cdn", "0022300004"] = _cdn_box(PLAYOFF)
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    assert await box_scores.run(b.task) == 64
    assert b.payloads.units() == [
        ("nba_stats", "2023-24-regular"), ("nba_stats", "2022-23-regular"),
        ("nba_cdn", "0022300004"), ("nba_cdn", "0022300001"), ("nba_cdn", "0022300002"),
        ("balldontlie", "2024-03-03"),
    ]  # fmt: skip
    assert b.fetches.units["2023-24-regular"] == Unit("failed", "nba_stats", 0, "nba_stats is down", None)
    assert b.fetches.units["0022300002"].reason == "nba_cdn is down; balldontlie is down"
    assert b.fetches.units["2022-23-regular"] == loaded("nba_stats", 32, "2022-23-regular")


KNOWN: list[Row] = [each for each in ROSTER if each["team"] in ("NYK", "BOS")]


def _bdl(game: Row, **changes: object) -> wire.Json:
    sides = {"home_team": game["home_team"], "visitor_team": game["away_team"]}
    teams = {
        side: {"abbreviation": team, "players": [wire.bdl_player(team, n) for n in range(8)]}
        for side, team in sides.items()
    }
    return wire.bdl_game() | teams | changes


async def test_a_log_that_failed_is_made_good_by_singles() -> None:
    """It is then no failure, and says how."""
    b = bench("box_scores", {"played_games": [ONE, TWO]}, bulk_threshold=1)
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    b.payloads.bodies["nba_cdn", "0022300002"] = _cdn_box(TWO)
    assert await box_scores.run(b.task) == 32
    reason = "nba_stats is down; its games came one by one"
    assert b.fetches.units["2023-24-regular"] == Unit("empty", "nba_stats", 0, reason, None)


async def test_a_game_that_the_cdn_does_not_give_comes_from_the_log() -> None:
    """Before the fallback with names is asked; a log that failed is asked once."""
    b = bench("box_scores", {"played_games": [ONE, TWO]})
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    b.payloads.bodies["nba_stats", "2023-24-regular"] = _log_of(TWO)
    assert await box_scores.run(b.task) == 32
    assert b.payloads.units() == [
        ("nba_cdn", "0022300001"), ("nba_cdn", "0022300002"), ("nba_stats", "2023-24-regular"),
    ]  # fmt: skip
    assert b.fetches.units == {
        "0022300001": loaded("nba_cdn", 16, "0022300001"),
        "2023-24-regular": loaded("nba_stats", 16, "2023-24-regular"),
    }


async def test_the_fallback_gives_what_the_others_do_not() -> None:
    """One request for each date, games told by their teams, names matched to ids; half a game is refused whole."""
    known = [row for row in KNOWN if row["player_name"] != "Bos Hazel"]
    day_before = _played(7, "BOS", "NYK", game_date=date(2024, 3, 2))
    games = [ONE, TWO, day_before]
    b = bench("box_scores", {"played_games": games, "known_players": known})
    b.payloads.bodies["balldontlie", "2024-03-03"] = wire.bdl(_bdl(THREE), _bdl(ONE))
    b.payloads.bodies["nba_cdn", "0022300002"] = _cdn_box(TWO)
    b.payloads.bodies["balldontlie", "2024-03-02"] = wire.bdl(_bdl(day_before))
    assert await box_scores.run(b.task) == 16
    assert b.payloads.units() == [
        ("nba_cdn", "0022300001"), ("nba_cdn", "0022300002"), ("nba_cdn", "0022300007"),
        ("nba_stats", "2023-24-regular"), ("balldontlie", "2024-03-02"), ("balldontlie", "2024-03-03"),
    ]  # fmt: skip
    reason = "no known player of BOS is called 'Bos Hazel'"
    assert b.fetches.units == {
        "0022300002": loaded("nba_cdn", 16, "0022300002"),
        "0022300001": Unit("quarantined", "balldontlie", 0, reason, "balldontlie/2024-03-03"),
        "0022300007": Unit("quarantined", "balldontlie", 0, reason, "balldontlie/2024-03-02"),
    }
    hazel = ("0022300001", "0022300001 Bos Hazel")
    assert b.fetches.refusals[hazel] == (reason, "balldontlie")
    b.warehouse.answers["known_players"] = KNOWN
    assert await box_scores.run(b.task) == 48
    rows = b.warehouse.written("raw.player_box_scores")[-1][0]
    assert [row["player_id"] for row in rows[:16]] == [*range(3800, 3808), *range(5200, 5208)]
    assert {row["source"] for row in rows} == {"balldontlie"}
    assert ("known_players", {"game_date": SLATE}) in b.warehouse.asked


async def test_a_game_that_the_fallback_has_not_has_failed_with_both_reasons() -> None:
    """The one after it is loaded; one that is under way is not."""
    games = [TWO, ONE, THREE]
    b = bench("box_scores", {"played_games": games, "known_players": KNOWN})
    b.payloads.bodies["balldontlie", "2024-03-03"] = wire.bdl(_bdl(ONE), _bdl(THREE, status="2nd Qtr"))
    assert await box_scores.run(b.task) == 16
    down = "nba_cdn is down; nba_stats is down"
    assert b.fetches.units == {
        "0022300002": Unit("failed", "balldontlie", 0, f"{down}; balldontlie has no such game", None),
        "0022300001": loaded("balldontlie", 16, "2024-03-03"),
        "0022300003": Unit("failed", "balldontlie", 0, "not final", None),
    }


async def test_a_game_of_the_fallback_with_nobody_matched_is_quarantined() -> None:
    """Every name is refused, the game as a whole says why it has no rows."""
    b = bench("box_scores", {"played_games": [ONE], "known_players": []})
    b.payloads.bodies["balldontlie", "2024-03-03"] = wire.bdl(_bdl(ONE))
    assert await box_scores.run(b.task) == 0
    reason = "no known player of NYK is called 'Nyk Ash'"
    assert b.fetches.units == {"0022300001": Unit("quarantined", "balldontlie", 0, reason, "balldontlie/2024-03-03")}
    assert len(b.fetches.refusals) == 16


async def test_where_the_cdn_gives_all_the_fallback_is_not_asked() -> None:
    """Nor are names looked up."""
    b = bench("box_scores", {"played_games": [ONE], "known_players": []})
    b.payloads.bodies["nba_cdn", "0022300001"] = _cdn_box(ONE)
    assert await box_scores.run(b.task) == 16
    assert b.payloads.units() == [("nba_cdn", "0022300001")]
    assert "known_players" not in [name for name, _ in b.warehouse.asked]


CDN = "nba_cdn"
NEXT_DAY = date(2024, 3, 5)
FINAL = wire.game(score=(76, 76))
OTHER = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", score=(76, 76), tip="2024-03-05T02:00:00Z")
OTHER_BOX = wire.boxscore(wire.LAL_AT_DEN, wire.cdn_team("DEN"), wire.cdn_team("LAL"))


async def test_f01_every_missing_game_is_collected(rig: Rig) -> None:
    """Not only the first: each final game before the slate has the rows of both teams and a line in the fetch log."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    pairs = [("ATL", "BOS"), ("BKN", "CHA"), ("CHI", "CLE"), ("DAL", "DEN"), ("DET", "GSW"), ("HOU", "IND")]
    games = [wire.game(f"002230090{n}", home=home, away=away, score=(76, 76)) for n, (home, away) in enumerate(pairs)]
    await rig.know_schedule(*games)
    for n, (home, away) in enumerate(pairs):
        body = wire.boxscore(f"002230090{n}", wire.cdn_team(home), wire.cdn_team(away))
        rig.upstreams.bodies[CDN, f"002230090{n}"] = body
    report = await rig.run("box_scores")
    assert report.counts["rows"] == 6 * 16
    assert await rig.outcomes() == {f"002230090{n}": "loaded" for n in range(6)}
    assert len(set(await rig.column("raw.player_box_scores", "game_id"))) == 6


async def test_what_is_loaded_is_only_asked_whether_it_has_changed(rig: Rig) -> None:
    """The second run finds nothing missing, and of the last days nothing new."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    rig.upstreams.asked.clear()
    report = await rig.run("box_scores")
    assert (report.outcome, report.counts["units"], rig.upstreams.units()) == ("done", 0, [(CDN, wire.BOS_AT_NYK)])
    assert rig.upstreams.asked[0].conditions


async def test_games_not_over_postponed_or_of_the_slate_are_not_asked_for(rig: Rig) -> None:
    """Only what should be out by now."""
    slate = wire.game("0022300902", day=NEXT_DAY, tip="2024-03-05T23:30:00Z")
    postponed = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", postponedStatus="Y")
    await rig.know_schedule(FINAL, postponed, slate)
    rig.clock.set(datetime(2024, 3, 5, 3, 29, tzinfo=UTC), force=True)
    await rig.run("box_scores")
    assert rig.upstreams.asked == []


async def test_f18_a_game_under_way_is_left_alone(rig: Rig) -> None:
    """It is neither loaded, nor asked of the fallback, nor a failure of the step."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore(status=2)
    report = await rig.run("box_scores")
    assert report.outcome == "done"
    assert rig.upstreams.units() == [(CDN, wire.BOS_AT_NYK)]
    [fetch] = await rig.fetches()
    assert (fetch["outcome"], fetch["reason"]) == ("failed", "not final")
    assert await rig.rows("raw.player_box_scores") == []


async def test_an_inconsistent_game_is_quarantined_whole_and_the_rest_is_kept(rig: Rig) -> None:
    """One line says why; once the upstream has mended it, it is loaded."""
    await rig.know_schedule(FINAL, OTHER)
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    players = [wire.cdn_player("NYK", number) for number in range(7)]
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore(home=wire.cdn_team("NYK", players))
    rig.upstreams.bodies[CDN, wire.LAL_AT_DEN] = OTHER_BOX
    report = await rig.run("box_scores")
    assert report.outcome == "done"
    assert await rig.outcomes() == {wire.BOS_AT_NYK: "quarantined", wire.LAL_AT_DEN: "loaded"}
    [refused] = await rig.rows("raw.quarantine")
    assert (refused["record"], refused["reason"]) == (
        wire.BOS_AT_NYK,
        "the players of NYK have 67 points, the team 76",
    )
    assert set(await rig.column("raw.player_box_scores", "game_id")) == {wire.LAL_AT_DEN}
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    assert len(await rig.rows("raw.player_box_scores")) == 32
    assert await rig.rows("raw.quarantine") == []


async def test_a_log_that_fails_fails_the_step(rig: Rig) -> None:
    """Where a whole season is missing, nothing stands that the night could go on with."""
    await rig.know_schedule(FINAL, OTHER)
    report = await rig.run("box_scores")
    assert report.outcome == "failed"
    assert "HTTP 403" in report.reason
    assert await rig.outcomes() == dict.fromkeys(("2023-24-regular", wire.BOS_AT_NYK, wire.LAL_AT_DEN), "failed")
