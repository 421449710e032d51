"""In which formats a route answers, which of them a request gets, and the tag by which an answer is known again."""

import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import mimeparse
from aiohttp import ETag
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from services.coordinator.api.row_files import Rows, whole
from shared.registries.api import CSV, PARQUET
from shared.runtime.answers import Refusal

JSON: Final = "application/json"
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})
_DIGITS: Final = 32
"""Of a tag: half of a SHA-256."""


@cache
def formats(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - the type of an answer
    """The media types of answers of a type, the preferred one last: lists of flat rows are tables, too."""
    schema = TypeAdapter(answer).json_schema(mode="serialization")
    definitions = schema.get("$defs", {})
    listed = schema.get("properties", {}).get("rows", schema)
    return (PARQUET, CSV, JSON) if _is_table(listed, definitions) else (JSON,)


def chosen(accept: str, offered: tuple[str, ...]) -> str:
    """Which of the formats `Accept` wants (RFC 9110, 12.5.1); without it the preferred one.

    Raises:
        Refusal: none of them; it names those there are.
    """
    if not accept.strip():
        return offered[-1]
    try:
        found: str = mimeparse.best_match(offered, accept)
    except mimeparse.MimeTypeParseException:
        found = ""
    if not found:
        words = "this cannot be had in what Accept asks for"
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, words, f"ask for {' or '.join(reversed(offered))}")
    return found


def encoded(answer: object, media: str) -> bytes:
    """An answer in a format."""
    if media == JSON:
        return answer if isinstance(answer, bytes) else to_json(answer)
    return whole(media, rows_of(answer))


def rows_of(answer: object) -> Rows:
    """The rows of an answer that is a table."""
    listed: Any = answer["rows"] if isinstance(answer, dict) else answer
    return [row.model_dump() if isinstance(row, BaseModel) else row for row in listed]


def tag(answer: object, body: bytes, asked_as_of: object) -> ETag:
    """The tag of an answer: strong, of its bytes.

    An answer that says as of when it is, where nobody asked for an instant, differs each time in that alone: its tag
    is of the rest, and weak (RFC 9110, 8.8.1).
    """
    if asked_as_of is None and isinstance(answer, Mapping) and "as_of" in answer:
        rest = {name: value for name, value in answer.items() if name != "as_of"}
        return ETag(hashlib.sha256(to_json(rest)).hexdigest()[:_DIGITS], is_weak=True)
    return ETag(hashlib.sha256(body).hexdigest()[:_DIGITS])


def _is_table(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    row = _resolved(schema.get("items", {}), definitions)
    cells = [*row.get("properties", {}).values()]
    if isinstance(row.get("additionalProperties"), dict):
        cells.append(row["additionalProperties"])
    return schema.get("type") == "array" and bool(cells) and all(_is_scalar(cell, definitions) for cell in cells)


def _is_scalar(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    schema = _resolved(schema, definitions)
    if "anyOf" in schema:
        return all(_is_scalar(each, definitions) for each in schema["anyOf"])
    return schema.get("type") in _SCALARS


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found
