"""The OpenAPI document of the routes, and their table in docs/coordinator.md: both made from the declarations.

`python -m services.coordinator.api.openapi` writes the table; a test holds it and the page together.
https://spec.openapis.org/oas/v3.1.0
"""

import sys
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs
from pydantic import TypeAdapter

from services.coordinator.api import sign_in_links
from services.coordinator.api.keys import KeyRoutes
from services.coordinator.api.names import NameRoutes
from services.coordinator.api.once import KEY_HEADER
from services.coordinator.api.operations import Operations
from services.coordinator.api.report import ReportRoutes
from services.coordinator.api.route import Asked, Body, Listing, Query, Route
from services.coordinator.api.routes import Api
from services.coordinator.api.step_log import StepLogRoutes
from shared.registries.api import API_VERSION, CSV, PARQUET, ROWS
from shared.registries.keys import Role

_ERROR = {
    "type": "object",
    "required": ["error", "remedy"],
    "properties": {"error": {"type": "string"}, "remedy": {"type": "string"}},
    "description": "What is wrong, and what to do.",
}
_REFUSED = {"$ref": "#/components/schemas/Error"}
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "It is malformed, or asks for what cannot be.",
    HTTPStatus.UNAUTHORIZED: "Nobody is known by this credential.",
    HTTPStatus.FORBIDDEN: "The caller's role is too low.",
    HTTPStatus.TOO_MANY_REQUESTS: "The caller asks too fast, or too many runs are at work.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The answer cannot be had at present, or takes too long.",
}
_REFUSED_CHANGES = {
    HTTPStatus.REQUEST_TIMEOUT: "The body comes too slowly.",
    HTTPStatus.CONFLICT: "The same request is at work.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: f"The {KEY_HEADER} was given for another request.",
}
_REFUSED_READINGS = {HTTPStatus.NOT_ACCEPTABLE: "There is no such format; the remedy names those there are."}
_FILES: dict[str, Any] = {
    CSV: {"type": "string", "description": "A line for each row, below one with the names of the columns."},
    PARQUET: {"type": "string", "format": "binary", "description": "The same rows, typed."},
}
_ROWS = {ROWS: {"schema": {"type": "integer"}, "description": "Of CSV and Parquet: how many rows."}}
_TAG = {"ETag": {"schema": {"type": "string"}, "description": "Sent back as If-None-Match, asks for news only."}}
_NEXT = {"Link": {"schema": {"type": "string"}, "description": "Where the next part is; not with the last."}}
_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "token": {"type": "http", "scheme": "bearer", "description": "a Google identity token"},
}


