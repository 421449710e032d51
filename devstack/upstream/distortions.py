"""Answers that are well-formed and wrong: emptied, renamed, poisoned."""

from collections.abc import Iterator
from typing import Any

_EMPTIED = frozenset(
    {"gameDates", "rowSet", "injuries", "bookmakers", "data", "players", "games", "events", "athletes"}
)
_RECORDS = _EMPTIED | {"markets", "outcomes"}
_OUT, _NO_STATUS = b"(Out)", b"(???)"
_NONSENSE: tuple[object, ...] = (None, "n/a", -1, 10**30, "\ud800", [], {}, 1e308, True)
"""What a poisoned record says in each of its fields: one of these."""


def emptied(payload: object) -> object:
    """The payload with its list of records empty, its shape otherwise kept."""
    if isinstance(payload, list):
        return []
    if not isinstance(payload, dict):
        return payload
    kept: dict[str, object] = {}
    for key, value in payload.items():
        if key in _EMPTIED and isinstance(value, list):
            kept[key] = []
        elif key == "resultSets" and isinstance(value, list):
            kept[key] = [emptied(result) for result in value]
        else:
            kept[key] = emptied(value) if isinstance(value, dict) else value
    return kept


def renamed(payload: object) -> object:
    """The payload with other names for the fields of its records: `personId` is `person_id_v4`, `PTS` `PTS_V4`."""
    for records in _records(payload):
        for record in records:
            if isinstance(record, dict):
                for key in list(record):
                    record[f"{key}_v4"] = record.pop(key)
    for table in _tables(payload):
        table["headers"] = [f"{header}_V4" for header in table["headers"]]
    return payload


def poisoned(payload: object, draw: int) -> object:
    """The payload with nonsense in every plain field of one of its records; `draw` picks record and nonsense."""
    lists = [records for records in _records(payload) if records]
    if not lists:
        return payload
    records = lists[draw % len(lists)]
    at, nonsense = draw // 7 % len(records), _NONSENSE[draw // 11 % len(_NONSENSE)]
    record = records[at]
    if isinstance(record, dict):
        records[at] = {key: value if isinstance(value, dict | list) else nonsense for key, value in record.items()}
    else:
        records[at] = [nonsense] * len(record)
    return payload


def renamed_pdf(body: bytes) -> bytes:
    """An uncompressed report with another name for its column of players, as long: the file stays sound."""
    return body.replace(b"(Player Name)", b"(Sportswoman)")


def poisoned_pdf(body: bytes, draw: int) -> bytes:
    """An uncompressed report in which one entry that was Out has a status that is none; `draw` picks it."""
    parts = body.split(_OUT)
    at = draw % max(1, len(parts) - 1)
    return _OUT.join(parts[: at + 1]) + _NO_STATUS + _OUT.join(parts[at + 1 :]) if len(parts) > 1 else body


def _records(payload: Any, key: str = "data") -> Iterator[list[Any]]:  # noqa: ANN401 - JSON
    """The payload's lists of records, innermost ones only: a schedule's games, not its dates."""
    if isinstance(payload, dict):
        for name, value in payload.items():
            yield from _records(value, name)
    elif isinstance(payload, list):
        inner = [found for item in payload for found in _records(item, "")]
        yield from inner
        if not inner and key in _RECORDS and all(isinstance(item, dict | list) for item in payload):
            yield payload


def _tables(payload: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The result sets of stats.nba.com."""
    if isinstance(payload, dict):
        yield from payload.get("resultSets", ())
