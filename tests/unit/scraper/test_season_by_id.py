"""An earlier season that nobody gives a schedule of: its games by their ids, whole or not at all."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from services.scraper.domain.games import Game
from services.scraper.domain.season_games import extra_ids, regular_ids, series_ids
from services.scraper.domain.wire import Fault
from services.scraper.fetch_log import Unit
from services.scraper.sources.nba_cdn.boxscore import parse_played
from services.scraper.steps import schedule
from services.scraper.steps.season_by_id import FIRST
from tests.unit.scraper import wire
from tests.unit.scraper.bench import Bench, bench
from tests.unit.scraper.conftest import Rig

SEASON = "2022-23"
CDN, STATS = "nba_cdn", "nba_stats"
PLAYOFFS = [game_id for number, ids in enumerate(series_ids(SEASON)) for game_id in ids[: 4 + number % 4]]
"""Series of four, five, six and seven games."""
IDS = [*regular_ids(SEASON), *extra_ids(SEASON), *PLAYOFFS]


def played(game_id: str, score: Any = (101, 99), **changes: object) -> bytes:  # noqa: ANN401 - a pair
    """A final box score as far as the schedule is concerned: BOS at NYK."""
    game = {
        "gameId": game_id,
        "gameCode": "20230304/BOSNYK",
        "gameStatus": 3,
        "gameTimeUTC": "2023-03-05T00:30:00Z",
        "homeTeam": {"teamTricode": "NYK", "score": score[0]},
        "awayTeam": {"teamTricode": "BOS", "score": score[1]},
        **changes,
    }
    return wire.body({"meta": {"time": "2023-03-05 03:00:00.000"}, "game": game})


def bodies(ids: Iterable[str]) -> dict[tuple[str, str], bytes]:
    """Series of n games: the home team wins the fourth of its four in the last."""
    lost = {game_id for ids in series_ids(SEASON) for game_id in ids}
    of_series = {game_id: ids for ids in series_ids(SEASON) for game_id in ids}
    found = {}
    for game_id in ids:
        if game_id in lost:
            several = [each for each in of_series[game_id] if each in PLAYOFFS]
            score = (101, 99) if several.index(game_id) >= len(several) - 4 else (99, 101)
            found[CDN, game_id] = played(game_id, score)
        else:
            found[CDN, game_id] = played(game_id)
    return found


def asking(ids: Iterable[str], held: set[tuple[str, str]] | None = None, **answers: object) -> Bench:
    """The step with the slate's season, and of the one before these games alone."""
    b = bench("schedule", {"results": [], "seasons": [], **answers}, history_seasons=2, held=held)
    b.payloads.bodies = {(CDN, "2023-24"): wire.schedule(wire.game()), **bodies(ids)}
    return b


def written_of(b: Bench) -> list[str]:
    return [
        row["game_id"] for rows, _, params in b.warehouse.written("raw.games") for row in rows
        if params is not None and params["season"] == SEASON
    ]  # fmt: skip


async def test_a_season_is_collected_by_its_ids() -> None:
    """Regular games, those between, and each series up to its last game; the log says how the season came."""
    b = asking(IDS)
    assert await schedule.run(b.task) == 1 + 2 * len(IDS)
    assert sorted(written_of(b)) == sorted(IDS)
    assert len(IDS) == 1230 + 6 + 4 * (4 + 5 + 6) + 3 * 7
    reason = "nba_stats is down; its games came one by one"
    assert b.fetches.units[SEASON] == Unit("loaded", CDN, len(IDS), reason)
    assert b.fetches.units[IDS[-1]] == Unit("loaded", CDN, 1, None, f"{CDN}/{IDS[-1]}")
    results = [rows for rows, _, _ in b.warehouse.written("raw.game_results")][-1]
    assert (len(results), results[0]["home_points"]) == (len(IDS), 101)
    asked = {unit for source, unit in b.payloads.units() if source == CDN}
    assert asked == {"2023-24", *IDS}


@pytest.mark.parametrize("missing", [IDS[5], IDS[700], IDS[1229], IDS[1230], PLAYOFFS[0], PLAYOFFS[3], PLAYOFFS[-1]])
async def test_a_season_that_lacks_a_game_is_asked_for_again_whole(missing: str) -> None:
    """Nothing of it is written: half a season would count as settled."""
    b = asking(game_id for game_id in IDS if game_id != missing)
    assert await schedule.run(b.task) == 1
    unit = b.fetches.units[SEASON]
    assert (unit.outcome, written_of(b), b.fetches.verdict()) == ("failed", [], None)
    assert str(unit.reason).startswith("nba_stats is down; the CDN gives ")
    assert (missing in str(unit.reason)) == (missing in PLAYOFFS)
    assert len(b.warehouse.written("raw.game_results")) == 0
    assert IDS[0] not in b.fetches.units


