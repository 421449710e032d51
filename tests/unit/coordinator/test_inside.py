"""`api.inside`: readings are answered without HTTP, as over it."""

import json
from http import HTTPStatus

from services.coordinator.api.inside import OWNER, Inside
from services.coordinator.api.once import Once
from services.coordinator.api.route import Asked, Body, Listing, Route
from shared.registries.keys import Role
from shared.runtime.answers import Refusal
from tests.unit.coordinator.memory import memory_ports


async def rows(_: Asked) -> list[dict[str, int]]:
    """Numbers, in rows."""
    return [{"n": 1}, {"n": 2}]


async def things(asked: Asked) -> list[int]:
    """Numbers."""
    assert asked.caller == OWNER
    return list(range(5))


async def thing(asked: Asked) -> dict[str, str]:
    """A thing by name, or a refusal."""
    if asked.path["name"] == "none":
        raise Refusal(HTTPStatus.NOT_FOUND, "no thing none", "GET /v1/things lists them")
    return dict(asked.path)


ROUTES = Inside(
    [
        Route("GET", "/v1/things", Role.VIEWER, things, list[int], Listing),
        Route("GET", "/v1/rows", Role.VIEWER, rows, list[dict[str, int]], Listing),
        Route("GET", "/v1/things/{name}", Role.VIEWER, thing, dict[str, str]),
        Route("POST", "/v1/things", Role.OPERATOR, things, list[int], body=Body),
        Route("POST", "/v1/changed", Role.OPERATOR, things, list[int], body=Body),
    ],
    Once(memory_ports()),
)


async def test_a_list_comes_in_parts() -> None:
    """Each says where the next begins, and the last that there is none."""
    first = await ROUTES.answered("/v1/things", {"limit": "3"})
    assert (first.status, json.loads(first.body)) == (200, [0, 1, 2])
    assert first.following == {"limit": "3", "offset": "3"}
    last = await ROUTES.answered("/v1/things", first.following)
    assert (json.loads(last.body), last.following) == ([3, 4], None)


async def test_rows_come_as_a_file_too() -> None:
    """With how many they are; where there is no such format, that is refused."""
    file = await ROUTES.answered("/v1/rows", {}, "text/csv")
    assert (file.body, file.rows, file.following) == (b"n\r\n1\r\n2\r\n", 2, None)
    assert (await ROUTES.answered("/v1/things", {}, "text/csv")).status == HTTPStatus.NOT_ACCEPTABLE


async def test_a_path_has_variable_parts() -> None:
    """Of one segment each."""
    assert json.loads((await ROUTES.answered("/v1/things/a.b", {})).body) == {"name": "a.b"}
    assert (await ROUTES.answered("/v1/things/a/b", {})).status == HTTPStatus.NOT_FOUND


async def test_refusals_are_answers() -> None:
    """A handler's own, a query that is not declared, a path that nothing reads."""
    assert json.loads((await ROUTES.answered("/v1/things/none", {})).body)["remedy"] == "GET /v1/things lists them"
    wrong = await ROUTES.answered("/v1/things", {"limit": "many"})
    assert (wrong.status, b"limit" in wrong.body) == (HTTPStatus.BAD_REQUEST, True)
    assert (await ROUTES.answered("/v1/changed", {})).status == HTTPStatus.NOT_FOUND
