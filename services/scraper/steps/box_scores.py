"""Step `box_scores`: every game before the slate that is over and not loaded, of all collected seasons.

Many of a season at once come from the bulk game log, few from the CDN one by one. What one of the two does not give is
asked of the other, and in the end of BallDontLie. A game is validated before it is loaded: an inconsistent one is
quarantined whole, and tried again next time. A game that nobody gives is not asked for by every past slate after it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter

from services.scraper.domain.box import Box
from services.scraper.domain.names import Names
from services.scraper.fetch import Failed
from services.scraper.fetch_log import NOT_FINAL, Unit
from services.scraper.payloads import Collected
from services.scraper.sources.balldontlie.box_scores import BOX_SCORES_OF, box_scores_of
from services.scraper.sources.nba_cdn.boxscore import BOXSCORE, boxscore
from services.scraper.sources.nba_stats.leaguegamelog import LOG, log
from services.scraper.steps.box_rows import Judged, identified, judge
from services.scraper.steps.corrections import correct
from services.scraper.task import Task, together
from shared.basketball.slate import BOX_SCORE_LAG
from shared.ports import Row

_HOLE = timedelta(hours=12)
"""So long a past slate believes that nobody gives a game."""
_SCOPE = "game_id IN UNNEST(@game_ids)"


async def run(task: Task) -> int:
    """Collect and load; returns the rows written."""
    held = await task.payloads.held()
    corrected = timedelta(days=0 if task.request.retrospective else task.settings.correction_days)
    played = await task.select(
        "played_games",
        game_date=task.game_date,
        tipped_before=task.now - BOX_SCORE_LAG,
        again=held is not None,
        corrected_since=task.game_date - corrected,
    )
    if held is None:
        missing = await _worth_asking(task, [game for game in played if game["loaded_from"] is None])
        bulk, single = _plan(missing, task.settings.bulk_threshold)
    else:
        bulk, single = _plan_archived(played, held)
    # Where little is missing, what earlier nights collected stands: the evidence in the warehouse decides.
    task.fetches.stands_on_earlier = not bulk
    written = 0
    for kind, wanted in bulk.items():  # one by one: each is megabytes, and heavy work for stats.nba.com too
        found = await _from_log(task, kind, wanted)
        written += found.rows
        if found.failure is not None:
            task.fetches.failed(log(*kind).unit, LOG.source, found.failure)
        # A log may lag behind by a night; one that misses more than that is broken, and tried again as a whole.
        if found.failure is not None or len(found.missing) <= task.settings.bulk_threshold:
            single.extend(found.missing)
    written += await _from_boxscores(task, single, bulk.keys())
    for kind, wanted in bulk.items():
        _made_good(task, log(*kind).unit, wanted)
    if held is None:
        written += await correct(task, [game for game in played if game["loaded_from"] is not None])
    return written


async def _worth_asking(task: Task, missing: Sequence[Row]) -> list[Row]:
    """The games to ask for: all, but for a past slate not those that failed a little while ago, for whichever slate."""
    if not missing or not await task.past():
        return list(missing)
    failed = {row["unit"]: row for row in await task.select("failed_lately", since=task.now - _HOLE)}
    for game in missing:
        if (row := failed.get(game["game_id"])) is not None and row["reason"] != NOT_FINAL:
            task.fetches.failed(game["game_id"], row["source"], Failed(row["reason"], 0))
    return [game for game in missing if game["game_id"] not in task.fetches.units]


def _made_good(task: Task, unit: str, wanted: Sequence[Row]) -> None:
    """A log that failed is no failure where every game of it came one by one."""
    failed = task.fetches.units.get(unit)
    of_games = [task.fetches.units.get(game["game_id"]) for game in wanted]
    if (
        failed is not None
        and failed.outcome == "failed"
        and all(each and each.outcome != "failed" for each in of_games)
    ):
        reason = f"{failed.reason}; its games came one by one"
        task.fetches.units[unit] = Unit("empty", failed.source, reason=reason)


Kind = tuple[str, str]
"""(season, season type)."""


def _plan(games: Sequence[Row], bulk_threshold: int) -> tuple[dict[Kind, list[Row]], list[Row]]:
    """What to ask in bulk, and which games one by one."""
    missing = _by_kind(games)
    bulk = {kind: wanted for kind, wanted in missing.items() if len(wanted) > bulk_threshold}
    return bulk, [game for kind, wanted in missing.items() if kind not in bulk for game in wanted]


def _by_kind(games: Iterable[Row]) -> dict[Kind, list[Row]]:
    found: defaultdict[Kind, list[Row]] = defaultdict(list)
    for game in games:
        found[game["season"], game["season_type"]].append(game)
    return found


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


@dataclass(frozen=True, slots=True)
class _Found:
    """What a bulk game log gave."""

    rows: int
    missing: Sequence[Row]
    """The wanted games that it does not have."""
    failure: Failed | None = None


async def _from_log(task: Task, kind: Kind, wanted: Sequence[Row]) -> _Found:
    """Load from one bulk game log."""
    request = log(*kind)
    got = await task.payloads.get(request)
    unit = request.unit
    if isinstance(got, Failed):
        return _Found(0, wanted, got)
    boxes = {box.game_id: box for box in got.parsed.records}
    games = [(game, boxes[game["game_id"]]) for game in wanted if game["game_id"] in boxes]
    judged = await asyncio.to_thread(lambda: [judge(game, box, got) for game, box in games])
    task.fetches.loaded(unit, got, sum(len(verdict.rows) for verdict in judged), got.parsed.refused)
    for verdict in judged:
        task.fetches.refuse(unit, got.source, verdict.refusals)
    missing = [game for game in wanted if game["game_id"] not in boxes]
    return _Found(await _load(task, judged), missing)


async def _from_boxscores(task: Task, games: Sequence[Row], asked: Collection[Kind]) -> int:
    """Load games one by one from the CDN; those it does not give from the logs that were not asked, then by date."""
    answers = await together(task.payloads.get(boxscore(game["game_id"])) for game in games)
    judged: list[Judged] = []
    lost: list[Row] = []
    failures: dict[str, Failed] = {}
    for game, got in zip(games, answers, strict=True):
        if isinstance(got, Failed):
            lost.append(game)
            failures[game["game_id"]] = got
        else:
            judged.extend(_accept(task, game, got.parsed.records[0], got))
    written = await _load(task, judged)
    for kind, wanted in _by_kind(lost).items():
        if kind not in asked:
            found = await _from_log(task, kind, wanted)
            written += found.rows
            for game in found.missing:
                failures[game["game_id"]] = _both(failures[game["game_id"]], found.failure)
            lost = [game for game in lost if game not in wanted or game in found.missing]
    return written + await _load(task, await _from_fallback(task, [(game, failures[game["game_id"]]) for game in lost]))


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
            second = got if isinstance(got, Failed) else Failed("balldontlie has no such game", got.attempts)
            task.fetches.failed(game["game_id"], BOX_SCORES_OF.source, _both(failure, second))
            continue
        judged.extend(_accept(task, game, box, got, names))
    return judged


def _both(first: Failed, second: Failed | None) -> Failed:
    """Two sources that gave nothing, as one reason."""
    if second is None:
        return first
    return Failed(f"{first.reason}; {second.reason}", first.attempts + second.attempts)


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
    if verdict.rows and names is not None:
        rows, unmatched = identified(verdict.rows, names)
        # Half a team is no box score: the game is refused whole, and asked for again next time.
        verdict = Judged(unit, [] if unmatched else rows, tuple(unmatched))
    if verdict.rows:
        task.fetches.loaded(unit, got, len(verdict.rows))
    else:
        task.fetches.quarantined(unit, got, verdict.reason)
    task.fetches.refuse(unit, got.source, verdict.refusals)
    return [verdict]


async def _load(task: Task, judged: Sequence[Judged]) -> int:
    """Replace the accepted games' rows, all at once."""
    accepted = [verdict for verdict in judged if verdict.rows]
    if not accepted:
        return 0
    listed = [verdict for verdict in accepted if verdict.absences]
    if listed:
        await task.replace(
            "raw.absences",
            [row for verdict in listed for row in verdict.absences],
            scope=_SCOPE,
            params={"game_ids": [verdict.game_id for verdict in listed]},
        )
    return await task.replace(
        "raw.player_box_scores",
        [row for verdict in accepted for row in sorted(verdict.rows, key=itemgetter("player_id"))],
        scope=_SCOPE,
        params={"game_ids": [verdict.game_id for verdict in accepted]},
    )
