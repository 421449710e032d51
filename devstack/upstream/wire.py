"""How the upstreams write things: stamps, clocks, shares, team names. And what an endpoint answers."""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from shared.basketball.identity import Team
from shared.basketball.slate import EASTERN

JSON_TYPE = "application/json; charset=utf-8"
NBA_CITIES = {"LAC": "LA"}
"""Cities as the NBA, ESPN and BallDontLie write them, where that is not the franchise's city."""
NBA_SLUGS = {"PHI": "sixers", "POR": "blazers"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An endpoint's true answer, before any fault."""

    body: bytes
    status: int = 200
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    cost: int = 0
    """Credits that it takes from the key that asked."""

    @classmethod
    def json(
        cls, payload: object, *, status: int = 200, headers: Mapping[str, str] | None = None, cost: int = 0
    ) -> "Answer":
        """An answer in compact JSON."""
        return cls(dumps(payload), status, headers=headers if headers is not None else {}, cost=cost)


Endpoint = Callable[[web.Request, datetime], Answer]
"""What is answered to a request at an instant."""


def dumps(payload: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def stats_table(
    resource: str, parameters: Mapping[str, object], name: str, headers: Sequence[str], rows: str
) -> Answer:
    """A result of stats.nba.com: headers, and rows already written as JSON (without the outer brackets)."""
    head = dumps({"resource": resource, "parameters": parameters})[:-1]
    result = dumps({"name": name, "headers": headers})[:-1] + b',"rowSet":[' + rows.encode() + b"]}"
    return Answer(head + b',"resultSets":[' + result + b"]}")


def utc(instant: datetime) -> str:
    """`2024-03-05T00:30:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def eastern(instant: datetime) -> str:
    """The Eastern wall clock with the `Z` that the NBA's schedule puts behind it."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(instant: datetime) -> str:
    """`Tue, 05 Mar 2024 03:30:00 GMT`."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def share(made: int | None, attempted: int | None, digits: int | None = None) -> float | None:
    """Made of attempted, rounded; None without an attempt."""
    if made is None or not attempted:
        return None
    return made / attempted if digits is None else round(made / attempted, digits)


def split_name(name: str) -> tuple[str, str]:
    """(first name, family name): the family name keeps its suffix; a single name is the family's."""
    first, _, family = name.partition(" ")
    return (first, family) if family else ("", first)


def initialled(name: str) -> str:
    """`T. Young`."""
    first, family = split_name(name)
    return f"{first[:1]}. {family}" if first else family


def plain(name: str) -> str:
    """A name without diacritics, as the official injury report writes it."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def nba_city(team: Team) -> str:
    """The city in the NBA's own feeds."""
    return NBA_CITIES.get(team.tricode, team.city)


def nba_name(team: Team) -> str:
    """The full name in the NBA's, ESPN's and BallDontLie's feeds: `LA Clippers`."""
    return f"{nba_city(team)} {team.name}"


def nba_slug(team: Team) -> str:
    """`blazers`."""
    return NBA_SLUGS.get(team.tricode, team.name.casefold())


def venue(arena: str) -> tuple[str, str, str]:
    """(name, city, state) of an arena written "name, city, state"; the state as its postal abbreviation."""
    name, _, place = arena.partition(", ")
    city, _, state = place.partition(", ")
    return name, city, _POSTAL.get(state, state)


_POSTAL = {
    "Arizona": "AZ",
    "California": "CA",
    "Colorado": "CO",
    "District of Columbia": "DC",
    "Florida": "FL",
    "Georgia": "GA",
    "Illinois": "IL",
    "Indiana": "IN",
    "Louisiana": "LA",
    "Massachusetts": "MA",
    "Michigan": "MI",
    "Minnesota": "MN",
    "Nevada": "NV",
    "New York": "NY",
    "North Carolina": "NC",
    "Ohio": "OH",
    "Oklahoma": "OK",
    "Ontario": "ON",
    "Oregon": "OR",
    "Pennsylvania": "PA",
    "Tennessee": "TN",
    "Texas": "TX",
    "Utah": "UT",
    "Washington": "WA",
    "Wisconsin": "WI",
}