def described(routes: Sequence[Route]) -> list[Route]:
    """The routes, and one that describes them all."""

    async def openapi(_: Asked) -> dict[str, Any]:
        """This API as an OpenAPI document."""
        return made

    whole = [*routes, Route("GET", "/v1/openapi.json", Role.VIEWER, openapi, dict[str, Any])]
    made = document(whole)
    return whole


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document."""
    schemas, shared = _schemas(routes)
    queries = {name: shared.pop(name) for name in {route.query.__name__ for route in routes}}
    paths: dict[str, Any] = {}
    for route in routes:
        parameters = _in_path(route) + _in_query(queries[route.query.__name__])
        operation: dict[str, Any] = {
            "summary": route.summary,
            "description": f"For {route.role.value}s and above.",
            "operationId": f"{route.method.lower()}{route.path.translate(_NO_SIGNS)}",
            "parameters": parameters,
            "responses": _answers(route, schemas[route.path, route.method])
            | {str(int(status)): _content(why, _REFUSED) for status, why in _refusals(route).items()},
        }
        if route.method != hdrs.METH_GET and route.once:
            operation["parameters"] = [*parameters, _ONCE]
        if route.body is not None:
            operation["requestBody"] = _content("", {"$ref": f"#/components/schemas/{route.body.__name__}"}) | {
                "required": True
            }
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tipoff's coordinator", "version": str(API_VERSION)},
        "security": [{name: []} for name in _SECURITY],
        "paths": paths,
        "components": {"schemas": shared | {"Error": _ERROR}, "securitySchemes": _SECURITY},
    }


def table(routes: Sequence[Route]) -> str:
    """The routes in Markdown."""
    rows = ["| route | for | does |", "| --- | --- | --- |"]
    for route in routes:
        names = "&".join(f"{name}=" for name in route.query.model_fields if name not in ("limit", "offset"))
        body = ", ".join(f'"{name}"' for name in route.body.model_fields) if route.body is not None else ""
        call = f"`{route.method} {route.path}{f'?{names}' if names else ''}`" + (f" `{{{body}}}`" if body else "")
        rows.append(f"| {call} | {route.role.value} | {route.summary} |")
    return "\n".join(rows) + "\n"


_NO_SIGNS = str.maketrans({"/": "_", "{": None, "}": None, "-": "_", ".": "_"})
_ONCE = {
    "name": KEY_HEADER,
    "in": "header",
    "schema": {"type": "string", "maxLength": 100, "pattern": "^[!-~]+$"},
    "description": "Asked twice under one key, the change happens once.",
}


def _schemas(routes: Sequence[Route]) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
    """The schema of each answer by path and method, and all that schemas refer to, by name."""
    answers = [((route.path, route.method), "serialization", TypeAdapter(route.answer)) for route in routes]
    taken: set[type[Query | Body]] = {route.query for route in routes}
    taken |= {route.body for route in routes if route.body is not None}
    models = [(model.__name__, "validation", TypeAdapter(model)) for model in sorted(taken, key=lambda m: m.__name__)]
    found, definitions = TypeAdapter.json_schemas(
        [*answers, *models],  # type: ignore[list-item]  # keys of two kinds
        ref_template="#/components/schemas/{model}",
    )
    shared = dict(definitions.get("$defs", {}))
    for name, mode, _ in models:
        schema = found[name, mode]  # type: ignore[index]  # see above
        shared[name] = shared.get(name, schema)
    return {key: found[key, mode] for key, mode, _ in answers}, shared  # type: ignore[index]  # see above


def _answers(route: Route, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    """The good answers by status: in every format, with the tag by which a reading is known again."""
    content = {"content": {media: {"schema": _FILES.get(media, schema)} for media in reversed(route.formats)}}
    given: dict[str, Any] = {"description": "The answer."} | content
    if not route.is_reading:
        return {str(int(status)): given for status in route.statuses}
    headers = dict(_TAG)
    if issubclass(route.query, Listing) or len(route.formats) > 1:
        headers |= _NEXT
    if len(route.formats) > 1:
        headers |= _ROWS
    return {
        str(int(route.status)): given | {"headers": headers},
        str(int(HTTPStatus.NOT_MODIFIED)): {"description": "The answer is the one that If-None-Match names."},
    }


def _refusals(route: Route) -> dict[HTTPStatus, str]:
    """Why the route may refuse a request, by status."""
    is_get = route.method == hdrs.METH_GET
    found = _REFUSALS | (_REFUSED_READINGS if is_get else _REFUSED_CHANGES)
    return found | {HTTPStatus.NOT_FOUND: "There is none."} if route.absent or "{" in route.path else found


def _in_path(route: Route) -> list[dict[str, Any]]:
    names = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": given}
        for name, given in schema.get("properties", {}).items()
    ]


def _content(description: str, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    content = {"content": {"application/json": {"schema": schema}}}
    return content | ({"description": description} if description else {})


def main() -> None:
    """Write the table. Nothing is asked of a route, so that it needs neither engine nor ports."""
    nothing: Any = None
    api = Api(nothing, nothing, nothing, active_runs=1)
    routes = api.routes() + StepLogRoutes(nothing, nothing).routes()
    routes += Operations(nothing, nothing, nothing, nothing).routes() + NameRoutes(nothing, nothing).routes()
    routes += (
        KeyRoutes(nothing, nothing).routes() + sign_in_links.routes(nothing) + ReportRoutes(nothing, nothing).routes()
    )
    sys.stdout.write(table(described(routes)))


if __name__ == "__main__":
    main()
