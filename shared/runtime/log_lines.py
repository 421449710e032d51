"""Reads a log file back: which of its lines are of a run and a step, and how people see them.

Of the file that a process in the background writes, and of those that it was before it was rotated (`live/logs.py`).
A line is JSON, as `shared/runtime/logs.py` writes it, or whatever else came on stderr.
"""

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from shared.errors import Permanent
from shared.registries.pipeline import PREDICTING
from shared.runtime.logs import PLATFORM_LABELS
from shared.runtime.redaction import redact, redacted

SEVERITIES: Final = ("debug", "info", "warning", "error", "critical")
_BLOCK: Final = 256 * 1024
"""Bytes that are read at once."""
_BATCH: Final = "batch"
"""In the key of a message about a slice of a slate, where that of a step has its name."""


class Wanted:
    """Which lines, and how they are shown.

    Args:
        run: Only lines of this run, with or without its generation, or of the runs of this date.
        step: Only lines of this step.
        level: The least grave.
        as_json: Show lines as they were logged, but for credentials.
    """

    def __init__(
        self, run: str | None = None, step: str | None = None, level: str = "debug", *, as_json: bool = False
    ) -> None:
        self._run = run
        self._step = step
        self._levels = SEVERITIES[SEVERITIES.index(level) :]
        self._as_json = as_json

    def shown(self, line: str) -> str | None:
        """The line, as it is shown; None if nobody asked for it. What is no JSON has no level."""
        if self._run is not None and self._run not in line:  # most lines, when a run is looked for
            return None
        event = _event(line)
        if event is None:
            named = self._step is None or any(f"/{name}/" in line for name in names_in_keys(self._step))
            return redacted(line) if named else None
        if str(event.get("severity", "info")).lower() not in self._levels or not self._is_of(_fields(event)):
            return None
        return json.dumps(redact(None, "", event), ensure_ascii=False) if self._as_json else _readable(event)

    def _is_of(self, fields: dict[str, Any]) -> bool:
        """Whether an event is of the run and the step. One that has no run of its own names it in its text."""
        run_id, (_, _, rest) = fields.get("run_id"), str(fields.get("key", "")).partition("/")
        if self._run is not None and run_id is not None and self._run not in _names_of(str(run_id)):
            return False
        if self._step is None:
            return True
        if "step" in fields:
            return bool(fields["step"] == self._step)
        return rest.partition("/")[0] in names_in_keys(self._step)


def names_in_keys(step: str) -> tuple[str, ...]:
    """What stands for a step in the keys of its messages: `<run>/<name>/<attempt>`."""
    return (step, _BATCH) if step == PREDICTING else (step,)


def last(file: Path, wanted: Wanted, count: int, max_bytes: int | None = None) -> list[str]:
    """The last `count` lines that are wanted, the newest last; no more than the last `max_bytes` are looked through.

    Raises:
        Permanent: the file cannot be read.
    """
    shown = (text for text in map(wanted.shown, filter(None, _newest_first(file, max_bytes))) if text is not None)
    return [*islice(shown, count)][::-1]


def _newest_first(file: Path, max_bytes: int | None) -> Iterator[str]:
    left, number, path = max_bytes, 0, file
    seen: set[tuple[int, int]] = set()
    try:
        if not file.is_file():
            raise Permanent(f"there is no file {file}", remedy="name the file that the services log to")
        while left != 0 and path.is_file():
            with path.open("rb") as stream:
                about = os.fstat(stream.fileno())
                size = about.st_size if left is None else min(about.st_size, left)
                left = None if left is None else left - size
                if (about.st_dev, about.st_ino) not in seen:  # it may be rotated meanwhile
                    yield from _backwards(stream, about.st_size - size, about.st_size)
                seen.add((about.st_dev, about.st_ino))
            number += 1
            path = file.with_name(f"{file.name}.{number}")
    except OSError as error:
        raise Permanent(f"cannot read {path}: {error.strerror}", remedy="make it readable") from error


def _backwards(stream: BinaryIO, begin: int, end: int) -> Iterator[str]:
    """The lines between two places of a file, the last one first; without one that begins before them."""
    later: list[bytes] = []
    """Of a line whose beginning is not read yet, the last part first."""
    at = end
    while at > begin:
        start = max(begin, at - _BLOCK)
        stream.seek(start)
        first, *others = stream.read(at - start).split(b"\n")
        at = start
        if others:
            yield _text(others.pop(), *reversed(later))
            yield from map(_text, reversed(others))
            later.clear()
        later.append(first)
    if begin == 0:
        yield _text(*reversed(later))


def _text(*parts: bytes) -> str:
    return b"".join(parts).decode(errors="replace").rstrip("\r")


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # not JSON, or half a line, or brackets without end
        return None
    return event if isinstance(event, dict) else None


def _fields(event: dict[str, Any]) -> dict[str, Any]:
    labels = event.get(PLATFORM_LABELS)
    return {**labels, **event} if isinstance(labels, dict) else event


def _names_of(run_id: str) -> tuple[str, str, str]:
    """A run by its id, by its date and mode, by its date."""
    return run_id, run_id.rpartition(".")[0], run_id.partition(".")[0]


def _readable(event: dict[str, Any]) -> str:
    """Like "2024-12-20T12:00:00Z INFO run_started run_id=2024-12-20.overnight.1"."""
    fields = redact(None, "", _fields(event))
    fields.pop(PLATFORM_LABELS, None)
    head = [str(fields.pop(name)) for name in ("time", "severity", "message") if name in fields]
    return " ".join([*head, *(f"{name}={value}" for name, value in fields.items())])
