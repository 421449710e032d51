"""Step `rosters`: who is with a team on the slate's date: the best source that knows every team that plays.

In the end those count who were listed in each team's latest box score: a roster of yesterday is worth a prediction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from services.scraper.domain.names import Names
from services.scraper.domain.people import Rostered
from services.scraper.domain.wire import each
from services.scraper.fetch_log import Unit
from services.scraper.payloads import Collected
from services.scraper.sources import ranked
from services.scraper.sources.endpoint import ROSTERS, Endpoint, Need
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE
from services.scraper.steps.asking import refuse, whole_answer
from services.scraper.task import Task, published
from shared.basketball.identity import player_lookup
from shared.basketball.slate import season_of
from shared.ports import Row

LAST_LISTED = "last box scores"
"""Unit of the roster that no source gave."""
FEWEST = 5
"""Players without whom a team's roster is none."""


async def run(task: Task) -> int:
    """Collect and load the snapshot; returns the rows written. A date without games needs none."""
    games = await task.slate()
    if not games:
        return 0
    teams = tuple(sorted({team for game in games for team in (game["home_team"], game["away_team"])}))
    need = Need(season_of(task.game_date), (task.game_date,), teams, task.now)
    for endpoint in ranked(ROSTERS):
        rows = await _from(task, endpoint, need)
        if rows:
            break
    else:
        rows = await _last_listed(task, teams)
    if not rows:
        task.fetches.failure = next(unit.reason for unit in task.fetches.units.values())
        return 0
    return await task.replace("raw.rosters", rows, scope="game_date = @game_date", params={"game_date": task.game_date})


async def _from(task: Task, endpoint: Endpoint[Rostered], need: Need) -> list[Row]:
    """Rows of one source, if it knows every team that plays; else none, and the fetch log says why."""
    answers = await whole_answer(task, endpoint, need)
    own_ids = any(player.player_id is None for answer in answers for player in answer.got.parsed.records)
    names = await task.names("known_players") if own_ids else None
    rows: list[Row] = []
    counts: list[int] = []
    for answer in answers:
        got = answer.got
        found, unmatched = each(got.parsed.records, partial(_row, task, got, names), lambda player: player.player_name)
        task.fetches.refuse(answer.request.unit, got.source, (*got.parsed.refused, *unmatched))
        rows += found
        counts.append(len(found))
    lacking = _lacking(rows, need.teams)
    if lacking is not None:
        refuse(task, answers, f"not a roster of every team that plays: {lacking}")
        return []
    for answer, count in zip(answers, counts, strict=True):
        task.fetches.loaded(answer.request.unit, answer.got, count)
    return rows


def _row(task: Task, got: Collected[Rostered], names: Names | None, player: Rostered) -> Row:
    found = asdict(player)
    if names is not None and player.player_id is None:
        found["player_id"] = names.find(player.player_name, (player.team,), source=got.source, elsewhere=True)
    lookup = player_lookup(player.player_name)
    return {"game_date": task.game_date, **found, "player_lookup": lookup, **got.stamps(published(got))}


def _lacking(rows: Sequence[Row], teams: Sequence[str]) -> str | None:
    """Why the rows are no whole roster: the first team with too few players, or a player who is with two."""
    players = Counter(row["team"] for row in rows)
    for team in teams:
        if players[team] < FEWEST:
            return f"{team} has {players[team]} players"
    for player_id, times in Counter(row["player_id"] for row in rows).items():
        if times > 1:
            return f"player {player_id} is listed {times} times"
    return None


async def _last_listed(task: Task, teams: Sequence[str]) -> list[Row]:
    """Everyone listed in each team's latest box score; none where a team has none."""
    rows = [
        {"game_date": task.game_date, **row, "player_lookup": player_lookup(row["player_name"]), "position": None}
        for row in await task.select("last_listed", game_date=task.game_date)
        if row["team"] in teams
    ]
    lacking = _lacking(rows, teams)
    if lacking is not None:
        reason = f"the last box scores list no whole roster: {lacking}"
        task.fetches.units[LAST_LISTED] = Unit("failed", BOXSCORE.source, reason=reason)
        return []
    task.fetches.units[LAST_LISTED] = Unit("loaded", BOXSCORE.source, len(rows))
    return rows
