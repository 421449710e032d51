"""What is behind the record: every pick, paged, and every graded prediction as a file."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import Field

from services.coordinator.api.answers import RecordRows
from services.coordinator.api.row_files import Kind, Rows, in_parts
from services.coordinator.page.failures import Unknown
from services.coordinator.page.page import Download, File, Page, Visit
from services.coordinator.page.record import RecordQuery, of_api
from services.coordinator.page.time_machine import Links, asked
from services.coordinator.page.views import LABELS
from shared.registries.api import CSV, MAX_WINDOW_DAYS, PARQUET
from shared.registries.keys import Role

COLUMNS: Mapping[str, Kind] = {
    "game_date": "date", "mode": "text", "game_id": "text", "player_id": "count", "player_name": "text", "team": "text",
    "opponent": "text", "market": "text", "system": "text", "run_id": "text", "tier": "text", "shadow": "flag",
    "voided": "flag", "actual": "number", "error": "number", "mean_error": "number", "crps": "number",
    "inside_80": "flag", "season_mean": "number", "ewma": "number", "rate_minutes": "number", "line": "number",
    "line_result": "text", "closing_line": "number", "p_over": "number", "p_market": "number", "edge": "number",
    "brier": "number", "market_brier": "number", "recommendation": "text", "pick_result": "text", "book": "text",
    "price": "number", "units": "number", "clv": "number", "clv_price": "number",
}  # fmt: skip
"""Of a file, as `record_rows.sql` has them."""
PICKS = 100
"""On a page."""
_PART = 10_000
"""Rows of a file that are asked for at once."""


class PicksQuery(RecordQuery):
    """Which picks, and how many newer ones are left out."""

    offset: int = Field(0, ge=0, le=10_000_000)


async def _cut(visit: Visit) -> dict[str, str]:
    """What of the record is meant: a definite mode, system and window, as the route of the rows takes them.

    Raises:
        Unknown: nothing of that kind is graded, or rows as they were known at an instant are asked for.
    """
    query: RecordQuery = visit.query
    if query.as_of is not None:
        words = "rows are shown as they are graded today, not as they were known at an instant"
        raise Unknown(words, suggestions=[("the record of that instant", Links(asked(query))("/record"))])
    found = await visit.get("/v1/record", **{**of_api(query), "by": "all"})
    if found["first"] is None:
        raise Unknown("nothing of that kind is graded", suggestions=[("the whole record", "/record")])
    last = date.fromisoformat(found["last"])
    first = max(date.fromisoformat(found["first"]), last - timedelta(days=MAX_WINDOW_DAYS - 1))
    cut = {"first": str(first), "last": str(last), "mode": found["mode"]}
    chosen = {"system": found["system"], "market": query.market, "tier": query.tier}
    return cut | {name: value for name, value in chosen.items() if value}


async def picks(visit: Visit) -> Mapping[str, object]:
    """Graded picks, the newest slate first."""
    query: PicksQuery = visit.query
    cut = await _cut(visit)
    part: RecordRows = await visit.get("/v1/record/rows", **cut, picks=True, limit=PICKS, offset=query.offset)
    if query.offset and not part["rows"]:
        raise Unknown("there is no pick that old", suggestions=[("the newest picks", "/record/picks")])
    return {
        "cut": cut,
        "part": part,
        "offset": query.offset,
        "page_length": PICKS,
        "labels": LABELS,
        "links": Links({name: value for name, value in asked(query).items() if name != "offset" and value != "all"}),
        "people": Links({"mode": cut["mode"]}),
    }


async def _parts(visit: Visit, cut: Mapping[str, str], first: RecordRows) -> AsyncIterator[Rows]:
    part = first
    yield part["rows"]
    while part["next_offset"] is not None:
        part = await visit.get("/v1/record/rows", **cut, limit=_PART, offset=part["next_offset"])
        yield part["rows"]


async def rows(kind: Literal["csv", "parquet"], visit: Visit) -> File:
    """Every graded prediction of a cut, the newest slate first."""
    cut = await _cut(visit)
    first: Any = await visit.get("/v1/record/rows", **cut, limit=_PART)
    parts = _parts(visit, cut, first)
    name = f"record-{cut['mode']}-{cut['first']}-{cut['last']}.{kind}"
    media = CSV if kind == "csv" else PARQUET
    return File(name, media, in_parts(media, parts, COLUMNS))


PAGES: tuple[Page, ...] = (Page("/record/picks", Role.VIEWER, picks, "picks.html", PicksQuery),)
DOWNLOADS: tuple[Download, ...] = tuple(
    Download(f"/record/rows.{kind}", Role.VIEWER, partial(rows, kind), RecordQuery) for kind in ("csv", "parquet")
)
"""Neither is public: what is shown to everybody asks the warehouse nothing."""
