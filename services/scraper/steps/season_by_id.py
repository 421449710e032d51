"""A season that nobody gives a schedule of: its final games by their ids, from the CDN's box scores.

stats.nba.com alone has the schedules of earlier seasons, and refuses cloud addresses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.scraper.domain.games import Game
from services.scraper.domain.season_games import extra_ids, regular_ids, series_ids
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.nba_cdn.boxscore import played
from services.scraper.task import Task, together

FIRST = 10
"""Games that are asked for first, to see whether the CDN answers at all."""


@dataclass(frozen=True, slots=True)
class PlayedGame:
    """A final game, and the payload it is from."""

    game: Game
    got: Collected[Game]


async def season_by_id(task: Task, season: str) -> list[PlayedGame] | Failed:
    """All final games of a season; `Failed` unless every regular game is there: half a season is asked for again."""
    ids = regular_ids(season)
    regular, lost = await _ask(task, ids[:FIRST])
    if regular:  # else nobody is there to ask 1,230 times
        more, lost_too = await _ask(task, ids[FIRST:])
        regular, lost = [*regular, *more], [*lost, *lost_too]
    if lost:
        first = lost[0]
        reason = f"the CDN gives {len(regular)} of {len(ids)} regular games of {season}: {first.reason}"
        return Failed(reason, first.attempts)
    extra, _ = await _ask(task, extra_ids(season))
    series = await together(_series(task, ids) for ids in series_ids(season))
    games = [*regular, *extra, *(each for found in series for each in found)]
    for each in games:
        task.fetches.loaded(each.game.game_id, each.got, 1)
    return games


async def _ask(task: Task, ids: Sequence[str]) -> tuple[list[PlayedGame], list[Failed]]:
    return _split(await together(task.payloads.get(played(game_id)) for game_id in ids))


async def _series(task: Task, ids: Iterable[str]) -> list[PlayedGame]:
    """The games of one series up to the first that was not played."""
    found: list[PlayedGame] = []
    for game_id in ids:
        games, _ = await _ask(task, (game_id,))
        if not games:
            break
        found += games
    return found


def _split(answers: Iterable[Collected[Game] | Failed]) -> tuple[list[PlayedGame], list[Failed]]:
    found: list[PlayedGame] = []
    lost: list[Failed] = []
    for got in answers:
        if isinstance(got, Failed):
            lost.append(got)
        else:
            found.append(PlayedGame(got.parsed.records[0], got))
    return found, lost
