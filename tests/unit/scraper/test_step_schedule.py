"""Step `schedule`."""

from datetime import UTC, date, datetime

from tests.unit.scraper import wire
from tests.unit.scraper.conftest import Rig

STATS, CDN = "nba_stats", "nba_cdn"


def _seasons(rig: Rig, number: int) -> None:
    rig.settings = rig.settings.model_copy(update={"history_seasons": number})


async def test_games_and_results_are_loaded(rig: Rig) -> None:
    """Games to come and final ones; a schedule is known by midnight of the date, a score three hours after tip-off."""
    final = wire.game(score=(76, 70))
    coming = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", day=date(2024, 3, 9), tip="2024-03-10T01:00:00Z")
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(final, coming)
    report = await rig.run("schedule")
    assert report.outcome == "done"
    assert report.counts["rows"] == 3
    games = await rig.rows("raw.games", "game_id")
    assert [game["game_id"] for game in games] == [wire.BOS_AT_NYK, wire.LAL_AT_DEN]
    assert games[0]["available_at"] == datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert games[1]["available_at"] == datetime(2024, 3, 4, 10, tzinfo=UTC)
    [result] = await rig.rows("raw.game_results")
    assert (result["home_points"], result["away_points"]) == (76, 70)
    assert result["available_at"] == datetime(2024, 3, 5, 3, 30, tzinfo=UTC)
    assert await rig.ledger() == {"2023-24": "loaded"}


async def test_a_second_run_changes_nothing_and_a_correction_is_taken_over(rig: Rig) -> None:
    """Results keep the stamps they were first seen with, until the score itself changes."""
    await rig.know_schedule(wire.game(score=(76, 70)))
    before = await rig.rows("raw.game_results")
    rig.upstreams.now = datetime(2024, 3, 5, 13, tzinfo=UTC)
    await rig.know_schedule(wire.game(score=(76, 70)))
    assert await rig.rows("raw.game_results") == before
    await rig.know_schedule(wire.game(score=(76, 71)))
    [corrected] = await rig.rows("raw.game_results")
    assert corrected["away_points"] == 71
    assert corrected["fetched_at"] == rig.upstreams.now


async def test_a_game_that_is_gone_from_the_schedule_is_gone(rig: Rig) -> None:
    """The season is replaced as a whole."""
    await rig.know_schedule(wire.game(), wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL"))
    await rig.know_schedule(wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL"))
    assert await rig.column("raw.games", "game_id") == [wire.LAL_AT_DEN]


async def test_earlier_seasons_are_asked_for_until_they_are_settled(rig: Rig) -> None:
    """Settled: every game has its score, or the season does not exist. Then they are not asked for again."""
    _seasons(rig, 3)
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(wire.game())
    played = wire.game("0022200001", day=date(2023, 3, 4), tip="2023-03-05T00:30:00Z")
    rig.upstreams.bodies[STATS, "2022-23"] = wire.schedule(played, season="2022-23")
    rig.upstreams.bodies[STATS, "2021-22"] = wire.schedule(season="2021-22")
    await rig.run("schedule")
    assert await rig.ledger() == {"2023-24": "loaded", "2022-23": "loaded", "2021-22": "empty"}
    played |= {"gameStatus": 3, "gameStatusText": "Final"}
    rig.upstreams.bodies[STATS, "2022-23"] = wire.schedule(played, season="2022-23")
    asked = []
    for _ in range(2):
        rig.upstreams.asked.clear()
        assert (await rig.run("schedule", date(2024, 3, 6))).outcome == "done"
        asked.append({unit for _, unit in rig.upstreams.units()})
    assert asked == [{"2023-24", "2022-23"}, {"2023-24"}]


async def test_f05_an_empty_or_missing_schedule_is_a_failure(rig: Rig) -> None:
    """Nothing is written over what there is, and the step says why."""
    await rig.know_schedule(wire.game())
    for body in (wire.schedule(), None):
        if body is None:
            rig.upstreams.bodies.clear()
        else:
            rig.upstreams.bodies = {(CDN, "2023-24"): body, (STATS, "2023-24"): body}
        report = await rig.run("schedule")
        assert report.outcome == "failed"
        assert report.reason
        assert await rig.ledger() == {"2023-24": "failed"}
        assert await rig.column("raw.games", "game_id") == [wire.BOS_AT_NYK]
