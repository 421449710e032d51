"""A season that nobody gives a schedule of: its final games by their ids, from the CDN's box scores.

stats.nba.com alone has the schedules of earlier seasons, and refuses cloud addresses.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.scraper.domain.games import Game
from services.scraper.domain.season_games import WINS_OF_A_SERIES, extra_ids, regular_ids, series_ids
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
    """All final games of a season; `Failed` unless all are there: half a season is asked for again as a whole."""
    regular, extra = regular_ids(season), extra_ids(season)
    games, lost = await _ask(task, regular[:FIRST])
    if games:  # else nobody is there to ask 1,230 times
        more, lost_too = await _ask(task, (*regular[FIRST:], *extra))
        games, lost = [*games, *more], [*lost, *lost_too]
    if lost:
        first, of_all = lost[0], len(regular) + len(extra)
        reason = f"the CDN gives {len(games)} of {of_all} games of {season} before its playoffs: {first.reason}"
        return Failed(reason, first.attempts)
    for found in await together(_series(task, ids) for ids in series_ids(season)):
        if isinstance(found, Failed):
            return found
        games += found
    for each in games:
        task.fetches.loaded(each.game.game_id, each.got, 1)
    return games


async def _ask(task: Task, ids: Sequence[str]) -> tuple[list[PlayedGame], list[Failed]]:
    return _split(await together(task.payloads.get(played(game_id)) for game_id in ids))


async def _series(task: Task, ids: Iterable[str]) -> list[PlayedGame] | Failed:
    """The games of one series up to the one that decided it."""
    found: list[PlayedGame] = []
    wins: Counter[str] = Counter()
    for game_id in ids:
        got = await task.payloads.get(played(game_id))
        if isinstance(got, Failed):
            return Failed(f"the CDN gives no end of a series, nor game {game_id}: {got.reason}", got.attempts)
        found.append(PlayedGame(got.parsed.records[0], got))
        wins[_winner(found[-1].game)] += 1
        if max(wins.values()) == WINS_OF_A_SERIES:
            break
    return found


def _winner(game: Game) -> str:
    home, away = game.score if game.score is not None else (0, 0)
    return game.home_team if home > away else game.away_team


def _split(answers: Iterable[Collected[Game] | Failed]) -> tuple[list[PlayedGame], list[Failed]]:
    found: list[PlayedGame] = []
    lost: list[Failed] = []
    for got in answers:
        if isinstance(got, Failed):
            lost.append(got)
        else:
            found.append(PlayedGame(got.parsed.records[0], got))
    return found, lost
