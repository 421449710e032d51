"""Step `rosters`: who is with a team on the slate's date, from stats.nba.com."""

from dataclasses import asdict

from services.scraper.fetch import Failed
from services.scraper.sources.nba_stats import playerindex
from services.scraper.task import Task, published
from shared.basketball.identity import player_lookup
from shared.basketball.slate import season_of


async def run(task: Task) -> int:
    """Collect and load the snapshot; returns the rows written. A date without games needs none."""
    if not await task.slate():
        return 0
    season = season_of(task.game_date)
    got = await task.payloads.get(playerindex.index(season))
    if not isinstance(got, Failed) and not got.parsed.records:
        got = Failed(f"the player index of {season} has nobody with a team", got.attempts)
    if isinstance(got, Failed):
        task.fetches.failed(season, playerindex.INDEX.source, got)
        return 0
    rows = [
        {
            "game_date": task.game_date,
            **asdict(player),
            "player_lookup": player_lookup(player.player_name),
            **got.stamps(published(got)),
        }
        for player in got.parsed.records
    ]
    task.fetches.loaded(season, got, len(rows), got.parsed.refused)
    scope = {"game_date": task.game_date}
    return await task.replace("raw.rosters", rows, scope="game_date = @game_date", params=scope)
