"""Step `schedule`: the slate's season from the CDN, earlier seasons from stats.nba.com while they are not settled.

Where stats.nba.com answers nobody, an earlier season comes from the CDN's box scores, game by game. What a scoreboard
of another source says of the slate and the day before is compared, and stands in when nobody gives the slate's season.

For a slate whose day is over nobody is asked once the result of every game of its season up to it is known.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from services.scraper.domain.games import Game, Season
from services.scraper.domain.season_games import regular_ids
from services.scraper.domain.wire import Refusal
from services.scraper.fetch import Failed
from services.scraper.fetch_log import Unit
from services.scraper.payloads import Collected
from services.scraper.sources.nba_cdn.boxscore import PLAYED
from services.scraper.sources.nba_cdn.schedule import current
from services.scraper.sources.nba_stats.schedule import OF_SEASON, of_season
from services.scraper.steps.scoreboards import compare, stand_in
from services.scraper.steps.season_by_id import season_by_id
from services.scraper.task import Task, together
from shared.basketball.slate import BOX_SCORE_LAG, eastern_instant, season_of
from shared.ports import Row

SETTLED = "settled games"
"""Unit of a past slate for which nobody was asked."""
UNTIMED = "its tip-off is not decided yet"


async def run(task: Task) -> int:
    """Collect and load; returns the rows written."""
    season, *earlier = seasons_up_to(season_of(task.game_date), task.settings.history_seasons)
    if await task.past():
        [known] = await task.select("season_settled", season=season, game_date=task.game_date)
        if known["games"] and not known["unsettled"]:
            reason = f"every result of {season} up to {task.game_date} is known"
            task.fetches.units[SETTLED] = Unit("empty", OF_SEASON.source, reason=reason)
            return 0
    unfinished = {row["season"]: row["unfinished"] for row in await task.select("seasons")}
    held = await task.payloads.held()
    if held is not None:
        by_id = {each for each in earlier if (PLAYED.source, regular_ids(each)[0]) in held}
        wanted = [each for each in earlier if each in by_id or (OF_SEASON.source, each) in held]
    else:
        by_id = {each for each in earlier if each not in unfinished}
        wanted = [each for each in earlier if unfinished.get(each) != 0]
    now, *past = await together([_current(task, season), *(task.payloads.get(of_season(each)) for each in wanted)])
    need = await task.need(season, (task.game_date - timedelta(days=1), task.game_date), ())
    written = await _load(task, season, now)
    if isinstance(now, Collected) and task.fetches.units[season].outcome == "loaded":
        await compare(task, need, now.source)
    elif season in unfinished and (stood_in := await stand_in(task, need)) is not None:
        written += stood_in
        task.fetches.failure = None
    for each, got in zip(wanted, past, strict=True):
        if isinstance(got, Failed) and each in by_id:
            written += await _load_played(task, each, got)
        else:
            written += await _load(task, each, got)
    return written


def seasons_up_to(season: str, number: int) -> list[str]:
    """The season and those before it, latest first."""
    start = int(season[:4])
    return [f"{year}-{(year + 1) % 100:02d}" for year in range(start, start - number, -1)]


async def _current(task: Task, season: str) -> Collected[Season] | Failed:
    """The slate's season from the CDN; from stats.nba.com when the CDN fails or shows another season, or none."""
    got = await task.payloads.get(current(season))
    right = isinstance(got, Collected) and bool(got.parsed.seen) and got.parsed.records[0].season == season
    if right and isinstance(got, Collected) and not _unreadable(got):
        return got
    second = await task.payloads.get(of_season(season))
    if isinstance(second, Failed) and right:
        return got
    if isinstance(got, Failed) and isinstance(second, Failed):
        return Failed(f"{got.reason}; {second.reason}", got.attempts + second.attempts)
    return second


def _unreadable(got: Collected[Season]) -> bool:
    """Whether it has games of which not one could be read: another format, and no reason to forget the season."""
    return bool(got.parsed.refused) and not got.parsed.records[0].games


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
        reason = f"asked for {season}, got {schedule.season}"
        task.fetches.failed(season, got.source, Failed(reason, got.attempts))
        if wanted:
            task.fetches.failure = reason
        return 0
    if _unreadable(got):
        first = got.parsed.refused[0]
        reason = f"none of the {got.parsed.seen} games of {season} could be read: {first.record}: {first.reason}"
        task.fetches.quarantined(season, got, reason)
        task.fetches.refuse(season, got.source, got.parsed.refused)
        if wanted:
            task.fetches.failure = reason
        return 0
    stamp = got.parsed.stamp if got.parsed.stamp is not None else got.fetched_at
    # No cutoff may come from a placeholder. A postponed game has none.
    games = [game for game in schedule.games if game.tip_known or game.postponed]
    untimed = [Refusal(game.game_id, UNTIMED) for game in schedule.games if not (game.tip_known or game.postponed)]
    task.fetches.loaded(season, got, len(games), (*got.parsed.refused, *untimed))
    refused = {refusal.record for refusal in got.parsed.refused}
    return await _write(task, season, [(game, stamp, got) for game in games], refused)


async def _load_played(task: Task, season: str, refused: Failed) -> int:
    """An earlier season that stats.nba.com does not give, from the CDN's box scores."""
    games = await season_by_id(task, season)
    if isinstance(games, Failed):
        failure = Failed(f"{refused.reason}; {games.reason}", refused.attempts + games.attempts)
        task.fetches.failed(season, OF_SEASON.source, failure)
        return 0
    reason = f"{refused.reason}; its games came one by one"
    task.fetches.units[season] = Unit("loaded", PLAYED.source, len(games), reason)
    return await _write(task, season, [(each.game, each.got.fetched_at, each.got) for each in games])


async def _write(
    task: Task,
    season: str,
    games: Sequence[tuple[Game, datetime, Collected[Any]]],
    refused: AbstractSet[str] = frozenset(),
) -> int:
    """Replace a season's games, and write its final scores: (game, when that was said, the payload) of each.

    Of games that could not be read what is known stays.
    """
    rows = [_game_row(game, stamp, got) for game, stamp, got in games]
    kept = sorted(refused - {row["game_id"] for row in rows})
    scope, params = "season = @season AND game_id NOT IN UNNEST(@kept)", {"season": season, "kept": kept}
    written = await task.replace("raw.games", rows, scope=scope, params=params)
    return written + await _write_results(task, season, games)


async def _write_results(task: Task, season: str, games: Sequence[tuple[Game, datetime, Collected[Any]]]) -> int:
    """Write the final scores that are new or corrected; the others keep the stamps they were first seen with."""
    stored = {
        row["game_id"]: (row["home_points"], row["away_points"]) for row in await task.select("results", season=season)
    }
    rows = [
        _result_row(game, game.score, got)
        for game, _, got in games
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


_OF_GAME = [each.name for each in fields(Game) if each.name not in ("score", "tip_known")]


def _game_row(game: Game, stamp: datetime, got: Collected[Any]) -> Row:
    row = {name: getattr(game, name) for name in _OF_GAME}  # `asdict` copies every value: a second for each season
    return row | got.stamps(min(stamp, eastern_instant(game.game_date)))


def _result_row(game: Game, score: tuple[int, int], got: Collected[Any]) -> Row:
    return {
        "game_id": game.game_id,
        "game_date": game.game_date,
        "home_points": score[0],
        "away_points": score[1],
        **got.stamps(min(game.tip_utc + BOX_SCORE_LAG, got.fetched_at)),
    }
