"""Step `injuries`: who is listed as injured, from ESPN, by name."""

from services.scraper import endpoints
from services.scraper.domain.injuries import parse_injuries
from services.scraper.domain.wire import BadRecord, Refusal
from services.scraper.fetch import Failed
from services.scraper.fetch_log import Unit
from services.scraper.task import Task
from shared.basketball.identity import player_lookup
from shared.ports import Row

UNIT = "injuries"


async def run(task: Task) -> int:
    """Collect and load; returns the rows that were new. An empty list is an answer."""
    if not await task.slate():
        task.fetches.units[UNIT] = Unit("empty", endpoints.ESPN, 0, reason="no games on this date")
        return 0
    got = await task.payloads.get(endpoints.injuries(), parse_injuries)
    if isinstance(got, Failed):
        task.fetches.failed(UNIT, endpoints.ESPN, got)
        return 0
    names = await task.names("roster")
    rows: list[Row] = []
    refused: list[Refusal] = list(got.parsed.refused)
    for injury in got.parsed.records:
        try:
            player_id = names.find(injury.player_name, (injury.team,), elsewhere=True)
        except BadRecord as error:
            refused.append(Refusal(injury.player_name, str(error)))
            continue
        rows.append(
            {
                "game_date": task.game_date,
                "player_id": player_id,
                "player_lookup": player_lookup(injury.player_name),
                "team": injury.team,
                "status": injury.status,
                "comment": injury.comment,
                "available_at": injury.reported_at,
                "fetched_at": got.fetched_at,
                "source": got.source,
            }
        )
    task.fetches.loaded(UNIT, got, len(rows))
    task.fetches.refuse(UNIT, got.source, refused)
    return await task.append("raw.injuries", rows)
