"""Step `schedule`: the slate's season from the CDN, earlier seasons from stats.nba.com while they are not settled."""

from dataclasses import asdict
from datetime import datetime

from services.scraper.domain.games import Game, Season
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.nba_cdn.schedule import current
from services.scraper.sources.nba_stats.schedule import OF_SEASON, of_season
from services.scraper.task import Task, together
from shared.basketball.slate import BOX_SCORE_LAG, eastern_instant, season_of
from shared.ports import Row


async def run(task: Task) -> int:
    """Collect and load; returns the rows written."""
    current, *earlier = seasons_up_to(season_of(task.game_date), task.settings.history_seasons)
    held = await task.payloads.held()
    if held is not None:
        wanted = [season for season in earlier if (OF_SEASON.source, season) in held]
    else:
        unfinished = {row["season"]: row["unfinished"] for row in await task.select("seasons")}
        wanted = [season for season in earlier if unfinished.get(season) != 0]
    collected = await together(
        [
            _current(task, current),
            *(task.payloads.get(of_season(season)) for season in wanted),
        ]
    )
    return sum([await _load(task, season, got) for season, got in zip([current, *wanted], collected, strict=True)])


def seasons_up_to(season: str, number: int) -> list[str]:
    """The season and those before it, latest first."""
    start = int(season[:4])
    return [f"{year}-{(year + 1) % 100:02d}" for year in range(start, start - number, -1)]


async def _current(task: Task, season: str) -> Collected[Season] | Failed:
    """The slate's season from the CDN; from stats.nba.com when the CDN fails or shows another season."""
    got = await task.payloads.get(current(season))
    if isinstance(got, Collected) and got.parsed.seen and got.parsed.records[0].season == season:
        return got
    second = await task.payloads.get(of_season(season))
    if isinstance(got, Failed) and isinstance(second, Failed):
        return Failed(f"{got.reason}; {second.reason}", got.attempts + second.attempts)
    return second


async def _load(task: Task, season: str, got: Collected[Season] | Failed) -> int:
    wanted = season == season_of(task.game_date)
    if isinstance(got, Failed):
        task.fetches.failed(season, OF_SEASON.source, got)
        if wanted:
            task.fetches.failure = got.reason
        return 0
    if got.parsed.seen == 0:
        reason = f"the schedule of {season} is empty"
        if wanted:
            task.fetches.failure = reason
            task.fetches.failed(season, got.source, Failed(reason, got.attempts))
        else:
            task.fetches.empty(season, got, reason)
        return 0
    [schedule] = got.parsed.records
    if schedule.season != season:
        task.fetches.failed(season, got.source, Failed(f"asked for {season}, got {schedule.season}", got.attempts))
        return 0
    stamp = got.parsed.stamp if got.parsed.stamp is not None else got.fetched_at
    games = [_game_row(game, stamp, got) for game in schedule.games]
    task.fetches.loaded(season, got, len(games), got.parsed.refused)
    written = await task.replace("raw.games", games, scope="season = @season", params={"season": season})
    return written + await _load_results(task, schedule, got)


async def _load_results(task: Task, schedule: Season, got: Collected[Season]) -> int:
    """Write the final scores that are new or corrected; the others keep the stamps they were first seen with."""
    stored = {
        row["game_id"]: (row["home_points"], row["away_points"])
        for row in await task.select("results", season=schedule.season)
    }
    rows = [
        _result_row(game, game.score, got)
        for game in schedule.games
        if game.score is not None and stored.get(game.game_id) != game.score
    ]
    if not rows:
        return 0
    return await task.replace(
        "raw.game_results",
        rows,
        scope="game_id IN UNNEST(@game_ids)",
        params={"game_ids": [row["game_id"] for row in rows]},
    )


def _game_row(game: Game, stamp: datetime, got: Collected[Season]) -> Row:
    row = asdict(game)
    del row["score"], row["tip_known"]
    return row | got.stamps(min(stamp, eastern_instant(game.game_date)))


def _result_row(game: Game, score: tuple[int, int], got: Collected[Season]) -> Row:
    return {
        "game_id": game.game_id,
        "game_date": game.game_date,
        "home_points": score[0],
        "away_points": score[1],
        **got.stamps(min(game.tip_utc + BOX_SCORE_LAG, got.fetched_at)),
    }
