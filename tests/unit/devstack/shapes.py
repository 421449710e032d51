"""Compares the structure of two JSON documents: keys, types, and the format of stamps."""

import re
from typing import Any

_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|PT\d)")


def differences(ours: object, real: object, path: str = "$", *, lacking: frozenset[str] = frozenset()) -> list[str]:
    """Where `ours` is built otherwise than `real`; keys in `lacking` may be absent. An empty list says nothing."""
    if ours in (None, []) or real in (None, []):
        return []
    if isinstance(real, dict) and isinstance(ours, dict):
        return _of_dicts([ours], [real], path, lacking)
    if isinstance(real, list) and isinstance(ours, list):
        if isinstance(real[0], dict) and isinstance(ours[0], dict):
            return _of_dicts(ours, real, f"{path}[]", lacking)
        return differences(ours[0], real[0], f"{path}[]", lacking=lacking)
    if _kind(ours) != _kind(real):
        return [f"{path}: {_kind(ours)} {ours!r}, really {_kind(real)} {real!r}"]
    written = isinstance(real, str) and _STAMP.match(real) and _mask(str(ours)) != _mask(real)
    return [f"{path}: written {ours!r}, really {real!r}"] if written else []


def _of_dicts(ours: list[dict[str, Any]], real: list[dict[str, Any]], path: str, lacking: frozenset[str]) -> list[str]:
    """Every item of ours has what all real ones have, and nothing that none has."""
    required = set.intersection(*(set(item) for item in real)) - lacking
    allowed = set.union(*(set(item) for item in real))
    found = []
    for item in ours[:50]:
        found += [f"{path}.{key} is missing" for key in required - set(item)]
        found += [f"{path}.{key} does not exist really" for key in set(item) - allowed]
        for key in item.keys() & allowed:
            examples = [other[key] for other in real if other.get(key) not in (None, [])] or [None]
            problems = [differences(item[key], example, f"{path}.{key}", lacking=lacking) for example in examples[:5]]
            found += problems[0] if all(problems) else []
    return sorted(set(found))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _mask(text: str) -> str:
    return re.sub(r"\d+", "9", text)