async def test_where_nobody_answers_only_a_few_games_are_asked_for() -> None:
    """Enough to see that nobody is there."""
    b = asking(())
    await schedule.run(b.task)
    assert [unit for source, unit in b.payloads.units() if source == CDN] == ["2023-24", *IDS[:FIRST]]
    reason = "nba_stats is down; the CDN gives 0 of 1236 games of 2022-23 before its playoffs: nba_cdn is down"
    assert b.fetches.units[SEASON] == Unit("failed", STATS, 0, reason)


@pytest.mark.parametrize("seasons", [[], [{"season": SEASON, "unfinished": 0}]])
async def test_from_the_archive_such_a_season_is_loaded_again(seasons: list[dict[str, object]]) -> None:
    """Where its first game is held, be the season in the warehouse or not; else it is left alone."""
    b = asking(IDS, {(CDN, IDS[0])}, seasons=seasons)
    await schedule.run(b.task)
    assert len(written_of(b)) == len(IDS)
    b = asking(IDS, {(CDN, IDS[1])}, seasons=seasons)
    await schedule.run(b.task)
    assert written_of(b) == []


async def test_a_season_by_ids_comes_from_the_archive_as_it_came_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the service: the same rows, and no request."""
    for name, ids in (("regular_ids", IDS[:12]), ("extra_ids", IDS[1230:1232])):
        monkeypatch.setattr(f"services.scraper.steps.season_by_id.{name}", lambda _, ids=tuple(ids): ids)
    monkeypatch.setattr("services.scraper.steps.season_by_id.series_ids", lambda _: series_ids(SEASON)[:1])
    rig.settings = rig.settings.model_copy(update={"history_seasons": 2})
    wanted = [*IDS[:12], *IDS[1230:1232], *PLAYOFFS[:4]]
    rig.upstreams.bodies = {(CDN, "2023-24"): wire.schedule(wire.game()), **bodies(wanted)}
    report = await rig.run("schedule")
    assert (report.outcome, report.counts["rows"]) == ("done", 1 + 2 * 18)
    before = await rig.everything("raw.games"), await rig.everything("raw.game_results")
    rig.upstreams.asked.clear()
    assert (await rig.run("schedule", from_archive=True)).outcome == "done"
    assert rig.upstreams.asked == []
    assert (await rig.everything("raw.games"), await rig.everything("raw.game_results")) == before


@pytest.mark.parametrize(
    ("season", "regular", "extra"), [("2019-20", 1059, 0), ("2020-21", 1080, 6), ("2023-24", 1230, 7)]
)
def test_what_a_season_must_hold(season: str, regular: int, extra: int) -> None:
    """Two were cut short; play-in games since 2020-21, cup finals since 2023-24; fifteen series."""
    ids = [*regular_ids(season), *extra_ids(season), *(each for ids in series_ids(season) for each in ids)]
    assert (len(regular_ids(season)), len(extra_ids(season)), len(series_ids(season))) == (regular, extra, 15)
    assert len(set(ids)) == len(ids)
    assert {game_id[3:5] for game_id in ids} == {season[2:4]}
    assert {len(game_id) for game_id in ids} == {10}


def test_the_real_seasons_hold_these_games(shared_data: Path) -> None:
    """And no others; each series as far as it was played."""
    games = pq.read_table(shared_data / "schedule.parquet", columns=["game_id", "season"]).to_pylist()
    for season in sorted({game["season"] for game in games}):
        found = {game["game_id"] for game in games if game["season"] == season}
        series = series_ids(season)
        assert {*regular_ids(season), *extra_ids(season)} == {each for each in found if each[:3] != "004"}
        assert {each for each in found if each[:3] == "004"} <= {each for ids in series for each in ids}
        for ids in series:
            there = [each in found for each in ids]
            assert there == sorted(there, reverse=True)
            assert sum(there) >= 4


def test_a_final_box_score_is_a_game_of_the_schedule() -> None:
    """With its date from the game's code, its season and kind from its id."""
    [game] = parse_played(played("0022200945")).records
    assert game == Game(
        "0022200945", "2022-23", "regular", date(2023, 3, 4), datetime(2023, 3, 5, 0, 30, tzinfo=UTC), "NYK", "BOS",
        neutral_site=False, postponed=False, score=(101, 99),
    )  # fmt: skip
    assert parse_played(played("0049900101", gameCode="20000422/X")).records[0].season == "2099-00"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gameStatus": 2}, "game 0022200945 is not final"),
        ({"gameCode": "LALDEN"}, "gameCode is 'LALDEN', without a date"),
        ({"gameTimeUTC": None}, "gameTimeUTC is None"),
        ({"gameId": "x"}, "not an NBA game id"),
        ({"homeTeam": {"teamTricode": "NYK"}}, "score"),
        ({"awayTeam": {"teamTricode": "ZZZ", "score": 1}}, "unknown team 'ZZZ'"),
    ],
)
def test_what_is_not_a_final_game_is_refused(changes: dict[str, object], reason: str) -> None:
    """With the reason."""
    with pytest.raises(Fault, match=reason):
        parse_played(played("0022200945", **changes))
