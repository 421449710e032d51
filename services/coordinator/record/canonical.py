"""Rows as text that is the same everywhere: JSON as RFC 8785 writes it, one line per row, and its SHA-256.

Names are sorted, numbers are the shortest that give the same double again, as ECMAScript writes them. Dates are
"YYYY-MM-DD", instants "YYYY-MM-DDTHH:MM:SS.ffffffZ". Every line ends with a line feed, the last one too.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from pydantic_core import to_json

from shared.tables.columns import Column, Type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_BELOW = 21
"""Powers of ten that ECMAScript writes without an exponent; and as many zeros after the point at most: 6."""
_ZEROS = 6


def lines(columns: Mapping[str, Sequence[Any]], kept: Sequence[Column], **constants: str) -> list[str]:
    """Rows, given by column as `Warehouse.columns` answers them (instants as microseconds since 1970), as JSON.

    Args:
        columns: at least those that are kept.
        kept: which columns, whatever their order.
        constants: names and texts that every row has beside them.
    """
    texts = {column.name: _TEXTS[column.type](columns[column.name]) for column in kept}
    names = sorted([*texts, *constants])
    holes = [
        f'"{name}":' + (quoted(constants[name]).replace("%", "%%") if name in constants else "%s") for name in names
    ]
    row = "{" + ",".join(holes) + "}"
    return [row % cells for cells in zip(*(texts[name] for name in names if name in texts), strict=True)]


def digest(rows: Iterable[str]) -> str:
    """SHA-256 of the lines, hexadecimal."""
    return hashlib.sha256("".join(f"{row}\n" for row in rows).encode()).hexdigest()


def quoted(text: str) -> str:
    """A string of JSON: nothing is escaped but what has to be."""
    return encode_basestring(text)


def instant(moment: datetime) -> str:
    """An aware instant, in UTC and with six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def document(values: Mapping[str, str | int | None]) -> str:
    """One object of texts, whole numbers and nulls."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def number(value: float) -> str:
    """A double as ECMAScript writes it (ECMA-262, Number::toString)."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(float(value))).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)  # where it stands in the figures
    if len(figures) <= point <= _PLAIN_BELOW:
        text = figures + "0" * (point - len(figures))
    elif 0 < point <= _PLAIN_BELOW:
        text = f"{figures[:point]}.{figures[point:]}"
    elif -_ZEROS < point <= 0:
        text = f"0.{'0' * -point}{figures}"
    else:
        rest = f".{figures[1:]}" if len(figures) > 1 else ""
        text = f"{figures[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{text}" if sign else text


def _numbers(values: Sequence[Any]) -> list[str]:
    """All at once in compiled code, which writes the same but for exponents, minus zero and a zero after the point."""
    if not len(values):
        return []
    plain = values.tolist() if hasattr(values, "tolist") else [float(value) for value in values]
    text = to_json(plain, inf_nan_mode="null").decode()[1:-1] + ","
    found = text.replace("-0.0,", "0,").replace(".0,", ",")[:-1].split(",")
    return [number(float(each)) if "e" in each else each for each in found] if "e" in text else found


def _truths(values: Sequence[Any]) -> list[str]:
    return ["null" if math.isnan(value) else "true" if value else "false" for value in values]


def _cached(write: Callable[[Any], str]) -> Callable[[Sequence[Any]], list[str]]:
    """The same few values come again and again."""

    def texts(values: Sequence[Any]) -> list[str]:
        known: dict[Any, str] = {None: "null"}
        return [known[value] if value in known else known.setdefault(value, write(value)) for value in values]

    return texts


def _instants(values: Sequence[Any]) -> list[str]:
    micros = _cached(lambda micros: f'"{instant(_EPOCH + timedelta(microseconds=micros))}"')
    return micros([None if math.isnan(value) else int(value) for value in values])


_TEXTS: Mapping[Type, Callable[[Sequence[Any]], list[str]]] = {
    "STRING": _cached(quoted),
    "DATE": _cached(lambda day: f'"{day}"'),
    "INT64": _numbers,
    "FLOAT64": _numbers,
    "BOOL": _truths,
    "TIMESTAMP": _instants,
}
