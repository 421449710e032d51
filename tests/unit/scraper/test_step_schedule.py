"""Step `schedule`: what it asks for, writes and enters in the fetch log; then through the whole service."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.scraper.domain.games import Season
from services.scraper.domain.season_games import regular_ids
from services.scraper.domain.wire import Parsed
from services.scraper.fetch import Failed
from services.scraper.fetch_log import Unit
from services.scraper.payloads import Collected
from services.scraper.sources.espn.scoreboard import scoreboard
from services.scraper.sources.nba_cdn.boxscore import played
from services.scraper.sources.nba_cdn.schedule import current, parse_schedule
from services.scraper.sources.nba_stats.schedule import of_season
from services.scraper.steps import schedule
from services.scraper.steps.season_by_id import FIRST
from shared.ports import Row
from tests.unit.scraper import wire
from tests.unit.scraper.bench import MORNING, SLATE, TIP, bench, loaded
from tests.unit.scraper.conftest import Rig


def test_seasons_are_counted_back_from_the_slates() -> None:
    """Latest first, over the turn of the century too."""
    assert schedule.seasons_up_to("2023-24", 3) == ["2023-24", "2022-23", "2021-22"]
    assert schedule.seasons_up_to("2000-01", 2) == ["2000-01", "1999-00"]
    assert schedule.seasons_up_to("2023-24", 1) == ["2023-24"]


PLAYED = wire.game(score=(101, 99))
COMING = wire.game(
    wire.LAL_AT_DEN, home="DEN", away="LAL", day=date(2024, 3, 9), tip="2024-03-10T01:00:00Z", isNeutral=True,
    postponedStatus="Y",
)  # fmt: skip
SEASON = "season = @season AND game_id NOT IN UNNEST(@kept)"
UNDECIDED = wire.game("0042300101", homeTeam={"teamId": 0})

COMPARED = tuple(scoreboard(day) for day in (SLATE - timedelta(days=1), SLATE))
"""What is asked of another source, to compare."""


async def test_a_schedule_is_written() -> None:
    """A row for each game and for each final score, in place of the season's and of those games' earlier ones."""
    b = bench(
        "schedule",
        {"results": [], "seasons": [], "season_settled": [{"games": 3, "unsettled": 1}]},
        now=MORNING + timedelta(days=1),
        history_seasons=1,
    )
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED, COMING, UNDECIDED)
    assert await schedule.run(b.task) == 3
    common = {"season": "2023-24", "season_type": "regular", "fetched_at": MORNING + timedelta(days=1)}
    common |= {"source": "nba_cdn"}
    games: list[Row] = [
        {
            "game_id": wire.BOS_AT_NYK,
            "game_date": SLATE,
            "tip_utc": TIP,
            "home_team": "NYK",
            "away_team": "BOS",
            "neutral_site": False,
            "postponed": False,
            "available_at": datetime(2024, 3, 4, 5, tzinfo=UTC),
        },
        {
            "game_id": wire.LAL_AT_DEN,
            "game_date": date(2024, 3, 9),
            "tip_utc": datetime(2024, 3, 10, 1, tzinfo=UTC),
            "home_team": "DEN",
            "away_team": "LAL",
            "neutral_site": True,
            "postponed": True,
            "available_at": datetime(2024, 3, 4, 10, tzinfo=UTC),
        },
    ]
    assert b.warehouse.written("raw.games") == [
        ([common | game for game in games], SEASON, {"season": "2023-24", "kept": ["0042300101"]})
    ]
    result = {
        "game_id": wire.BOS_AT_NYK,
        "game_date": SLATE,
        "home_points": 101,
        "away_points": 99,
        "available_at": datetime(2024, 3, 5, 3, 30, tzinfo=UTC),
        "fetched_at": MORNING + timedelta(days=1),
        "source": "nba_cdn",
    }
    assert b.warehouse.written("raw.game_results") == [
        ([result], "game_id IN UNNEST(@game_ids)", {"game_ids": [wire.BOS_AT_NYK]})
    ]
    assert ("results", {"season": "2023-24"}) in b.warehouse.asked
    assert b.fetches.units == {"2023-24": loaded("nba_cdn", 2, "2023-24")}
    assert b.fetches.refusals == {("2023-24", "0042300101"): ("its teams are not decided yet", "nba_cdn")}
    assert b.payloads.asked == [current("2023-24"), *COMPARED]
    assert b.fetches.verdict() is None


async def test_what_was_fetched_early_was_known_early() -> None:
    """A schedule without a stamp since it was fetched, a score less than three hours after tip-off too."""
    now = datetime(2024, 3, 4, 4, tzinfo=UTC)
    b = bench("schedule", {"results": []}, now=now, history_seasons=1)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED, time="unknown")
    await schedule.run(b.task)
    for table in ("raw.games", "raw.game_results"):
        [([row], _, _)] = b.warehouse.written(table)
        assert row["available_at"] == now


@pytest.mark.parametrize(
    ("home", "away", "written"), [(101, 99, 0), (100, 99, 1), (101, 98, 1), (99, 101, 1), (None, None, 1)]
)
async def test_only_new_and_corrected_scores_are_written(home: int | None, away: int | None, written: int) -> None:
    """The others keep the stamps they were first seen with; the step counts games and scores."""
    stored = {"game_id": wire.BOS_AT_NYK, "home_points": home, "away_points": away}
    other = {"game_id": wire.LAL_AT_DEN, "home_points": 101, "away_points": 99}
    b = bench("schedule", {"results": [stored, other]}, history_seasons=1)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    assert await schedule.run(b.task) == 1 + written
    assert len(b.warehouse.written("raw.game_results")) == written


SETTLED = [{"season": "2022-23", "unfinished": 0}, {"season": "2021-22", "unfinished": 2}]


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (None, ["2021-22", "2020-21"]),
        ({("nba_stats", "2022-23"), ("nba_cdn", "2021-22"), ("nba_stats", "2023-24")}, ["2022-23"]),
        (set(), []),
    ],
)
async def test_earlier_seasons_are_asked_for_until_they_are_settled(
    held: set[tuple[str, str]] | None, wanted: list[str]
) -> None:
    """Or, from the archive, those that it has of stats.nba.com."""
    b = bench("schedule", {"seasons": SETTLED, "results": []}, held=held, history_seasons=4)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    await schedule.run(b.task)
    unknown = [season for season in wanted if season not in {row["season"] for row in SETTLED}]
    assert b.payloads.asked == [
        current("2023-24"), *(of_season(season) for season in wanted), *COMPARED,
        *(played(game_id) for season in unknown for game_id in regular_ids(season)[:FIRST]),
    ]  # fmt: skip


async def test_each_season_has_its_own_account() -> None:
    """Loaded, empty, another season than asked for, failed; the rows of all of them are counted."""
    b = bench("schedule", {"seasons": [], "results": []}, history_seasons=5)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    b.payloads.bodies["nba_stats", "2022-23"] = wire.schedule(wire.game("0022200001"), season="2022-23")
    b.payloads.bodies["nba_stats", "2021-22"] = wire.schedule(season="2021-22")
    b.payloads.bodies["nba_stats", "2020-21"] = wire.schedule(PLAYED, season="2019-20")
    assert await schedule.run(b.task) == 3
    empty = "the schedule of 2021-22 is empty"
    none_by_id = "the CDN gives 0 of 1059 games of 2019-20 before its playoffs: nba_cdn is down"
    assert b.fetches.units == {
        "2023-24": loaded("nba_cdn", 1, "2023-24"),
        "2022-23": loaded("nba_stats", 1, "2022-23"),
        "2021-22": Unit("empty", "nba_stats", 0, empty, "nba_stats/2021-22"),
        "2020-21": Unit("failed", "nba_stats", 0, "asked for 2020-21, got 2019-20", None),
        "2019-20": Unit("failed", "nba_stats", 0, f"nba_stats is down; {none_by_id}", None),
    }
    assert b.fetches.failure is None
    assert [params for _, _, params in b.warehouse.written("raw.games")] == [
        {"season": "2023-24", "kept": []}, {"season": "2022-23", "kept": []},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cdn", "stats", "reason", "source"),
    [
        (None, None, "nba_cdn is down; nba_stats is down", "nba_stats"),
        (wire.schedule(), None, "nba_stats is down", "nba_stats"),
        (None, wire.schedule(), "the schedule of 2023-24 is empty", "nba_stats"),
    ],
)
async def test_f05_without_the_slates_season_the_step_has_failed(
    cdn: bytes | None, stats: bytes | None, reason: str, source: str
) -> None:
    """Neither a failed nor an empty schedule replaces what there is."""
    b = bench("schedule", {}, history_seasons=1)
    b.payloads.bodies = {
        (name, "2023-24"): body for name, body in (("nba_cdn", cdn), ("nba_stats", stats)) if body is not None
    }
    assert await schedule.run(b.task) == 0
    assert b.fetches.failure == reason
    assert b.fetches.units == {"2023-24": Unit("failed", source, 0, reason, None)}
    assert b.warehouse.replaced == []


async def test_an_earlier_season_that_failed_does_not_fail_the_step() -> None:
    """The slate's own was loaded."""
    b = bench("schedule", {"seasons": [], "results": []}, history_seasons=2)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    await schedule.run(b.task)
    assert (b.fetches.failure, b.fetches.units["2022-23"].outcome) == (None, "failed")


