"""How ESPN writes things: ids of its own, team abbreviations, slugs, stamps without seconds."""

import re
from datetime import UTC, datetime
from typing import Any

from devstack.upstream.wire import nba_city, nba_name
from shared.basketball.identity import TEAMS

_ABBREVIATIONS = {"GSW": "GS", "NOP": "NO", "NYK": "NY", "SAS": "SA", "UTA": "UTAH", "WAS": "WSH"}
_ATHLETES, _EVENTS = 9_999_991, 99_999_989
"""Primes above every NBA player id and every game id: no two ids collide."""


def athlete_id(nba_id: int) -> str:
    """An id of ESPN's own for a player."""
    return str(nba_id * 6007 % _ATHLETES)


def event_id(game_id: str) -> str:
    """An id of ESPN's own for a game."""
    return str(400_000_000 + int(game_id) * 6007 % _EVENTS)


def slug_of(name: str) -> str:
    """`jaylen-brown`."""
    return "-".join(re.sub(r"[^a-z ]", "", name.casefold()).split())


def stamp(instant: datetime) -> str:
    """`2026-05-02T23:30Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def team(tricode: str) -> dict[str, Any]:
    """What every endpoint says of a team."""
    known = TEAMS[tricode]
    return {
        "id": known.espn_id,
        "uid": f"s:40~l:46~t:{known.espn_id}",
        "location": nba_city(known),
        "name": known.name,
        "abbreviation": _ABBREVIATIONS.get(tricode, tricode),
        "displayName": nba_name(known),
        "shortDisplayName": known.name,
        "color": "000000",
        "alternateColor": "ffffff",
        "isActive": True,
    }
