"""Lists of made-up endpoints, for steps that ask one source after the other: they hold what is written down here."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from services.scraper.domain.games import Shown
from services.scraper.domain.people import Injury, Rostered
from services.scraper.domain.wire import Parsed, Refusal
from services.scraper.sources.endpoint import INJURIES, ROSTERS, SCOREBOARD, Endpoint, Kind, Need

Record = dict[str, Any]


def written(
    *records: Record, refused: Sequence[str] = (), stamp: datetime | None = None, seen: int | None = None
) -> bytes:
    """A body of these records: fields as keyword arguments, instants and dates in ISO; labels of those unreadable."""
    count = len(records) + len(refused) if seen is None else seen
    payload = {"records": records, "refused": refused, "stamp": stamp, "seen": count}
    return json.dumps(payload, default=lambda value: value.isoformat()).encode()


def _reader(record: type) -> Callable[[bytes], Parsed[Any]]:
    names = {field.name for field in fields(record)}

    def read(value: Record) -> Any:  # noqa: ANN401 - a record of the kind
        made: dict[str, Any] = {name: value.get(name) for name in names}
        for name in made.keys() & {"tip_utc", "reported_at"}:
            made[name] = datetime.fromisoformat(made[name]) if made[name] else None
        for name in made.keys() & {"game_date", "return_date"}:
            made[name] = date.fromisoformat(made[name]) if made[name] else None
        if made.get("score"):
            made["score"] = tuple(made["score"])
        return record(**made)

    def parse(body: bytes) -> Parsed[Any]:
        payload = json.loads(body)
        refused = tuple(Refusal(label, "unreadable") for label in payload["refused"])
        stamp = datetime.fromisoformat(payload["stamp"]) if payload["stamp"] else None
        return Parsed(tuple(map(read, payload["records"])), refused, payload["seen"], stamp)

    return parse


def endpoint(source: str, kind: Kind[Any], rank: int, units: Callable[[Need], Sequence[str]]) -> Endpoint[Any]:
    """An endpoint that is asked for some units."""
    record = {INJURIES: Injury, ROSTERS: Rostered, SCOREBOARD: Shown}[kind]
    made: Endpoint[Any] = Endpoint(
        source, kind.name, kind, _reader(record), rank,
        requests=lambda need: tuple(made.request(unit, f"/{source}/{unit}") for unit in units(need)),
    )  # fmt: skip
    return made
