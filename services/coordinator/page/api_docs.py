"""The API's documentation, made from its OpenAPI document: every operation, and a form that asks the readings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import ConfigDict
from pydantic_core import to_json

from services.coordinator.api.route import Query
from services.coordinator.page.failures import KINDS, Failed, failed
from services.coordinator.page.page import Page, Visit
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

_SHOWN: Final = 20_000
"""Characters of an answer."""
_FIRST: Final = "5"
"""Elements of a list that the form asks for at first."""


class Tried(Query):
    """What the form of an operation sends: the operation's own parameters, which its route checks."""

    model_config = ConfigDict(extra="allow")

    ask: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    path: str
    summary: str
    who: str
    parameters: Sequence[Mapping[str, Any]]
    body: Any
    responses: Mapping[str, Any]

    @property
    def is_reading(self) -> bool:
        """Whether the form may ask it: nothing is changed."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, as the form and the table have it."""

    name: str
    place: str
    kind: str
    required: bool
    description: str
    options: Sequence[str]
    value: str


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation, in the order of the document."""
    return [
        Operation(
            id=each["operationId"],
            method=method.upper(),
            path=path,
            summary=each["summary"],
            who=each["description"],
            parameters=each["parameters"],
            body=each.get("requestBody"),
            responses=each["responses"],
        )
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    ]


async def overview(visit: Visit) -> Mapping[str, object]:
    """All operations."""
    return {"operations": operations(await visit.get("/v1/openapi.json"))}


async def operation(visit: Visit) -> Mapping[str, object]:
    """One operation, and what it answers where the form asks for it."""
    document = await visit.get("/v1/openapi.json")
    name = visit.path["operation"]
    found = next((each for each in operations(document) if each.id == name), None)
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"the API has no operation {name}", "/api-docs lists them")
    given = {key: str(value) for key, value in (visit.query.model_extra or {}).items()}
    ask = visit.query.ask and found.is_reading
    in_path = {each["name"] for each in found.parameters if each["in"] == "path"}
    query = {key: value for key, value in given.items() if key not in in_path}
    variable = {key: value for key, value in given.items() if key in in_path}
    answer, refused = None, None
    if ask:  # inside nothing is decoded, so that only what would end a part of the path is encoded
        inside = _address(found.path, {key: value.replace("/", "%2F") for key, value in variable.items()})
        answer, refused = await _asked(visit, inside, query)
    address = _address(found.path, {key: quote(value, safe="") for key, value in variable.items()})
    schemas = document["components"]["schemas"]
    answers = found.responses.items()
    return {
        "operation": found,
        "fields": [_field(each, schemas, given, ask=ask) for each in found.parameters],
        "answers": [(status, each["description"], ", ".join(each.get("content", {}))) for status, each in answers],
        "body": None if found.body is None else _schema(found.body, schemas),
        "schema": next((_schema(each, schemas) for each in found.responses.values() if "content" in each), None),
        "address": f"{address}?{urlencode(query)}" if query else address,
        "answer": None if answer is None else answer[:_SHOWN],
        "cut": answer is not None and len(answer) > _SHOWN,
        "refused": refused,
    }


async def _asked(visit: Visit, address: str, query: Mapping[str, str]) -> tuple[str | None, Failed | None]:
    """The answer as JSON, or the refusal."""
    try:
        answer = await visit.get(address, **query)
    except KINDS as error:
        return None, failed(error)
    return json.dumps(json.loads(to_json(answer)), indent=2, ensure_ascii=False), None


def _address(path: str, variable: Mapping[str, str]) -> str:
    """The path with what was given for its variable parts."""
    for name, value in variable.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def _field(parameter: Mapping[str, Any], schemas: Mapping[str, Any], given: Mapping[str, str], *, ask: bool) -> Field:
    schema = parameter["schema"]
    kinds = [schemas[_names(each)[0]] if "$ref" in each else each for each in schema.get("anyOf", [schema])]
    kinds = [each for each in kinds if each.get("type") != "null"]
    notes = [schema.get("description", parameter.get("description", ""))]
    if schema.get("default") not in (None, ""):
        notes.append(f"default: {to_json(schema['default']).decode()}")
    first = _FIRST if parameter["name"] == "limit" and not ask else ""
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        kind=" or ".join(str(each.get("format", each.get("type", ""))) for each in kinds),
        required=parameter.get("required", False),
        description="; ".join(note for note in notes if note),
        options=[option for each in kinds for option in _options(each)],
        value=given.get(parameter["name"], first),
    )


def _options(schema: Mapping[str, Any]) -> Sequence[str]:
    if schema.get("type") == "boolean":
        return ("true", "false")
    return [str(option) for option in schema.get("enum", ())]


def _schema(holder: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The JSON schema of a body or an answer, with those that it refers to."""
    media = holder["content"]["application/json"]["schema"]
    used: dict[str, Any] = {}
    left = _names(media)
    while left:
        name = left.pop()
        if name not in used:
            used[name] = schemas[name]
            left += _names(schemas[name])
    return json.dumps({"schema": media} | dict(sorted(used.items())), indent=2)


def _names(part: object) -> list[str]:
    """What a part of a schema refers to."""
    if isinstance(part, dict):
        own = [part["$ref"].rpartition("/")[2]] if isinstance(part.get("$ref"), str) else []
        return own + [name for each in part.values() for name in _names(each)]
    return [name for each in part for name in _names(each)] if isinstance(part, list) else []


PAGES: tuple[Page, ...] = (
    Page("/api-docs", Role.VIEWER, overview, "api_docs.html"),
    Page("/api-docs/{operation}", Role.VIEWER, operation, "api_operation.html", Tried),
)
