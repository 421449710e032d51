"""What all answers of The Odds API v4 share: a historical one wraps the data, and says of when it is."""

from datetime import UTC, datetime
from typing import Any

from services.scraper.domain.wire import BadRecord, Fault, instant, member

SPORT = "sports/basketball_nba"


def unwrap(payload: Any) -> tuple[Any, datetime | None]:  # noqa: ANN401 - JSON
    """The data and, of a historical answer, the snapshot's time."""
    if isinstance(payload, dict) and "data" in payload:
        try:
            return payload["data"], instant(member(payload, "timestamp"), "timestamp")
        except BadRecord as error:
            raise Fault("malformed", f"historical answer: {error}") from None
    return payload, None


def stamp(instant: datetime) -> str:
    """An instant as the API takes it: whole seconds of UTC."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
