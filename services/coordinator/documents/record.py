"""The record is written down when grades have changed: sums by month, and the graded picks of each slate.

A month's document holds the sums of all its slates, by date, so that any cut of the record is added up without a
warehouse, and names the newest document of picks of each slate. Late corrections make a new one; what was known before
stays readable.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from pydantic_core import to_json

from services.coordinator.documents import keys
from services.coordinator.documents.games import Picks, Publication
from services.coordinator.documents.store import put_once, read
from services.coordinator.sql import sql
from shared.ports import Archive, Params, Ports, Row

_CORRECTED: Final = timedelta(days=31)
"""So far back grades may have changed; the first time, all of a season is written down."""
_SEASON: Final = timedelta(days=400)
_DIGITS: Final = 6
"""Decimals of sums: engines add floats in any order, and what did not change must look as before."""
_EDGE_KEY: Final = ("game_date", "market", "system", "tier", "edge_size")
_INSTANT: Final = timedelta(microseconds=1)

Columns = dict[str, list[Any]]


async def write(published: Publication, ports: Ports) -> int:
    """Write what has changed up to the eve of a slate; returns how many months had."""
    archive, mode = ports.archive, published.mode.value
    there = await archive.list(keys.record(mode))
    before = keys.newest(there, published.at - _INSTANT)
    eve = published.game_date - timedelta(days=1)
    first = (eve - (_CORRECTED if before else _SEASON)).replace(day=1)
    last = (eve.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    everything: Params = {"market": "", "system": "", "tier": "", "lined": False, "by": "edge"}
    cut: Params = {"first": first, "last": last, "mode": mode, **everything}
    sums = _by_month(await ports.warehouse.query(sql("documents/record_sums"), cut))
    if not sums:
        return 0
    bins = _by_month(await ports.warehouse.query(sql("documents/record_bins"), cut))
    picks = _by_month(await ports.warehouse.query(sql("documents/record_picks"), cut))
    stamp = keys.stamped(published.at, published.run_id)
    written: dict[str, dict[str, Any]] = {}
    for month, of_month in sums.items():
        folder = f"{keys.record(mode)}{month}"
        newest = await read(archive, before[folder]) if folder in before else {"slates": {}}
        known = {
            "mode": mode,
            "month": month,
            "sums": _columns(of_month),
            "bins": _columns(bins[month]),
            "edges": _columns(_edges(picks[month])),
            "slates": await _slates(published, picks[month], newest["slates"], archive),
        }
        if any(newest.get(name) != value for name, value in known.items()):
            written[f"{folder}/{stamp}"] = {"recorded_at": published.at, "run_id": published.run_id, **known}
    await put_once(archive, written, there)
    return len(written)


async def _slates(
    published: Publication, picks: Sequence[Row], before: Mapping[str, Any], archive: Archive
) -> dict[str, dict[str, str]]:
    """Slate -> where its picks lie: where they lay before, unless they have changed."""
    by_date: defaultdict[str, list[Row]] = defaultdict(list)
    for row in picks:
        by_date[str(row["game_date"])].append(row)
    found, written = {}, {}
    stamp = keys.stamped(published.at, published.run_id)
    for day, rows in by_date.items():
        columns = _columns(rows)
        digest = hashlib.sha256(to_json(columns)).hexdigest()
        if day in before and before[day]["digest"] == digest:
            found[day] = dict(before[day])
            continue
        prefix = keys.picks(published.mode.value, day)
        written[f"{prefix}{stamp}"] = columns
        found[day] = {"key": f"{prefix}{stamp}", "digest": digest}
    await put_once(archive, written, await archive.list(keys.picks(published.mode.value)) if written else ())
    return found


async def picks_so_far(archive: Archive, published: Publication) -> Picks:
    """How the picks of earlier slates have done, by system, market and size of the edge, as known at a publication."""
    months = keys.newest(await archive.list(keys.record(published.mode.value)), published.at).values()
    found: defaultdict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for key in months:
        edges = (await read(archive, key))["edges"]
        names = ("game_date", "system", "market", "edge_size", "picks", "picks_won")
        for day, system, market, size, picks, won in zip(*(edges[name] for name in names), strict=True):
            if day < str(published.game_date):
                had, had_won = found[system, market, size]
                found[system, market, size] = (had + picks, had_won + won)
    return dict(found)


def _by_month(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[f"{row['game_date']:%Y-%m}"].append(row)
    return found


PICK_SUMS: Final = ("picks", "picks_won", "picks_returned", "units_n", "units", "clv_n", "clv")
_PICKS_OF_NONE: Final = (*_EDGE_KEY, *PICK_SUMS)


def _edges(picks: Sequence[Row]) -> list[Row]:
    """Sums of picks by date, market, system and size of the edge."""
    found: defaultdict[tuple[Any, ...], dict[str, float]] = defaultdict(lambda: dict.fromkeys(PICK_SUMS, 0))
    for row in picks:
        sums = found[tuple(row[name] for name in _EDGE_KEY)]
        decided = row["result"] in ("won", "lost")
        sums["picks"] += decided
        sums["picks_won"] += row["result"] == "won"
        sums["picks_returned"] += not decided
        for name in ("units", "clv"):
            if row[name] is not None:
                sums[f"{name}_n"] += 1
                sums[name] += row[name]
    return [dict(zip(_EDGE_KEY, key, strict=True)) | sums for key, sums in sorted(found.items())]


def _columns(rows: Sequence[Row]) -> Columns:
    """The rows by column, as JSON has them."""
    names = list(rows[0]) if rows else list(_PICKS_OF_NONE)
    return {name: [_plain(row[name]) for row in rows] for name in names}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    if isinstance(value, float):
        return round(value, _DIGITS)
    return str(value) if isinstance(value, date) else value
