"""What the coordinator's routes share: reading a query, writing JSON."""

import json
from collections.abc import Mapping
from datetime import date

from aiohttp import web

from shared.basketball.slate import Mode
from shared.errors import Permanent


def json_response(data: object, status: int = 200) -> web.Response:
    """Data as JSON; dates and instants as ISO text."""
    return web.json_response(data, status=status, dumps=lambda value: json.dumps(value, default=str))


def one_of(mode: str) -> str:
    """The name of a mode, or `Permanent` with the names there are."""
    if mode not in set(Mode):
        raise Permanent(f"mode {mode!r} is unknown", remedy=f"one of {', '.join(Mode)}")
    return mode


def mode_of(query: Mapping[str, str]) -> Mode:
    """The query's mode; overnight where it names none."""
    return Mode(one_of(query.get("mode", Mode.OVERNIGHT.value)))


def day(query: Mapping[str, str], name: str) -> date:
    """A date of the query, or `Permanent` saying how to write one."""
    try:
        return date.fromisoformat(query[name])
    except KeyError as error:
        raise Permanent(f"query parameter {name} is missing", remedy=f"add {name}=YYYY-MM-DD") from error
    except ValueError as error:
        raise Permanent(f"{name}={query[name]!r} is not a date", remedy="write it as YYYY-MM-DD") from error
