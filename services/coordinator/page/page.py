"""A page and a form, declared: who may see or send it, what it takes, what it shows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.coordinator.api.inside import Inside, pattern
from services.coordinator.api.route import Query
from shared.registries.keys import Role
from shared.runtime.access import Caller

VISITOR = Caller("everybody without a session", Role.VIEWER)
"""Who has not signed in, on a page that is public."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at a page."""

    caller: Caller
    query: Any
    """As the page's `query` has it."""
    path: Mapping[str, str]
    """The variable parts of the path."""
    reader: Inside
    now: datetime
    """The business instant."""
    live: bool = False
    """Only the live part is wanted."""

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - whatever the route answers
        """What a route of the typed API answers the caller: `visit.get("/v1/runs", mode="overnight")`."""
        return await self.reader.get(path, self.caller, **query)

    async def preview(self, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
        """What a route of the typed API would do for the caller: nothing is written."""
        return await self.reader.post(path, self.caller, {**body, "dry_run": True})


class Redirect(Exception):  # noqa: N818 - no error: it is what a handler has found
    """What was asked for is another page, to which the visitor is led."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Page:
    """One page. Its handler reads through `Visit.get` and answers what the template needs, or raises `Redirect`."""

    path: str
    role: Role
    handler: Callable[[Visit], Awaitable[Mapping[str, object]]]
    template: str
    query: type[Query] = Query
    public: bool = False
    """Whether the setting `public_pages` opens it to everybody."""
    live: str = ""
    """Template of the part that is kept up to date while somebody looks; empty: none.

    It is rendered once for all callers of a role, so that nothing in it may depend on who looks.
    """
    every: float = 2.0
    """Seconds between two looks at the live part: more where it takes statements of the warehouse."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that is sent part by part, as it is made."""

    name: str
    kind: str
    """Its media type."""
    parts: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Download:
    """A file that may be asked for, declared as a page is."""

    path: str
    role: Role
    handler: Callable[[Visit], Awaitable[File]]
    query: type[Query] = Query
    public: bool = False


class Form(BaseModel):
    """The fields of a form. A field that may come several times is a tuple."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Sent:
    """Somebody has sent a form."""

    caller: Caller
    form: Any
    """As the action's `form` has it."""
    path: Mapping[str, str]
    reader: Inside
    now: datetime
    """The business instant."""
    once: str
    """The form's own id: sent twice, it counts once."""

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - whatever the route answers
        """What a route of the typed API answers the caller."""
        return await self.reader.get(path, self.caller, **query)

    async def post(self, path: str, body: Mapping[str, object], part: str = "") -> Any:  # noqa: ANN401 - whatever the route answers
        """What a route of the typed API does for the caller; `part` tells several requests of one form apart."""
        return await self.reader.post(path, self.caller, body, once=f"{self.once}{part}")


@dataclass(frozen=True, slots=True)
class Action:
    """What a form does: its handler answers where to go then."""

    path: str
    role: Role
    handler: Callable[[Sent], Awaitable[str]]
    form: type[Form]
    does: str
    """In a few words, for whoever has to sign in again before it is done: "redo a step"."""

    def fits(self, path: str) -> bool:
        """Whether it is what a path does."""
        return pattern(self.path).fullmatch(path) is not None
