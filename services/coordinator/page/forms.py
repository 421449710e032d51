"""Fields of forms: read, checked, and kept for whoever has to sign in before they count."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, get_origin

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

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
    given = gathered([pair for pair in fields if pair[0] not in (TOKEN, ONCE)], action.form)
    with refusing():
        return action.form.model_validate(given)


def gathered(pairs: Iterable[tuple[str, str]], model: type[BaseModel]) -> dict[str, object]:
    """Pairs by name, without those that are left empty; what the model has as a tuple may come several times.

    Raises:
        Refusal: another comes twice.
    """
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if value != "":
            found.setdefault(name, []).append(value)
    many = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple}
    twice = next((name for name, values in found.items() if len(values) > 1 and name not in many), None)
    if twice is not None:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{twice} is given twice", "give it once")
    return {name: tuple(values) if name in many else values[0] for name, values in found.items()}


def packed(fields: Fields) -> str:
    """Fields as one hidden field."""
    return _FIELDS.dump_json(entered(fields)).decode()


def unpacked(text: str) -> Fields:
    """The same back; none where it was changed on the way into something else."""
    try:
        return _FIELDS.validate_json(text)
    except ValidationError:
        return []
