"""Nothing secret in a log: one processor, the last before an event is written, stars what looks like a credential.

Three nets, from sure to likely: values that were read as secrets, wherever they turn up; fields that are named like
credentials; text in the form of one. A key of Tipoff keeps its id, which is no secret and says whose it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from shared.errors import Permanent

STARS = "***"
_MIN_KNOWN = 12
"""Characters of a secret that is looked for by its value: a shorter one would star ordinary words."""
_NAMED = r"(?:x[_-])?(?:api[_-]?keys?|authorization|cookie|password|passwd|secret|token|credentials?|private[_-]?key)"
_FIELD = re.compile(rf"(?:.*[_.\s-])?{_NAMED}", re.IGNORECASE)
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A key of Tipoff's API: tipoff_<id>_<secret>.
    (re.compile(r"(tipoff_[0-9a-f]{16})_[\w-]+"), rf"\1_{STARS}"),
    # A JWT, whole or a part of it: its header is JSON, which in base64 begins like this.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"), STARS),
    (re.compile(r"\b(bearer|basic)(\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1\2{STARS}"),
    # Headers as they are written on the wire, to the end of the line (in a repr: of the text).
    (
        re.compile(
            r"((?:(?:proxy-|x-serverless-)?authorization|x-(?:api|goog-api)-key|(?:set-)?cookie)['\"]?\s*[:=]\s*)"
            r"(?!\s)(?:[^\r\n\\\"']|\\(?![rn]))+",
            re.IGNORECASE,
        ),
        rf"\1{STARS}",
    ),
    # name=value, in a query string or a connection string.
    (re.compile(rf"((?<![\w-])(?:[\w-]*[_-])?{_NAMED}=)[^\s&\"',;)]+", re.IGNORECASE), rf"\1{STARS}"),
    # "name": "value", in JSON or the repr of a mapping.
    (
        re.compile(rf"""(["'](?:[\w-]*[_-])?{_NAMED}["']\s*:\s*b?)(["'])(?:(?!\2)[^\\]|\\.)*\2""", re.IGNORECASE),
        rf"\1\2{STARS}\2",
    ),
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), STARS),
)

_known: set[str] = set()


def as_secret(value: str, what: str, remedy: str, *, several: bool = False) -> SecretStr:
    """A secret as it was stored, without the line break that an editor or `echo` left; starred in logs from now on.

    Of `several` the parts stand in one line, with a space between them. A secret that is JSON (hashes of keys) is a
    document, not a credential: it is taken as it is and not looked for.

    Raises:
        Permanent: it is empty, or holds a control character: no header would take it. The message does not show it.
    """
    text = " ".join(value.split()) if several else value.strip()
    if text == "":
        raise Permanent(f"{what} is empty", remedy=remedy)
    if text[0] in "[{":
        return SecretStr(text)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Permanent(f"{what} holds a line break or another control character: store one line", remedy=remedy)
    # Several keys may share a secret; a URL may hold a comma.
    parts = text.split() if several else (part.strip() for part in text.split(","))
    _known.update(part for part in parts if len(part) >= _MIN_KNOWN)
    return SecretStr(text)


def redacted(text: str) -> str:
    """The text, with what is or looks like a credential starred."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, STARS)
    for form, stars in _FORMS:
        text = form.sub(stars, text)
    return text


def redact(_: object, __: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The processor: an event whose values, however deep, hold no credential."""
    return {name: _value(name, value) for name, value in event.items()}


def _value(name: object, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(name, str) and _FIELD.fullmatch(name) and value is not None:
        return STARS
    if isinstance(value, Mapping):
        return {redacted(str(key)): _value(key, inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray):
        return [_value(None, inner) for inner in value]
    if value is None or isinstance(value, int | float):
        return value
    return redacted(repr(value) if isinstance(value, bytes | bytearray) else str(value))
