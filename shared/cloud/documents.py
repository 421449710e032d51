"""State documents in Firestore's terms: ids and fields, both ways. Pure.

Ids: Firestore's may not contain `/`. `/` becomes `.:` and `.` becomes `.-`, which keeps both the order of ids and their
prefixes, so that a listing by prefix is a range of ids.

Fields: a document has two. `json` is the JSON text of everything but the top-level numbers, so that what Firestore
cannot hold (lists in lists) comes back equal and nothing is indexed leaf by leaf. `numbers` maps the top-level numbers,
because Firestore increments only real number fields.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from shared.errors import Permanent
from shared.ports import Row
from shared.runtime.document_limits import document_text

MAX_NAME_BYTES = 1_500
_INT64 = range(-(2**63), 2**63)
_RESERVED = re.compile("__.*__", re.DOTALL)
_ESCAPES = {".": ".-", "/": ".:"}
_ESCAPED = {code: char for char, code in _ESCAPES.items()}


def firestore_id(id_: str) -> str:
    """The document id that stands for `id_`; `""` stays empty, the prefix of all."""
    return re.sub("[./]", lambda found: _ESCAPES[found[0]], id_)


def state_id(document_id: str) -> str:
    """The inverse of `firestore_id`."""
    return re.sub("[.][-:]", lambda found: _ESCAPED[found[0]], document_id)


def checked_id(id_: str, name: str) -> str:
    """`firestore_id`, refused where Firestore would refuse it.

    Raises:
        Permanent: empty, too long, reserved, or not Unicode text.
    """
    document_id = firestore_id(id_)
    if not is_name(document_id):
        raise Permanent(f"state document {name}: Firestore takes no such id")
    return document_id


def is_name(text: str) -> bool:
    """Whether Firestore takes it as the name of a document or a field."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return 0 < size <= MAX_NAME_BYTES and _RESERVED.fullmatch(text) is None


def to_fields(data: Row, name: str) -> dict[str, Any]:
    """The Firestore fields of a state document.

    Raises:
        Permanent: no JSON, or too long.
    """
    plain: Row = json.loads(document_text(data, name))  # keys are text now, tuples lists
    numbers = {field: value for field, value in plain.items() if is_name(field) and is_number(value)}
    rest = {field: value for field, value in plain.items() if field not in numbers}
    return {"json": json.dumps(rest, separators=(",", ":")), "numbers": numbers}


def from_fields(fields: Mapping[str, Any]) -> Row:
    """The inverse of `to_fields`. A document that only increments have written has no `json` yet."""
    return {**json.loads(fields.get("json", "{}")), **fields.get("numbers", {})}


def is_number(value: object) -> bool:
    """Whether Firestore holds it as a number, exactly."""
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value in _INT64) or (isinstance(value, float) and math.isfinite(value))
