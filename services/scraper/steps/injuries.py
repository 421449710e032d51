"""Step `injuries`: who is listed as injured: the best source that answers, and beside it the next, to compare.

Here rows are written before the fetch log, which says when a list was last seen: what a look has shown must be there
before anybody asks what it had shown. Written twice, they are the same rows.

Of a slate whose day is over no list speaks any more: the inactive lists of its box scores do, where they are loaded.
"""

from dataclasses import replace
from functools import partial

from services.scraper.domain.injury_news import Disagreement, Listing, Status, merged, news
from services.scraper.domain.names import Names
from services.scraper.domain.people import Injury
from services.scraper.domain.wire import each
from services.scraper.fetch_log import Unit
from services.scraper.sources import ranked
from services.scraper.sources.endpoint import INJURIES, Endpoint, Need
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE
from services.scraper.steps.asking import whole_answer
from services.scraper.steps.comparing import Fact, note
from services.scraper.task import Task
from shared.basketball.identity import TEAMS, player_lookup
from shared.basketball.slate import INACTIVE_LIST_LEAD, season_of
from shared.ports import Row
from shared.registries.sources import SOURCES

UNIT = "injuries"
INACTIVE_LIST = "inactive list"
"""Comment of a status that follows from a box score."""
OF_BOX_SCORES = "the slate's day is over: its inactive lists are those of its box scores"
NO_INACTIVE_LISTS = "the slate's day is over, and no box score of it that is loaded has an inactive list"
COMPARED = 2
"""Lists that are asked for: the better one stands, the other shows where they disagree."""


async def run(task: Task) -> int:
    """Collect and load; returns the rows that were new. An empty list is an answer."""
    games = await task.slate()
    if not games:
        task.fetches.units[UNIT] = Unit("empty", ranked(INJURIES)[0].source, 0, reason="no games on this date")
        return 0
    if await task.past():
        return await _inactive(task)
    teams = tuple(sorted({team for game in games for team in (game["home_team"], game["away_team"])}))
    need = await task.need(season_of(task.game_date), (task.game_date,), teams)
    names = await task.names("roster")
    listings: list[Listing] = []
    for endpoint in ranked(INJURIES):
        if len(listings) == COMPARED or (listings and SOURCES[endpoint.source].fallback):
            break
        if (listing := await _listing(task, endpoint, need, names)) is not None:
            listings.append(listing)
    if not listings:
        return 0
    listing, *others = listings
    for other in others:
        listing, disagreements = merged(listing, other)
        await note(task, (_fact(task, each) for each in disagreements))
    listing = replace(listing, speaks_for=listing.speaks_for & set(teams))
    # The log comes last: it says when a list was seen.
    return await task.warehouse.append("raw.injuries", await _rows(task, listing))


async def _inactive(task: Task) -> int:
    """The inactive lists, known as in a history: shortly before tip-off."""
    rows: list[Row] = [
        {
            **{name: row[name] for name in ("game_date", "player_id", "player_lookup", "team", "reason")},
            **{name: row[name] for name in ("fetched_at", "source")},
            "status": "Out",
            "return_date": None,
            "comment": INACTIVE_LIST,
            "available_at": row["tip_utc"] - INACTIVE_LIST_LEAD,
        }
        for row in await task.select("inactive_lists", game_date=task.game_date)
    ]
    reason = OF_BOX_SCORES if rows else NO_INACTIVE_LISTS
    # No list was looked at: as "loaded" it would count as a look.
    task.fetches.units[UNIT] = Unit("empty", BOXSCORE.source, len(rows), reason=reason)
    return await task.append("raw.injuries", rows)


async def _listing(task: Task, endpoint: Endpoint[Injury], need: Need, names: Names) -> Listing | None:
    """One source's list with its names resolved; None where it gives none, and the fetch log says why."""
    answers = await whole_answer(task, endpoint, need)
    if not answers:
        return None
    statuses: list[Status] = []
    silent: set[str] = set()
    """Teams of which an entry could not be read: who is not listed of theirs may be that one."""
    for answer in answers:
        got = answer.got
        records = [injury for injury in got.parsed.records if injury.game_date in (None, task.game_date)]
        found, unmatched = each(records, partial(_status, got.source, names), lambda injury: injury.player_name)
        task.fetches.loaded(answer.request.unit, got, len(found), (*got.parsed.refused, *unmatched))
        statuses += [replace(status, published_at=got.parsed.stamp) for status in found]
        resolved = {status.player_name for status in found}
        silent |= {injury.team for injury in records if injury.player_name not in resolved}
        if got.parsed.refused or not got.parsed.seen:
            silent.update(TEAMS)  # an empty list is an answer, but it heals nobody
    covered: set[str] = set()
    for answer in answers:
        covers = answer.got.parsed.covers
        spoken_for = {team for day, team in covers if day in (None, task.game_date)} if covers is not None else TEAMS
        covered.update(spoken_for)
    seen_at = max(answer.got.fetched_at for answer in answers)
    return Listing(statuses, seen_at, covered - silent)


def _status(source: str, names: Names, injury: Injury) -> Status:
    return Status(
        player_id=names.find(injury.player_name, (injury.team,), source=source, elsewhere=True),
        player_name=injury.player_name,
        team=injury.team,
        status=injury.status,
        source=source,
        since=injury.reported_at,
        reason=injury.reason,
        return_date=injury.return_date,
        comment=injury.comment,
    )


async def _rows(task: Task, listing: Listing) -> list[Row]:
    """What the list tells that was not known, as rows of raw.injuries."""
    seen = {"seen_at": listing.seen_at, "game_date": task.game_date}
    known = {row["player_id"]: _known(row) for row in await task.select("injuries_known", **seen)}
    # The log may have this very look already, when it is loaded again from the archive.
    own = [unit.archive_key for unit in task.fetches.units.values() if unit.archive_key is not None]
    [look] = await task.select("last_look", **seen, archive_keys=own)
    return [
        {
            "game_date": task.game_date,
            "player_id": status.player_id,
            "player_lookup": player_lookup(status.player_name),
            "team": status.team,
            "status": status.status,
            "reason": status.reason,
            "return_date": status.return_date,
            "comment": status.comment,
            "available_at": since,
            "fetched_at": listing.seen_at,
            "source": status.source,
        }
        for status, since in news(listing, known, look["seen_at"])
    ]


def _known(row: Row) -> Status:
    return Status(
        player_id=row["player_id"],
        player_name=row["player_lookup"],
        team=row["team"],
        status=row["status"],
        source=row["source"],
        since=row["available_at"],
        reason=row["reason"],
        return_date=row["return_date"],
        comment=row["comment"],
    )


def _fact(task: Task, found: Disagreement) -> Fact:
    ours, theirs = found.stands, found.other
    who = f"{theirs.player_name} ({theirs.player_id})"
    return Fact(task.game_date, who, "status", ours.source, ours.status, theirs.source, theirs.status)
