"""Step `injuries`: who is listed as injured, from ESPN, by name."""

from services.scraper.domain.people import Injury
from services.scraper.domain.wire import each
from services.scraper.fetch import Failed
from services.scraper.fetch_log import Unit
from services.scraper.sources.espn import injuries
from services.scraper.task import Task
from shared.basketball.identity import player_lookup
from shared.ports import Row

UNIT = "injuries"


async def run(task: Task) -> int:
    """Collect and load; returns the rows that were new. An empty list is an answer."""
    if not await task.slate():
        task.fetches.units[UNIT] = Unit("empty", injuries.LISTED.source, 0, reason="no games on this date")
        return 0
    got = await task.payloads.get(injuries.listed())
    if isinstance(got, Failed):
        task.fetches.failed(UNIT, injuries.LISTED.source, got)
        return 0
    names = await task.names("roster")

    def row(injury: Injury) -> Row:
        return {
            "game_date": task.game_date,
            "player_id": names.find(injury.player_name, (injury.team,), source=got.source, elsewhere=True),
            "player_lookup": player_lookup(injury.player_name),
            "team": injury.team,
            "status": injury.status,
            "comment": injury.comment,
            **got.stamps(injury.reported_at if injury.reported_at is not None else got.fetched_at),
        }

    rows, unmatched = each(got.parsed.records, row, lambda injury: injury.player_name)
    task.fetches.loaded(UNIT, got, len(rows), (*got.parsed.refused, *unmatched))
    return await task.append("raw.injuries", rows)
