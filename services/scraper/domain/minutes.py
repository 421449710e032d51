"""Minutes played, in every spelling the upstreams use, strictly (failure 11: a null for what could not be read)."""

import re
from typing import Any

from services.scraper.domain.wire import BadRecord, number, shown

_ISO = re.compile(r"PT(?:(\d{1,3})M)?(?:(\d{1,2}(?:\.\d+)?)S)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)", re.ASCII)
_WHOLE = re.compile(r"\d{1,3}(?:\.\d+)?", re.ASCII)


def minutes(value: Any) -> float:  # noqa: ANN401 - JSON
    """Decimal minutes from "PT20M46.00S" (CDN), "20:46", "28" (BallDontLie) or a number (game logs).

    Raises:
        BadRecord: anything else, null and the empty text included.
    """
    if not isinstance(value, str):
        played = number(value, "minutes")
        if played < 0:
            raise BadRecord(f"minutes is {shown(value)}, below zero")
        return played
    if _WHOLE.fullmatch(value):
        return float(value)
    clock = _CLOCK.fullmatch(value)
    if clock is not None:
        return int(clock[1]) + int(clock[2]) / 60
    iso = _ISO.fullmatch(value)
    if iso is not None and value != "PT" and (iso[2] is None or float(iso[2]) < 60):  # noqa: PLR2004 - seconds
        return int(iso[1] or 0) + float(iso[2] or 0) / 60
    raise BadRecord(f"minutes is {shown(value)}, in no known spelling")
