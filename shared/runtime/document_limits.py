"""What a state document may be: JSON, and no longer than Firestore takes, whatever store it goes to."""

import json

from shared.errors import Permanent
from shared.ports import Row

MAX_TEXT_BYTES = 1_048_576 - 89
"""Firestore's longest text field; names and numbers add to it up to its limit of 1 MiB for a document."""


def fits(data: Row) -> bool:
    """Whether a document of JSON is short enough."""
    return len(_text(data)) <= MAX_TEXT_BYTES


def document_text(data: Row, name: str) -> str:
    """The document as JSON.

    Raises:
        Permanent: it is none, or too long.
    """
    try:
        text = _text(data)
    except (TypeError, ValueError) as error:
        raise Permanent(f"state document {name} is not JSON: {error}") from error
    if len(text) > MAX_TEXT_BYTES:
        raise Permanent(
            f"state document {name} has {len(text):,} bytes, more than {MAX_TEXT_BYTES:,}",
            remedy="keep bulk data in the warehouse or the archive",
        )
    return text


def _text(data: Row) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))
