"""Step `box_scores`: every game before the slate that is over and not loaded, of all collected seasons.

Many of a season at once come from the bulk game log, few from the CDN one by one, and what the CDN does not give from
BallDontLie. A game is validated before it is loaded: an inconsistent one is quarantined whole, and tried again next
time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from services.scraper.domain.box import Box
from services.scraper.domain.names import Names
from services.scraper.domain.wire import Refusal
from services.scraper.fetch import Failed
from services.scraper.fetch_log import NOT_FINAL
from services.scraper.payloads import Collected
from services.scraper.sources.balldontlie.box_scores import BOX_SCORES_OF, box_scores_of
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE, boxscore
from services.scraper.sources.nba_stats.leaguegamelog import log
from services.scraper.steps.box_rows import Judged, identified, judge
from services.scraper.task import Task, together
from shared.basketball.slate import BOX_SCORE_LAG
from shared.ports import Row

_SCOPE = "game_id IN UNNEST(@game_ids)"


async def run(task: Task) -> int:
    """Collect and load; returns the rows written."""
    held = await task.payloads.held()
    games = await task.select(
        "played_games", game_date=task.game_date, tipped_before=task.now - BOX_SCORE_LAG, again=held is not None
    )
    bulk, single = _plan(games, task.settings.bulk_threshold) if held is None else _plan_archived(games, held)
    # Where little is missing, what earlier nights collected stands: the evidence in the warehouse decides.
    task.fetches.stands_on_earlier = not bulk
    written = 0
    for kind, wanted in bulk.items():  # one by one: each is megabytes, and heavy work for stats.nba.com too
        rows, left = await _from_log(task, kind, wanted)
        written += rows
        # A log may lag behind by a night; one that misses more than that is broken, and singles are no remedy.
        if len(left) <= task.settings.bulk_threshold:
            single.extend(left)
    return written + await _from_boxscores(task, single)


Kind = tuple[str, str]
"""(season, season type)."""


def _plan(games: Sequence[Row], bulk_threshold: int) -> tuple[dict[Kind, list[Row]], list[Row]]:
    """What to ask in bulk, and which games one by one."""
    missing: defaultdict[Kind, list[Row]] = defaultdict(list)
    for game in games:
        missing[game["season"], game["season_type"]].append(game)
    bulk = {kind: wanted for kind, wanted in missing.items() if len(wanted) > bulk_threshold}
    return bulk, [game for kind, wanted in missing.items() if kind not in bulk for game in wanted]


def _plan_archived(games: Sequence[Row], held: set[tuple[str, str]]) -> tuple[dict[Kind, list[Row]], list[Row]]:
    """The same for what the archive holds; a game that another source has given meanwhile is left as it is."""
    bulk: defaultdict[Kind, list[Row]] = defaultdict(list)
    single: list[Row] = []
    for game in games:
        kind: Kind = (game["season"], game["season_type"])
        bulk_log, loaded_from = log(*kind), game["loaded_from"]
        fallback = (BOX_SCORES_OF.source, game["game_date"].isoformat())
        if (BOXSCORE.source, game["game_id"]) in held:
            single.append(game)
        elif (bulk_log.source, bulk_log.unit) in held and loaded_from in (None, bulk_log.source):
            bulk[kind].append(game)
        elif fallback in held and loaded_from in (None, BOX_SCORES_OF.source):
            single.append(game)
    return bulk, single


async def _from_log(task: Task, kind: Kind, wanted: Sequence[Row]) -> tuple[int, list[Row]]:
    """Load from one bulk game log; returns the rows written and the games that the log does not have."""
    request = log(*kind)
    got = await task.payloads.get(request)
    unit = request.unit
    if isinstance(got, Failed):
        task.fetches.failed(unit, request.source, got)
        return 0, []
    boxes = {box.game_id: box for box in got.parsed.records}
    games = [(game, boxes[game["game_id"]]) for game in wanted if game["game_id"] in boxes]
    judged = await asyncio.to_thread(lambda: [judge(game, box, got) for game, box in games])
    task.fetches.loaded(unit, got, sum(len(verdict.rows) for verdict in judged), got.parsed.refused)
    for verdict in judged:
        task.fetches.refuse(unit, got.source, verdict.refusals)
    return await _load(task, judged), [game for game in wanted if game["game_id"] not in boxes]


async def _from_boxscores(task: Task, games: Sequence[Row]) -> int:
    """Load games one by one from the CDN, and from the fallback those it does not give."""
    answers = await together(task.payloads.get(boxscore(game["game_id"])) for game in games)
    judged: list[Judged] = []
    lost: list[tuple[Row, Failed]] = []
    for game, got in zip(games, answers, strict=True):
        if isinstance(got, Failed):
            lost.append((game, got))
        else:
            judged.extend(_accept(task, game, got.parsed.records[0], got))
    judged.extend(await _from_fallback(task, lost))
    return await _load(task, judged)


async def _from_fallback(task: Task, lost: Sequence[tuple[Row, Failed]]) -> list[Judged]:
    """BallDontLie's box scores of the dates of the lost games, its names matched to ids."""
    if not lost:
        return []
    days: list[date] = sorted({game["game_date"] for game, _ in lost})
    answers = await together(task.payloads.get(box_scores_of(day)) for day in days)
    by_day = dict(zip(days, answers, strict=True))
    names: Names = await task.names("known_players")
    judged: list[Judged] = []
    for game, failure in lost:
        got = by_day[game["game_date"]]
        teams = {game["home_team"], game["away_team"]}
        records = () if isinstance(got, Failed) else got.parsed.records
        box = next((box for box in records if box.score is not None and box.score.keys() == teams), None)
        if isinstance(got, Failed) or box is None:
            why = got.reason if isinstance(got, Failed) else "balldontlie has no such game"
            lost_twice = Failed(f"{failure.reason}; {why}", failure.attempts + got.attempts)
            task.fetches.failed(game["game_id"], BOX_SCORES_OF.source, lost_twice)
            continue
        judged.extend(_accept(task, game, box, got, names))
    return judged


def _accept(task: Task, game: Row, box: Box, got: Collected[Box], names: Names | None = None) -> list[Judged]:
    """The verdict on one game's own box score, entered into the fetch log; none while it is being played."""
    unit: str = game["game_id"]
    if not box.final:
        task.fetches.failed(unit, got.source, Failed(NOT_FINAL, got.attempts))
        return []
    if box.game_id is not None and box.game_id != unit:
        task.fetches.failed(unit, got.source, Failed(f"asked for game {unit}, got {box.game_id}", got.attempts))
        return []
    verdict = judge(game, box, got)
    unmatched: list[Refusal] = []
    if verdict.rows and names is not None:
        rows, unmatched = identified(verdict.rows, names)
        verdict = Judged(unit, rows, verdict.refusals)
    if verdict.rows:
        task.fetches.loaded(unit, got, len(verdict.rows))
    else:
        task.fetches.quarantined(unit, got, verdict.reason)
    task.fetches.refuse(unit, got.source, (*verdict.refusals, *unmatched))
    return [verdict]


async def _load(task: Task, judged: Sequence[Judged]) -> int:
    """Replace the accepted games' rows, all at once."""
    accepted = [verdict for verdict in judged if verdict.rows]
    if not accepted:
        return 0
    return await task.replace(
        "raw.player_box_scores",
        [row for verdict in accepted for row in sorted(verdict.rows, key=itemgetter("player_id"))],
        scope=_SCOPE,
        params={"game_ids": [verdict.game_id for verdict in accepted]},
    )
