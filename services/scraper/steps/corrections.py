"""Corrections: box scores of the last days, asked for again; what the league has changed supersedes what was loaded.

Grades and summaries of these days are made again every night (`TIPOFF_REGRADE_DAYS`), so they follow by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from services.scraper.domain.box import COUNTS
from services.scraper.payloads import Collected
from services.scraper.sources.nba_cdn.boxscore import boxscore
from services.scraper.steps.box_rows import Judged, judge
from services.scraper.task import Task
from shared.ports import Row
from shared.runtime.logs import get_logger

_log = get_logger("scraper")
_NUMBERS = (*COUNTS, "minutes", "plus_minus")
"""Columns in which a correction shows; between two sources only in counts, for a log has whole minutes."""
_ROW = "row"
"""Field of a correction that adds or removes a player."""


_Changed = tuple[Row, Judged, Collected[Any]]
"""A game (of played_games.sql), what is to be loaded of it, and the payload that says so."""


async def correct(task: Task, games: Sequence[Row]) -> int:
    """Ask again for loaded games (of played_games.sql) and load what is not as it was; returns the rows written."""
    if not games:
        return 0
    answers = await task.changed([boxscore(game["game_id"]) for game in games])
    changed: list[_Changed] = []
    for game, got in zip(games, answers, strict=True):
        if not isinstance(got, Collected) or not got.parsed.records[0].final:
            continue  # what was loaded stands
        verdict = judge(game, got.parsed.records[0], got)
        if verdict.rows:
            changed.append((game, verdict, got))
        else:
            task.fetches.quarantined(game["game_id"], got, verdict.reason)
            task.fetches.refuse(game["game_id"], got.source, verdict.refusals)
    return await _supersede(task, changed)


async def _supersede(task: Task, games: Sequence[_Changed]) -> int:
    if not games:
        return 0
    ids = [game["game_id"] for game, _, _ in games]
    stored: dict[str, dict[int, Row]] = {game_id: {} for game_id in ids}
    for row in await task.select("stored_boxes", game_ids=ids):
        stored[row["game_id"]][row["player_id"]] = row
    corrections: list[Row] = []
    rows: list[Row] = []
    absences: list[Row] = []
    for game, verdict, got in games:
        before = stored[game["game_id"]]
        now = {row["player_id"]: row for row in verdict.rows}
        differences = list(_differences(game, before, now, got))
        if not differences:
            continue
        corrections += differences
        rows += sorted(verdict.rows, key=itemgetter("player_id"))
        absences += verdict.absences
        _log.info("box_score_corrected", game_id=game["game_id"], numbers=len(differences))
    written = 0
    if rows:
        await task.warehouse.append("raw.corrections", await _new(task, ids, corrections))
        params = {"game_ids": sorted({row["game_id"] for row in rows})}
        scope = "game_id IN UNNEST(@game_ids)"
        await task.warehouse.replace("raw.absences", absences, scope=scope, params=params)
        written = await task.warehouse.replace("raw.player_box_scores", rows, scope=scope, params=params)
    # Entered last, other than in the steps: once the log knows a payload, an unchanged one is not sent again.
    for game, verdict, got in games:
        task.fetches.loaded(game["game_id"], got, len(verdict.rows))
    return written


async def _new(task: Task, ids: Sequence[str], corrections: Sequence[Row]) -> list[Row]:
    """Those that are not in the history yet: after a crash it has them, and the box scores are still as they were."""
    columns = itemgetter("game_id", "player_id", "field", "was", "became")
    known = {columns(row) for row in await task.select("corrections_known", game_ids=ids)}
    return [row for row in corrections if columns(row) not in known]


def _differences(game: Row, before: Mapping[int, Row], now: Mapping[int, Row], got: Collected[Any]) -> Iterator[Row]:
    """Rows of raw.corrections: numbers that changed, and players who came or went."""
    for player_id in sorted(before.keys() | now.keys()):
        was, became = before.get(player_id), now.get(player_id)
        known = became if became is not None else was
        if known is None:
            continue
        common = {
            "game_id": game["game_id"],
            "game_date": game["game_date"],
            "player_id": player_id,
            "player_name": known["player_name"],
            "fetched_at": got.fetched_at,
            "source": got.source,
        }
        if was is None or became is None:
            points = [None if row is None else float(row["points"]) for row in (was, became)]
            yield {**common, "field": _ROW, "was": points[0], "became": points[1]}
            continue
        for name in _NUMBERS if was["source"] == became["source"] else COUNTS:
            if was[name] != became[name]:
                yield {**common, "field": name, "was": _number(was[name]), "became": _number(became[name])}


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
