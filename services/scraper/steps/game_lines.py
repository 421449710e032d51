"""The games' own lines, asked for once for the whole slate and kept with their time: no feature is made of them yet.

Nothing stands on them: a night without them is none the worse.
"""

from collections.abc import Sequence
from datetime import datetime

from services.scraper.credits import HISTORICAL
from services.scraper.domain.odds import GameLine
from services.scraper.fetch import Failed
from services.scraper.payloads import Collected
from services.scraper.sources.odds_api.game_lines import MARKETS, ODDS, UNIT, game_lines
from services.scraper.task import Task
from shared.ports import Row

_COPIED = ("event_id", "bookmaker", "market", "side", "point", "price")
"""Columns of raw.game_lines that are a line's own."""


def credits_of(task: Task, as_of: datetime | None) -> int:
    """What asking for them takes at most."""
    return len(MARKETS) * len(task.settings.odds_regions.split(",")) * (1 if as_of is None else HISTORICAL)


async def run(task: Task, games: Sequence[Row], as_of: datetime | None) -> None:
    """Collect and load."""
    got = await task.payloads.get(game_lines(regions=task.settings.odds_regions, as_of=as_of))
    if isinstance(got, Failed):
        task.fetches.failed(UNIT, ODDS.source, got)
        return
    of_teams = {frozenset({game["home_team"], game["away_team"]}): game["game_id"] for game in games}
    rows = [
        _row(line, of_teams[teams], got)
        for line in got.parsed.records
        if line.game_date == task.game_date and (teams := frozenset({line.home_team, line.away_team})) in of_teams
    ]
    task.fetches.loaded(UNIT, got, len(rows), got.parsed.refused)
    await task.append("raw.game_lines", rows)


def _row(line: GameLine, game_id: str, got: Collected[GameLine]) -> Row:
    return {
        "game_id": game_id,
        "game_date": line.game_date,
        **{name: getattr(line, name) for name in _COPIED},
        **got.stamps(line.posted_at if line.posted_at is not None else got.fetched_at),
    }
