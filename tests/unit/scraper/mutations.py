"""Well-formed payloads spoilt in one place each, by seed: what an upstream may do to them on a bad day."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Place = tuple[Any, Any]
"""(container, key or index) of a value."""

_RAW = {"<<1e400>>": "1e400", "<<-1e400>>": "-1e400", "<<digits>>": "9" * 5_000}
"""What the writer of JSON cannot write, by what stands in for it."""
_OTHER: dict[str, tuple[Any, ...]] = {
    "number": ("9", True, [], {}, "", "x", [7]),
    "text": (0, 1.5, True, [], {}, ["x"], {"x": "x"}),
    "flag": ("x", 0.5, [], {}, [True]),
    "list": ({}, "x", 5, True, [[]], [None]),
    "object": ([], "x", 5, True, {"x": {}}),
    "null": ("x", True, [], {}),
}
_HUGE = (2**63, -(2**64), 10**400, 1e308, "<<1e400>>", "<<-1e400>>")
_NO_NUMBER = (float("nan"), float("inf"), float("-inf"))
_NO_TEXT = (chr(0xD83D), f"Jo {chr(0xDC00)} Doe", "a\0b", "x" * 20_000)


def _place(random: Random, tree: Any) -> Place:  # noqa: ANN401 - JSON
    """Some place of a tree, deep ones as likely as not; never its root."""
    key = random.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
    inner = tree[key]
    return _place(random, inner) if isinstance(inner, dict | list) and inner and random.random() < 0.85 else (tree, key)


def _numbers(tree: Any, keys: frozenset[str]) -> Iterator[Place]:  # noqa: ANN401 - JSON
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if key in keys and kind_of(value) == "number":
            yield tree, key
        yield from _numbers(value, keys)


def kind_of(value: Any) -> str:  # noqa: ANN401 - JSON
    for kind, types in (("null", type(None)), ("flag", bool), ("number", int | float), ("text", str), ("list", list)):
        if isinstance(value, types):
            return kind
    return "object"


def _type(random: Random, place: Place) -> None:
    container, key = place
    container[key] = copy.deepcopy(random.choice(_OTHER[kind_of(container[key])]))


def _null(_random: Random, place: Place) -> None:
    place[0][place[1]] = None


def _delete(_random: Random, place: Place) -> None:
    del place[0][place[1]]


def _rename(random: Random, place: Place) -> None:
    container, key = place
    if isinstance(container, dict):
        container[f"{key}{random.choice('_X2')}"] = container.pop(key)
    else:
        container[key] = None


def _huge(random: Random, place: Place) -> None:
    place[0][place[1]] = random.choice(_HUGE)


def _no_number(random: Random, place: Place) -> None:
    place[0][place[1]] = random.choice(_NO_NUMBER)


def _no_text(random: Random, place: Place) -> None:
    place[0][place[1]] = random.choice(_NO_TEXT)


def _nested(random: Random, place: Place) -> None:
    value: Any = 0
    for _ in range(60):
        value = [value] if random.random() < 0.5 else {"a": value}
    place[0][place[1]] = value


def _twice(_random: Random, place: Place) -> None:
    container, key = place
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[key] = [container[key], container[key]]


_RECORD: tuple[Callable[[Random, Place], None], ...] = (
    _type, _type, _null, _delete, _rename, _huge, _no_number, _no_text, _nested, _twice,
)  # fmt: skip


def spoil(random: Random, record: Any) -> str:  # noqa: ANN401 - JSON
    """Change one place of a record; returns how and where."""
    place = _place(random, record)
    way = random.choice(_RECORD)
    before = f"{place[1]!r}={place[0][place[1]]!r}"[:60]
    way(random, place)
    return f"{way.__name__} {before}"


def off_by_one(random: Random, record: Any, keys: frozenset[str]) -> str:  # noqa: ANN401 - JSON
    """Change one of the numbers under `keys` by one: still a number, and a wrong one."""
    container, key = random.choice(list(_numbers(record, keys)))
    container[key] += random.choice((-1, 1))
    return f"off_by_one {key!r}"


def encode(payload: Any) -> bytes:  # noqa: ANN401 - JSON
    """The payload as JSON, with what JSON may hold and Python does not write."""
    text = json.dumps(payload)
    for stand_in, raw in _RAW.items():
        text = text.replace(f'"{stand_in}"', raw)
    return text.encode()


def spoil_body(random: Random, body: bytes) -> tuple[str, bytes]:
    """(how, another body): what happens to a payload as a whole."""
    cut = random.randrange(len(body))
    ways: tuple[tuple[str, bytes], ...] = (
        ("cut", body[:cut]),
        ("html", b"<!DOCTYPE html><html>Access Denied</html>"),
        ("root", random.choice((b"null", b"[]", b"{}", b"5", b'"x"', b"[[]]", b"", b"NaN", b'{"data": null}'))),
        ("deep", body[:cut] + b"[" * 100_000 + b"]" * 100_000 + body[cut:]),
        ("deep in a field", body.replace(b": ", b": " + b"[" * 150 + b"]" * 150 + b', "x": ', 1)),
        ("digits", body.replace(b"0", b"9" * 5_000, 1)),
        ("bytes", body[:cut] + bytes(random.choices(range(128, 256), k=3)) + body[cut:]),
        ("surrogate", body.replace(b'": "', b'": "\xed\xa0\xbd', 1)),
        ("twice", body + body),
    )
    return random.choice(ways)
