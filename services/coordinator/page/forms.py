"""Fields of forms: read, checked, and kept for whoever has to sign in before they count."""

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from services.coordinator.api.route import BODY_SECONDS, refusing
from services.coordinator.page.page import Action, Form
from shared.runtime.answers import Refusal

TOKEN: Final = "csrf"  # noqa: S105 - the name of a field
ONCE: Final = "once"
Fields = list[tuple[str, str]]
_FIELDS: TypeAdapter[Fields] = TypeAdapter(Fields)


async def read(request: web.Request) -> Fields:
    """The fields of a request, in order; files are none."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            found = await request.post()
    except TimeoutError as error:
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the form did not come in {BODY_SECONDS:.0f} s") from error
    return [(name, value) for name, value in found.items() if isinstance(value, str)]


def one(fields: Fields, name: str) -> str:
    """A field that comes once; empty where it does not come."""
    return next((value for given, value in fields if given == name), "")


def entered(fields: Fields) -> Fields:
    """What somebody has entered: the fields without the token, which is the page's."""
    return [(name, value) for name, value in fields if name != TOKEN]


def checked(action: Action, fields: Fields) -> Form:
    """The fields as the action has them.

    Raises:
        Refusal: they do not fit.
    """
    given: dict[str, str | tuple[str, ...]] = {}
    for name, value in fields:
        if name in (TOKEN, ONCE):
            continue
        before = given.get(name, ())
        given[name] = value if before == () else (*((before,) if isinstance(before, str) else before), value)
    with refusing():
        return action.form.model_validate({name: value for name, value in given.items() if value != ""})


def packed(fields: Fields) -> str:
    """Fields as one hidden field."""
    return _FIELDS.dump_json(entered(fields)).decode()


def unpacked(text: str) -> Fields:
    """The same back; none where it was changed on the way into something else."""
    try:
        return _FIELDS.validate_json(text)
    except ValidationError:
        return []
