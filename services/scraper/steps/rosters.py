"""Step `rosters`: who is with a team on the slate's date: the best source that knows every team that plays.

In the end those count who were listed in each team's box scores before the slate: a roster of yesterday is worth a
prediction. Of a slate whose day is over no source speaks any more: it has the roster that was collected in time, else
that of the box scores.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import time
from functools import partial

from services.scraper.domain.names import Names
from services.scraper.domain.people import Rostered
from services.scraper.domain.wire import Refusal, each
from services.scraper.fetch_log import Unit
from services.scraper.payloads import Collected
from services.scraper.sources import ranked
from services.scraper.sources.endpoint import ROSTERS, Endpoint, Need
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE
from services.scraper.steps.asking import Answer, refuse, whole_answer
from services.scraper.task import Task, published
from shared.basketball.identity import player_lookup
from shared.basketball.slate import OVERNIGHT_CUTOFF, eastern_instant, season_of
from shared.ports import Row

LAST_LISTED = "last box scores"
"""Unit of the roster that no source gave."""
FEWEST = 5
"""Players without whom a team's roster is none."""


@dataclass(frozen=True, slots=True)
class _Roster:
    """What one source gave."""

    answers: list[Answer[Rostered]]
    rows: list[Row]
    counts: list[int]
    """Rows of each answer."""
    short: tuple[str, ...]
    """Teams that play, with too few players for a game."""


async def run(task: Task) -> int:
    """Collect and load the snapshot; returns the rows written. A date without games needs none."""
    games = await task.slate()
    if not games:
        return 0
    teams = tuple(sorted({team for game in games for team in (game["home_team"], game["away_team"])}))
    if await task.past():
        if await _stands(task, teams):
            return 0
        rows = await _last_listed(task, teams)
    else:
        rows = await _collect(task, await task.need(season_of(task.game_date), (task.game_date,), teams))
    if not rows:
        task.fetches.failure = next(unit.reason for unit in task.fetches.units.values())
        return 0
    return await task.replace("raw.rosters", rows, scope="game_date = @game_date", params={"game_date": task.game_date})


async def _collect(task: Task, need: Need) -> list[Row]:
    """The roster of the best source that knows every team that plays; else of the one that lacks fewest, filled up."""
    best: _Roster | None = None
    for endpoint in ranked(ROSTERS):
        roster = await _from(task, endpoint, need)
        if roster is None:
            continue
        if not roster.short:
            return _accept(task, roster)
        refuse(task, roster.answers, f"not a roster of every team that plays: {_too_few(roster.rows, roster.short[0])}")
        if best is None or len(roster.short) < len(best.short):
            best = roster
    short = best.short if best is not None else need.teams
    listed = await _last_listed(task, short)
    if best is None or not best.rows:
        return listed
    known = {row["player_id"] for row in best.rows}
    return [*_accept(task, best), *(row for row in listed if row["player_id"] not in known)]


def _accept(task: Task, roster: _Roster) -> list[Row]:
    """Enter what is used as loaded; that teams are short is still said."""
    for answer, count in zip(roster.answers, roster.counts, strict=True):
        unit = answer.request.unit
        reason = task.fetches.units[unit].reason if unit in task.fetches.units else None
        task.fetches.loaded(unit, answer.got, count)
        task.fetches.units[unit] = replace(task.fetches.units[unit], reason=reason)
    return roster.rows


async def _from(task: Task, endpoint: Endpoint[Rostered], need: Need) -> _Roster | None:
    """What one source gives; None where it does not answer in full, and the fetch log says why."""
    answers = await whole_answer(task, endpoint, need)
    if not answers:
        return None
    own_ids = any(player.player_id is None for answer in answers for player in answer.got.parsed.records)
    names = await task.names("known_players") if own_ids else None
    found: list[list[Row]] = []
    for answer in answers:
        got = answer.got
        rows, unmatched = each(got.parsed.records, partial(_row, task, got, names), lambda player: player.player_name)
        task.fetches.refuse(answer.request.unit, got.source, (*got.parsed.refused, *unmatched))
        found.append(rows)
    times = Counter(row["player_id"] for rows in found for row in rows)
    kept = [[row for row in rows if times[row["player_id"]] == 1] for rows in found]
    for answer, rows in zip(answers, found, strict=True):  # which of two teams is right is not guessed
        twice = (row for row in rows if times[row["player_id"]] > 1)
        same = [Refusal(row["player_name"], f"player {row['player_id']} is listed more than once") for row in twice]
        task.fetches.refuse(answer.request.unit, answer.got.source, same)
    everyone = [row for rows in kept for row in rows]
    short = tuple(team for team in need.teams if _too_few(everyone, team) is not None)
    return _Roster(answers, everyone, [len(rows) for rows in kept], short)


def _row(task: Task, got: Collected[Rostered], names: Names | None, player: Rostered) -> Row:
    found = asdict(player)
    if names is not None and player.player_id is None:
        found["player_id"] = names.find(player.player_name, (player.team,), source=got.source, elsewhere=True)
    lookup = player_lookup(player.player_name)
    return {"game_date": task.game_date, **found, "player_lookup": lookup, **got.stamps(published(got))}


def _too_few(rows: Sequence[Row], team: str) -> str | None:
    """What a team lacks for a game, if it does."""
    players = sum(row["team"] == team for row in rows)
    return f"{team} has {players} players" if players < FEWEST else None


async def _stands(task: Task, teams: Sequence[str]) -> bool:
    """Whether the roster of every team was collected in time: before a slate of the past, for its earliest cutoff."""
    known_by, ended = eastern_instant(task.game_date, OVERNIGHT_CUTOFF), eastern_instant(task.game_date, time.max)
    rows = await task.select("roster_in_time", game_date=task.game_date, known_by=known_by, fetched_by=ended)
    if any(_too_few(rows, team) is not None for team in teams):
        return False
    reason = "what was collected in time stands: the slate's day is over"
    task.fetches.units[LAST_LISTED] = Unit("empty", BOXSCORE.source, reason=reason)
    return True


async def _last_listed(task: Task, teams: Sequence[str]) -> list[Row]:
    """Everyone listed in the teams' box scores before the slate."""
    rows = [
        {"game_date": task.game_date, **row, "player_lookup": player_lookup(row["player_name"]), "position": None}
        for row in await task.select("last_listed", game_date=task.game_date)
        if row["team"] in teams
    ]
    problem = next((found for team in teams if (found := _too_few(rows, team)) is not None), None)
    if problem is None:
        task.fetches.units[LAST_LISTED] = Unit("loaded", BOXSCORE.source, len(rows))
    else:
        reason = f"the last box scores list no whole roster: {problem}"
        task.fetches.units[LAST_LISTED] = Unit("failed", BOXSCORE.source, len(rows), reason)
    return rows
