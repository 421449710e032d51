"""The routes of accuracy: how good the predictions were, and what one of them says of any line."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial

from services.coordinator.api.answers import Accuracy, WarehouseRow
from services.coordinator.api.any_line import against
from services.coordinator.api.matching import predictions
from services.coordinator.api.queries import AccuracyQuery, OverQuery, SlateQuery
from services.coordinator.api.route import Asked, Route
from services.coordinator.sql import sql
from services.coordinator.watch.leaks import suspects
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Params, Ports, Row
from shared.registries.keys import Role

_LOOK_BACK = timedelta(days=400)
"""A season and its summer: what is shown where no first date is asked for."""

SlateOf = Callable[[SlateQuery], Awaitable[tuple[date, Mode] | None]]


def routes(ports: Ports, slate_of: SlateOf) -> list[Route]:
    """Both."""
    return [
        Route("GET", "/v1/accuracy", Role.VIEWER, partial(accuracy, ports), Accuracy, AccuracyQuery),
        Route(
            "GET", "/v1/predictions/over", Role.VIEWER, partial(over, ports, slate_of), list[WarehouseRow], OverQuery
        ),
    ]


async def accuracy(ports: Ports, asked: Asked) -> Row:
    """The sums of every measure by date, and what is too good to be true.

    The arithmetic is `shared.accuracy.report`.
    """
    query: AccuracyQuery = asked.query
    last = query.last or eastern_date(ports.clock.now())
    window: Params = {
        "first": query.first or last - _LOOK_BACK,
        "last": last,
        "mode": "" if query.mode is None else query.mode.value,
        "system": query.system,
    }
    cut: Params = {
        **window,
        "market": query.market or "",
        "tier": query.tier or "",
        "lined": query.lined,
        "by": query.by,
    }
    return {
        **cut,
        "sums": await ports.warehouse.query(sql("accuracy"), cut),
        "bins": await ports.warehouse.query(sql("accuracy_bins"), cut),
        "suspects": suspects(await ports.warehouse.query(sql("accuracy_leaks"), window)),
    }


async def over(ports: Ports, slate_of: SlateOf, asked: Asked) -> list[Row]:
    """What the stored distributions say of any line: one answer per player, market and system.

    Predictions from before distributions were stored have none.
    """
    query: OverQuery = asked.query
    key = await slate_of(query)
    if key is None:
        return []
    rows = await predictions(ports.warehouse, key, query)
    return [_answer(row, query.line) for row in rows if row["centre"] is not None]


def _answer(row: Row, line: float) -> Row:
    names = ("game_date", "mode", "game_id", "player_id", "player_name", "market", "system", "shadow", "predicted_at")
    answer = against(line, centre=row["centre"], scale=row["scale"], power=row["power"])
    return {**{name: row[name] for name in names}, "mean": row["mean"], "asked_line": line, **asdict(answer)}