@pytest.mark.parametrize("cdn", [wire.schedule(PLAYED, season="2024-25"), wire.schedule(), None])
async def test_the_fallback_has_the_slates_season(cdn: bytes | None) -> None:
    """When the CDN shows another season, an empty one, or fails."""
    b = bench("schedule", {"results": []}, history_seasons=1)
    b.payloads.bodies["nba_stats", "2023-24"] = wire.schedule(PLAYED)
    if cdn is not None:
        b.payloads.bodies["nba_cdn", "2023-24"] = cdn
    assert await schedule.run(b.task) == 2
    compared = [("nba_cdn", "scoreboard"), *((request.source, request.unit) for request in COMPARED)]
    assert b.payloads.units() == [("nba_cdn", "2023-24"), ("nba_stats", "2023-24"), *compared]
    assert b.fetches.units == {"2023-24": loaded("nba_stats", 1, "2023-24")}


async def test_two_failures_are_told_together() -> None:
    """Reasons in the order they came, attempts added up: three and three."""
    b = bench("schedule", {})
    got = await schedule._current(b.task, "2023-24")
    assert got == Failed("nba_cdn is down; nba_stats is down", 6)


async def test_a_right_answer_of_the_cdn_is_taken_as_it_is() -> None:
    """Parsed, with source and attempts."""
    b = bench("schedule", {})
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    got = await schedule._current(b.task, "2023-24")
    expected: Parsed[Season] = parse_schedule(wire.schedule(PLAYED))
    assert got == Collected(expected, "nba_cdn", "nba_cdn/2023-24", MORNING, None, 2)


