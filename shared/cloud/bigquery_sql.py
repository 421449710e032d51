"""BigQuery SQL as text: one statement, a SELECT, and its parameters as the client takes them.

No parser: a scan that knows comments, strings and quoted names is enough to tell statements and parameters apart. What
the SQL means is BigQuery's own business.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from shared.errors import Permanent, first_line
from shared.ports import Params, Scalar

Parameter = ScalarQueryParameter | ArrayQueryParameter

_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | \#[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string>  (?:[rR][bB]?|[bB][rR]?)? (?: \"\"\"(?:\\.|.)*?\"\"\" | '''(?:\\.|.)*?'''
                                              | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) | `[^`]*` )
    | @@\w+
    | @(?P<parameter>\w+)
    | (?P<end>;)
    | (?P<code>\w+|\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"),  # before int, which it is to Python
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (datetime, "TIMESTAMP"),  # before date, which it is to Python
    (date, "DATE"),
)
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT."""

    text: str
    source: str
    """Its first line, for messages."""


@lru_cache(maxsize=1024)
def select(sql: str) -> Statement:
    """Check that `sql` is one SELECT.

    Raises:
        Permanent: none, several, or another statement.
    """
    source = first_line(sql)
    starts = [0]
    first_words: list[str] = []
    empty = True
    for token in _TOKEN.finditer(sql):
        if token["end"] is not None:
            starts.append(token.end())
            empty = True
        elif token["comment"] is None and empty:
            first_words.append(token.group().upper())
            empty = False
    if len(first_words) != 1:
        raise Permanent(f"SQL rejected: {len(first_words)} statements where one is wanted: {source}")
    if first_words[0] not in {"SELECT", "WITH", "("}:
        raise Permanent(f"not a SELECT: {source}", remedy="write with append, replace, transform")
    end = starts[1] - 1 if len(starts) > 1 else len(sql)
    return Statement(sql[:end], source)


def bind(text: str, params: Params) -> tuple[str, list[Parameter]]:
    """The text and the parameters it names; others are left out.

    A parameter needs a type and NULL and the empty array have none, so these two are written into the text, where
    BigQuery gives them whatever type is wanted.

    Raises:
        Permanent: one has no value, or a value that BigQuery cannot take.
    """
    bound: dict[str, Parameter] = {}

    def place(token: re.Match[str]) -> str:
        name = token["parameter"]
        if name is None:
            return token.group()
        if name not in params:
            raise Permanent(f"no value for query parameter @{name}: {first_line(text)}")
        value = params[name]
        if value is None:
            return "NULL"
        if isinstance(value, Sequence) and not isinstance(value, str):
            if not value:
                return "[]"
            bound[name] = ArrayQueryParameter(name, _type(name, value[0]), [_checked(name, item) for item in value])
        else:
            bound[name] = ScalarQueryParameter(name, _type(name, value), _checked(name, value))
        return token.group()

    return _TOKEN.sub(place, text), list(bound.values())


def _type(name: str, value: object) -> str:
    for python, sql in _TYPES:
        if isinstance(value, python):
            return sql
    raise Permanent(f"query parameter @{name} is a {type(value).__name__}: BigQuery has no such parameter")


def _checked(name: str, value: Scalar) -> Scalar:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise Permanent(f"query parameter @{name} is the naive instant {value.isoformat()}: give it a time zone")
        return value.astimezone(UTC)
    if isinstance(value, int) and value not in _INT64:
        raise Permanent(f"query parameter @{name} is {value}: too large for INT64")
    return value
