"""Step `box_scores`."""

from datetime import UTC, date, datetime

import pytest

from shared.slate import eastern_instant
from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig

CDN, STATS, BDL = "nba_cdn", "nba_stats", "balldontlie"
NEXT_DAY = date(2024, 3, 5)
FINAL = wire.game(score=(76, 76))
OTHER = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", score=(76, 76), tip="2024-03-05T02:00:00Z")
OTHER_BOX = wire.boxscore(wire.LAL_AT_DEN, wire.cdn_team("DEN"), wire.cdn_team("LAL"))


async def test_f01_every_missing_game_is_collected(rig: Rig) -> None:
    """Not only the first: each final game before the slate has the rows of both teams and a line in the ledger."""
    rig.settings = rig.settings.model_copy(update={"bulk_threshold": 40})
    pairs = [("ATL", "BOS"), ("BKN", "CHA"), ("CHI", "CLE"), ("DAL", "DEN"), ("DET", "GSW"), ("HOU", "IND")]
    games = [wire.game(f"002230090{n}", home=home, away=away, score=(76, 76)) for n, (home, away) in enumerate(pairs)]
    await rig.know_schedule(*games)
    for n, (home, away) in enumerate(pairs):
        body = wire.boxscore(f"002230090{n}", wire.cdn_team(home), wire.cdn_team(away))
        rig.upstreams.bodies[CDN, f"002230090{n}"] = body
    report = await rig.run("box_scores")
    assert report.counts["rows"] == 6 * 16
    assert await rig.ledger() == {f"002230090{n}": "loaded" for n in range(6)}
    assert len(set(await rig.column("raw.player_box_scores", "game_id"))) == 6


async def test_a_row_says_everything(rig: Rig) -> None:
    """Game, opponent, home, statistics, and that it is known three hours after tip-off."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    rows = {row["player_name"]: row for row in await rig.rows("raw.player_box_scores")}
    row = rows["Bos Ash"]
    expected = {
        "game_id": wire.BOS_AT_NYK, "game_date": wire.GAME_DATE, "season": "2023-24", "season_type": "regular",
        "player_id": wire.player("BOS", 0)[0], "team": "BOS", "opponent": "NYK", "is_home": False, "starter": True,
        "minutes": 30.5, "points": 13, "rebounds": 5, "threes": 1, "free_throws_made": 6, "plus_minus": 0.0,
        "available_at": datetime(2024, 3, 5, 3, 30, tzinfo=UTC), "source": CDN,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert rows["Nyk Ash"]["is_home"]


async def test_what_is_loaded_is_not_asked_for_again(rig: Rig) -> None:
    """The second run finds nothing missing."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    rig.upstreams.asked.clear()
    report = await rig.run("box_scores")
    assert (report.outcome, report.counts["units"], rig.upstreams.asked) == ("done", 0, [])


async def test_games_not_over_postponed_or_of_the_slate_are_not_asked_for(rig: Rig) -> None:
    """Only what should be out by now."""
    slate = wire.game("0022300902", day=NEXT_DAY, tip="2024-03-05T23:30:00Z")
    postponed = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", postponedStatus="Y")
    await rig.know_schedule(FINAL, postponed, slate)
    rig.clock.instant = datetime(2024, 3, 5, 3, 29, tzinfo=UTC)
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
    assert await rig.ledger() == {wire.BOS_AT_NYK: "quarantined", wire.LAL_AT_DEN: "loaded"}
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


async def test_a_box_score_that_contradicts_the_final_score_is_quarantined(rig: Rig) -> None:
    """It may agree with itself: the schedule knows better."""
    await rig.know_schedule(wire.game(score=(77, 76)))
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    assert await rig.ledger() == {wire.BOS_AT_NYK: "quarantined"}


async def test_f11_unreadable_minutes_are_quarantined_not_null(rig: Rig) -> None:
    """The player is named, and his game waits for a payload that can be read."""
    await rig.know_schedule(FINAL)
    players = [wire.cdn_player("NYK", number, minutes="thirty") for number in range(8)]
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore(home=wire.cdn_team("NYK", players))
    await rig.run("box_scores")
    assert await rig.rows("raw.player_box_scores") == []
    records = await rig.column("raw.quarantine", "record")
    assert records[0] == wire.BOS_AT_NYK
    assert f"{wire.BOS_AT_NYK} Nyk Ash" in records
    assert len(records) == 9


