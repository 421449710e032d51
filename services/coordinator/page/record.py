"""The record: how good what was published has been, by what one likes, always with N and interval."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from markupsafe import Markup
from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from services.coordinator.api.queries import Market
from services.coordinator.api.route import Query
from services.coordinator.documents.record_shapes import Record, RecordCell
from services.coordinator.page import record_charts
from services.coordinator.page.charts import Span
from services.coordinator.page.page import Page, Visit
from services.coordinator.page.record_charts import Bin
from services.coordinator.page.time_machine import Instant, Links, asked, local
from services.coordinator.page.views import LABELS
from shared.accuracy import REFERENCES
from shared.basketball.slate import Mode
from shared.registries.keys import Role
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

CUTS = ("all", "market", "system", "tier", "month", "edge", "mode")
"""What the record can be cut by."""
TIERS = ("regular", "bench", "new")
_BREAK_EVEN = 110 / 210
"""Hit rate that breaks even at -110, the usual price."""


def _month(given: object) -> object:
    """A month as `YYYY-MM`."""
    try:
        date.fromisoformat(f"{given}-01")
    except ValueError:
        raise PydanticCustomError("month", "{given} is no month: write it as YYYY-MM", {"given": given}) from None
    return given


class RecordQuery(Query):
    """Which graded predictions."""

    mode: Mode | None = None
    system: Annotated[str, StringConstraints(max_length=64)] | None = None
    market: Market | None = None
    tier: Literal["regular", "bench", "new"] | None = None
    month: Annotated[str, BeforeValidator(_month)] | None = None
    by: Literal["all", "market", "system", "tier", "month", "edge", "mode"] = "all"
    as_of: Instant | None = None


async def record(visit: Visit) -> Mapping[str, object]:
    """The record as it was known at an instant."""
    query: RecordQuery = visit.query
    return view(await visit.get("/v1/record", **of_api(query)), query)


def of_api(query: RecordQuery) -> dict[str, str]:
    """The same, as the routes of the API are asked: a month is its two ends."""
    given = {name: value for name, value in asked(query).items() if name not in {"month", "offset"}}
    if query.month is not None:
        year, month = (int(each) for each in query.month.split("-"))
        given |= {"first": f"{query.month}-01", "last": f"{query.month}-{monthrange(year, month)[1]}"}
    return given


def view(found: Record, query: RecordQuery) -> Mapping[str, object]:
    """What the template shows of the record."""
    cells = found["cells"]
    one = cells[0] if len(cells) == 1 else None
    links = Links({name: value for name, value in asked(query).items() if value != "all"})
    return {
        "found": found,
        "cells": cells,
        "one": one,
        "hits": record_charts.intervals(
            _spans(cells, "hit_rate"),
            reference=100 * _BREAK_EVEN,
            name="Picks won, %, with 95 % intervals; the line breaks even at -110",
        ),
        "profits": record_charts.intervals(
            _spans(cells, "units"), reference=0.0, name="Profit per unit staked, %, with 95 % intervals"
        ),
        "calibration": None if one is None else record_charts.calibration(_bins(one)),
        "errors": None if one is None else _errors(one),
        "query": query,
        "labels": LABELS,
        "references": REFERENCES,
        "picks": found["picks"],
        "links": links,
        "people": Links({} if query.as_of is None else {"as_of": query.as_of.isoformat()}),
        "then": query.as_of,
        "then_field": local(query.as_of or datetime.fromisoformat(found["as_of"])),
        "choices": {
            "mode": [mode.value for mode in Mode],
            "system": list(SYSTEMS),
            "market": list(MARKETS),
            "tier": list(TIERS),
            "by": list(CUTS),
        },
    }


def _spans(cells: Sequence[RecordCell], measure: Literal["hit_rate", "units"]) -> list[Span]:
    """A measure of every cell that has it, in percent."""
    spans = []
    for cell in cells:
        value, low, high = (
            None if each is None else 100.0 * each
            for each in (cell[measure]["value"], cell[measure]["low"], cell[measure]["high"])
        )
        if value is not None:
            label = LABELS.get(cell["label"], cell["label"].replace("_", " "))
            spans.append(Span(label, value, low, high, f"N {cell[measure]['n']:,}"))
    return spans


def _bins(cell: RecordCell) -> list[Bin]:
    return [
        Bin(
            each["p_over"],
            each["over_rate"],
            each["n"],
            each["over_rate"] if each["low"] is None else each["low"],
            each["over_rate"] if each["high"] is None else each["high"],
        )
        for each in cell["bins"]
    ]


def _errors(cell: RecordCell) -> Markup | None:
    spans = [
        Span(each["reference"], value, measured["low"], measured["high"], f"N {measured['n']:,}")
        for each in cell["against"]
        for measured in [each["difference"]]
        if (value := measured["value"]) is not None
    ]
    if not spans:
        return None
    return record_charts.intervals(
        spans, reference=0.0, name="Error minus each reference's: left of the line is better"
    )


PAGES: tuple[Page, ...] = (Page("/record", Role.VIEWER, record, "record.html", RecordQuery, public=True),)
