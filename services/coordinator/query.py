"""What the routes share: query parameters, read strictly, and JSON answers."""

import json
import math
from collections.abc import Mapping
from datetime import date

from aiohttp import web

from shared.errors import Permanent
from shared.markets import MARKETS
from shared.slate import Mode


def json_(data: object, status: int = 200) -> web.Response:
    """One JSON document; dates and instants as ISO text."""
    return web.json_response(data, status=status, dumps=lambda value: json.dumps(value, default=str))


def mode_of(mode: str) -> str:
    """A mode's name. Raises `Permanent` for what is none."""
    if mode not in set(Mode):
        raise Permanent(f"mode {mode!r} is unknown", remedy=f"one of {', '.join(Mode)}")
    return mode


def market_of(query: Mapping[str, str]) -> str:
    """The market asked for, or "" for all. Raises `Permanent` for what is none."""
    market = query.get("market", "")
    if market and market not in MARKETS:
        raise Permanent(f"market {market!r} is unknown", remedy=f"one of {', '.join(MARKETS)}")
    return market


def day_of(query: Mapping[str, str], name: str) -> date:
    """A date that must be given. Raises `Permanent`."""
    try:
        return date.fromisoformat(query[name])
    except KeyError as error:
        raise Permanent(f"query parameter {name} is missing", remedy=f"add {name}=YYYY-MM-DD") from error
    except ValueError as error:
        raise Permanent(f"{name}={query[name]!r} is not a date", remedy="write it as YYYY-MM-DD") from error


def number_of(query: Mapping[str, str], name: str) -> float:
    """A finite number that must be given. Raises `Permanent`."""
    try:
        number = float(query[name])
    except KeyError as error:
        raise Permanent(f"query parameter {name} is missing", remedy=f"add {name}=22.5") from error
    except ValueError as error:
        raise Permanent(f"{name}={query[name]!r} is not a number") from error
    if not math.isfinite(number):
        raise Permanent(f"{name}={query[name]!r} is not a number")
    return number
