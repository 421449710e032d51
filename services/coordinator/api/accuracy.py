"""The routes of accuracy: how good the predictions were, and what one of them says of any line."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta

from aiohttp import web

from services.coordinator.api.any_line import against
from services.coordinator.api.web import day, one_of
from services.coordinator.sql import sql
from services.coordinator.watch.leaks import suspects
from shared.basketball.slate import Mode, eastern_date
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
from shared.registries.markets import MARKETS
from shared.runtime.answers import json_response

CUTS = ("all", "tier", "month", "edge")
"""What `by` may be, beside mode, market and system, by which every answer is cut."""
TIERS = ("regular", "bench", "new")
_LOOK_BACK = timedelta(days=400)
"""A season and its summer: what is shown where no first date is asked for."""

SlateOf = Callable[[web.Request], Awaitable[tuple[date, Mode] | None]]


async def accuracy(ports: Ports, request: web.Request) -> web.Response:
    """GET /v1/accuracy?first=&last=&mode=&market=&system=&tier=&lined=&by=: the sums of every measure by date.

    The arithmetic is `shared.accuracy.report`. `suspects` names what is too good to be true.
    """
    query = request.query
    last = day(query, "last") if "last" in query else eastern_date(ports.clock.now())
    by, tier = _known(query.get("by", "all"), CUTS, "by"), query.get("tier", "")
    window: Params = {
        "first": day(query, "first") if "first" in query else last - _LOOK_BACK,
        "last": last,
        "mode": one_of(query["mode"]) if "mode" in query else "",
        "system": query.get("system", ""),
    }
    cut: Params = {
        **window,
        "market": market_of(query),
        "tier": _known(tier, TIERS, "tier") if tier else "",
        "lined": _known(query.get("lined", "false"), ("true", "false"), "lined") == "true",
        "by": by,
    }
    return json_response(
        {
            **cut,
            "sums": await ports.warehouse.query(sql("accuracy"), cut),
            "bins": await ports.warehouse.query(sql("accuracy_bins"), cut),
            "suspects": suspects(await ports.warehouse.query(sql("accuracy_leaks"), window)),
        }
    )


async def over(ports: Ports, slate_of: SlateOf, request: web.Request) -> web.Response:
    """GET /v1/predictions/over?player=&line=&market=&game_date=&mode=: the stored distributions against any line.

    `player` is an NBA id or a part of a name. One answer per current prediction: player, market and system. Predictions
    from before distributions were stored have none.
    """
    line, market = _number(request.query, "line"), market_of(request.query)
    player = request.query.get("player", "").strip().casefold()
    if not player:
        raise Permanent("query parameter player is missing", remedy="add player= with a name or an NBA id")
    key = await slate_of(request)
    if key is None:
        return json_response([])
    params = {"game_date": key[0], "mode": key[1].value, "market": market}
    rows = await ports.warehouse.query(sql("predictions"), params)
    return json_response([_answer(row, line) for row in rows if _is(row, player) and row["centre"] is not None])


def market_of(query: Mapping[str, str]) -> str:
    """The market asked for, or "" for all. Raises `Permanent` for what is none."""
    market = query.get("market", "")
    return _known(market, tuple(MARKETS), "market") if market else ""


def _number(query: Mapping[str, str], name: str) -> float:
    if name not in query:
        raise Permanent(f"query parameter {name} is missing", remedy=f"add {name}=22.5")
    try:
        number = float(query[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Permanent(f"{name}={query[name]!r} is not a number")
    return number


def _is(row: Row, player: str) -> bool:
    name = "" if row["player_name"] is None else row["player_name"].casefold()
    return player == str(row["player_id"]) or player in name


def _answer(row: Row, line: float) -> Row:
    names = ("game_date", "mode", "game_id", "player_id", "player_name", "market", "system", "shadow", "predicted_at")
    answer = against(line, centre=row["centre"], scale=row["scale"], power=row["power"])
    return {**{name: row[name] for name in names}, "mean": row["mean"], "asked_line": line, **asdict(answer)}


def _known(value: str, known: tuple[str, ...], name: str) -> str:
    if value not in known:
        raise Permanent(f"{name}={value!r} is unknown", remedy=f"one of {', '.join(known)}")
    return value
