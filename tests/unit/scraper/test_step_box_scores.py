"""Step `box_scores`."""

from datetime import UTC, date, datetime

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


async def test_a_log_that_fails_fails_the_step(rig: Rig) -> None:
    """Where a whole season is missing, nothing stands that the night could go on with."""
    await rig.know_schedule(FINAL, OTHER)
    report = await rig.run("box_scores")
    assert report.outcome == "failed"
    assert "HTTP 403" in report.reason
    assert await rig.ledger() == {"2023-24-regular": "failed"}


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
