"""Finds players by name: leads to the one who is called so, or shows who may be meant."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from services.coordinator.page.page import Page, Redirect, Visit
from services.coordinator.page.time_machine import Links, Then, of_slate
from shared.registries.keys import Role

_SHOWN: Final = 50
"""Players at most: a letter is in the names of most."""


class FindQuery(Then):
    """Of which slate, and whose name."""

    query: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = Field(
        "", description="parts of a name, without accents or with them, or an NBA id"
    )


async def find(visit: Visit) -> Mapping[str, object]:
    """The players of a slate who are called so, else those whose names are near.

    Raises:
        Redirect: there is one.
    """
    query: FindQuery = visit.query
    slate = of_slate(query)
    links = Links(slate)
    found = await visit.get("/v1/players", query=query.query, **slate) if query.query else []
    near = bool(found) and found[0]["is_near"]
    if len(found) == 1 and not near:
        raise Redirect(links(f"/players/{found[0]['player_id']}"))
    return {
        "words": query.query,
        "found": found[:_SHOWN],
        "number": len(found),
        "near": near,
        "links": links,
        "then": query.as_of,
    }


PAGES: tuple[Page, ...] = (Page("/players", Role.VIEWER, find, "players.html", FindQuery, public=True),)