UNREADABLE = {**wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL"), "gameDateTimeUTC": None}
REASON = "none of the 1 games of 2023-24 could be read: 0022300901: gameDateTimeUTC is None, not an instant"


async def test_a_schedule_of_which_no_game_can_be_read_forgets_no_season() -> None:
    """It is refused with its reason, and stats.nba.com is asked; without an answer the step has failed."""
    b = bench("schedule", {"results": [], "seasons": []}, history_seasons=1)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(UNREADABLE)
    assert await schedule.run(b.task) == 0
    assert b.payloads.units()[:2] == [("nba_cdn", "2023-24"), ("nba_stats", "2023-24")]
    assert (b.fetches.verdict(), b.warehouse.replaced) == (REASON, [])
    assert b.fetches.units == {"2023-24": Unit("quarantined", "nba_cdn", 0, REASON, "nba_cdn/2023-24")}
    assert list(b.fetches.refusals) == [("2023-24", wire.LAL_AT_DEN)]
    b.payloads.bodies["nba_stats", "2023-24"] = wire.schedule(PLAYED)
    assert await schedule.run(b.task) == 2
    assert b.fetches.units == {"2023-24": loaded("nba_stats", 1, "2023-24")}


async def test_an_earlier_season_of_which_no_game_can_be_read_is_kept() -> None:
    """And costs nobody else."""
    b = bench("schedule", {"results": [], "seasons": []}, history_seasons=2)
    b.payloads.bodies["nba_cdn", "2023-24"] = wire.schedule(PLAYED)
    b.payloads.bodies["nba_stats", "2022-23"] = wire.schedule(UNREADABLE, season="2022-23")
    assert await schedule.run(b.task) == 2
    assert (b.fetches.units["2022-23"].outcome, b.fetches.verdict()) == ("quarantined", None)


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
    assert await rig.outcomes() == {"2023-24": "loaded"}


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


async def test_of_a_game_that_cannot_be_read_what_is_known_stays(rig: Rig) -> None:
    """As long as it is not listed readably, too."""
    other = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL")
    await rig.know_schedule(wire.game(), other)
    before = await rig.rows("raw.games", "game_id")
    await rig.know_schedule(wire.game(), UNREADABLE)
    assert await rig.rows("raw.games", "game_id") == before
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(UNREADABLE)
    assert (await rig.run("schedule")).outcome == "failed"
    assert await rig.rows("raw.games", "game_id") == before
    await rig.know_schedule(UNREADABLE, other | {"postponedStatus": "Y"})
    assert await rig.column("raw.games", "postponed") == [True]


async def test_a_settled_season_is_not_asked_for_again(rig: Rig) -> None:
    """Settled: every game has its score, or the season does not exist. Then they are not asked for again."""
    _seasons(rig, 3)
    rig.upstreams.bodies[CDN, "2023-24"] = wire.schedule(wire.game())
    played = wire.game("0022200001", day=date(2023, 3, 4), tip="2023-03-05T00:30:00Z")
    rig.upstreams.bodies[STATS, "2022-23"] = wire.schedule(played, season="2022-23")
    rig.upstreams.bodies[STATS, "2021-22"] = wire.schedule(season="2021-22")
    await rig.run("schedule")
    assert await rig.outcomes() == {"2023-24": "loaded", "2022-23": "loaded", "2021-22": "empty"}
    played |= {"gameStatus": 3, "gameStatusText": "Final"}
    rig.upstreams.bodies[STATS, "2022-23"] = wire.schedule(played, season="2022-23")
    asked = []
    for _ in range(2):
        rig.upstreams.asked.clear()
        assert (await rig.run("schedule", date(2024, 3, 6))).outcome == "done"
        asked.append({unit for _, unit in rig.upstreams.units() if not unit.startswith("scoreboard")})
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
        assert (await rig.outcomes())["2023-24"] == "failed"
        assert await rig.column("raw.games", "game_id") == [wire.BOS_AT_NYK]