async def test_many_missing_games_come_from_one_log(rig: Rig) -> None:
    """One request for the season, games that it does not have one by one, a bad game quarantined, the others kept."""
    third = wire.game("0022300902", home="MIA", away="ORL", score=(76, 76))
    await rig.know_schedule(FINAL, OTHER, third)
    rows = [*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS"), *wire.log_of(wire.LAL_AT_DEN, "DEN", "LAL")[1:]]
    rows.append(wire.log_row("0022300999", "UTA", 0))  # a game of the slate or later: none of ours
    rig.upstreams.bodies[STATS, "2023-24-regular"] = wire.gamelog(*rows)
    rig.upstreams.bodies[CDN, "0022300902"] = wire.boxscore("0022300902", wire.cdn_team("MIA"), wire.cdn_team("ORL"))
    report = await rig.run("box_scores")
    assert report.counts["rows"] == 32
    assert rig.upstreams.units() == [(STATS, "2023-24-regular"), (CDN, "0022300902")]
    assert await rig.ledger() == {"2023-24-regular": "loaded", "0022300902": "loaded"}
    [refused] = await rig.rows("raw.quarantine")
    assert (refused["unit"], refused["record"]) == ("2023-24-regular", wire.LAL_AT_DEN)
    starters = {row["starter"] for row in await rig.rows("raw.player_box_scores") if row["source"] == STATS}
    assert starters == {None}


async def test_a_log_that_fails_fails_the_step(rig: Rig) -> None:
    """Where a whole season is missing, nothing stands that the night could go on with."""
    await rig.know_schedule(FINAL, OTHER)
    report = await rig.run("box_scores")
    assert report.outcome == "failed"
    assert "HTTP 403" in report.reason
    assert await rig.ledger() == {"2023-24-regular": "failed"}


async def test_a_log_that_misses_most_games_is_not_replaced_by_singles(rig: Rig) -> None:
    """A broken log does not turn into a thousand requests."""
    await rig.know_schedule(FINAL, OTHER, wire.game("0022300902", home="MIA", away="ORL", score=(76, 76)))
    rig.upstreams.bodies[STATS, "2023-24-regular"] = wire.gamelog(*wire.log_of(wire.BOS_AT_NYK, "NYK", "BOS"))
    await rig.run("box_scores")
    assert rig.upstreams.units() == [(STATS, "2023-24-regular")]


async def _know_players(rig: Rig, *teams: str) -> None:
    rig.upstreams.bodies[STATS, "2023-24"] = wire.rosters_of(*teams)
    await rig.know_schedule(FINAL, wire.game("0022300902", day=NEXT_DAY, tip="2024-03-05T23:30:00Z"))
    assert (await rig.run("rosters")).outcome == "done"
    rig.upstreams.asked.clear()


async def test_the_fallback_gives_what_the_cdn_does_not(rig: Rig) -> None:
    """BallDontLie's names become NBA ids."""
    await _know_players(rig, "NYK", "BOS")
    rig.upstreams.bodies[BDL, "2024-03-04"] = wire.bdl(wire.bdl_game())
    report = await rig.run("box_scores")
    assert report.counts["rows"] == 16
    rows = await rig.rows("raw.player_box_scores", "player_id")
    assert {row["player_id"] for row in rows} == {wire.player(t, n)[0] for t in ("NYK", "BOS") for n in range(8)}
    assert {row["source"] for row in rows} == {BDL}
    assert rig.upstreams.units() == [(CDN, wire.BOS_AT_NYK), (BDL, "2024-03-04")]


async def test_f17_names_that_fit_nobody_are_quarantined_never_guessed(rig: Rig) -> None:
    """The matched ones are loaded, the others shown; two lines of one player are not both his."""
    await _know_players(rig, "NYK", "BOS")
    home = [wire.bdl_player("NYK", number) for number in range(8)]
    home[7]["player"] = {"first_name": "Un", "last_name": "Known"}
    home[6]["player"] = {"first_name": "Nyk", "last_name": "Fir Jr."}
    rig.upstreams.bodies[BDL, "2024-03-04"] = wire.bdl(wire.bdl_game(home=home))
    await rig.run("box_scores")
    assert len(await rig.rows("raw.player_box_scores")) == 14
    assert await rig.column("raw.quarantine", "record") == [
        f"{wire.BOS_AT_NYK} Nyk Fir Jr.",
        f"{wire.BOS_AT_NYK} Un Known",
    ]


@pytest.mark.parametrize("body", [None, wire.bdl(), wire.bdl(wire.bdl_game(status="Final") | {"home_team_score": 0})])
async def test_a_game_that_nobody_gives_is_failed_with_both_reasons(rig: Rig, body: bytes | None) -> None:
    """Its failure is no other's, and what stands of earlier nights stands: the evidence decides."""
    await _know_players(rig, "NYK", "BOS")
    if body is not None:
        rig.upstreams.bodies[BDL, "2024-03-04"] = body
    report = await rig.run("box_scores")
    assert report.outcome == "done"
    [fetch] = await rig.fetches()
    if fetch["outcome"] == "failed":
        assert "nba_cdn" in fetch["reason"]
        assert "balldontlie" in fetch["reason"]
    else:
        assert fetch["reason"] == "the players of NYK have 76 points, the team 0"


async def test_nobody_matched_is_a_quarantined_game(rig: Rig) -> None:
    """Without any known player the game is refused as a whole."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[BDL, "2024-03-04"] = wire.bdl(wire.bdl_game())
    await rig.run("box_scores")
    [fetch] = await rig.fetches()
    assert (fetch["outcome"], fetch["reason"]) == ("quarantined", "no player could be matched to an id")


async def test_another_game_than_asked_for_is_not_loaded(rig: Rig) -> None:
    """The payload's own id must agree."""
    await rig.know_schedule(FINAL)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = OTHER_BOX
    await rig.run("box_scores")
    [fetch] = await rig.fetches()
    assert fetch["reason"] == f"asked for game {wire.BOS_AT_NYK}, got {wire.LAL_AT_DEN}"


async def test_live_a_box_score_is_not_known_before_it_was_there(rig: Rig) -> None:
    """Fetched exactly three hours after tip-off at the earliest; the rule never dates it later than the fetch."""
    await rig.know_schedule(FINAL)
    rig.upstreams.now = rig.clock.instant = datetime(2024, 3, 5, 5, tzinfo=UTC)
    rig.upstreams.bodies[CDN, wire.BOS_AT_NYK] = wire.boxscore()
    await rig.run("box_scores")
    stamps = set(await rig.column("raw.player_box_scores", "available_at"))
    assert stamps == {datetime(2024, 3, 5, 3, 30, tzinfo=UTC)}
    assert stamps < {*stamps, eastern_instant(NEXT_DAY)}
