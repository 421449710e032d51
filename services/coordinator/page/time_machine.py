"""The time machine: an instant that is looked back to, and addresses of pages that keep it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from markupsafe import Markup, escape
from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Query
from shared.basketball.slate import EASTERN, Mode


def _instant(given: object) -> object:
    """What a form or a person writes: without a zone it is Eastern time, as everything the page shows."""
    if not isinstance(given, str):
        return given
    try:
        # A plus sign that nobody escaped arrives as a space.
        at = datetime.fromisoformat(
            given.strip().replace(" ", "+") if given.count(" ") == 1 and "T" in given else given
        )
    except ValueError:
        words = "{given} is no instant: write it as 2026-01-05T17:30 (Eastern time)"
        raise PydanticCustomError("instant", words, {"given": given}) from None
    return at.replace(tzinfo=EASTERN) if at.tzinfo is None else at


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]


class Then(Query):
    """A slate as it was known at an instant."""

    game_date: Slate | None = Field(None, description="default: today's")
    mode: Mode | None = Field(None, description="default: the one that was run")
    as_of: Instant | None = Field(None, description="default: now")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages."""

    kept: Mapping[str, str]
    """What each of them keeps."""

    def __call__(self, path: str, **query: object) -> str:
        """The address of a page: what is kept, and what is asked; None is left out, also of what is kept."""
        asked = {**self.kept, **query}
        written = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path}?{written}" if written else path

    def fields(self, *without: str) -> Markup:
        """Hidden fields of a form that keeps what a link keeps, but for those that the form asks for itself."""
        return Markup("").join(
            Markup('<input type="hidden" name="{}" value="{}">').format(escape(name), escape(value))
            for name, value in self.kept.items()
            if name not in without
        )


def asked(query: Query) -> dict[str, str]:
    """What was asked for, as a link or a route of the API has it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in query.model_dump().items()
        if value is not None
    }


def of_slate(query: Then) -> dict[str, str]:
    """The same of the slate and the instant alone."""
    return {name: value for name, value in asked(query).items() if name in Then.model_fields}


def local(at: datetime) -> str:
    """An instant as a field of type `datetime-local` has it, Eastern."""
    return f"{at.astimezone(EASTERN):%Y-%m-%dT%H:%M}"
