"""What may be asked of the routes: dates, modes, markets. Each is checked before a handler sees it."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from services.coordinator.api.route import Listing, Query
from shared.basketball.identity import TEAMS
from shared.basketball.slate import Mode
from shared.registries.api import MAX_WINDOW_DAYS
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST, SYSTEMS
from shared.runtime.answers import Refusal

EARLIEST, LATEST = date(1946, 11, 1), date(2200, 1, 1)
"""The first game of the NBA was on the first; nothing is asked of the other."""
ALL_DAYS = (LATEST - EARLIEST).days
"""No bound: what the warehouse adds up is short, however long the window."""

NAMES_DAYS = 30
"""Names that nobody has settled for so long are no longer news."""


def _day(given: object) -> object:
    """Text as a date; pydantic would take a number for seconds since 1970."""
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise PydanticCustomError("date", "{given} is not a date: write it as YYYY-MM-DD", {"given": given}) from None


def _slate(day: date) -> date:
    """No arithmetic on dates may overflow."""
    if not EARLIEST <= day < LATEST:
        words = "{day} is no date of an NBA game: from {first} and before {last}"
        raise PydanticCustomError("slate", words, {"day": str(day), "first": str(EARLIEST), "last": str(LATEST)})
    return day


def among(known: Collection[str], what: str = "is unknown") -> AfterValidator:
    """Checks that text is one of those known; a refusal lists them."""

    def checked(given: str) -> str:
        if given not in known:
            words = "{given} {what}: one of {known}"
            raise PydanticCustomError("known", words, {"given": given, "what": what, "known": ", ".join(known)})
        return given

    return AfterValidator(checked)


def _instant(given: object) -> object:
    """Text as an instant. A `+` of an address is a blank, unless it is written as %2B."""
    day, t, time = str(given).strip().partition("T")
    try:
        instant = given if isinstance(given, datetime) else datetime.fromisoformat(day + t + time.replace(" ", "+"))
    except ValueError:
        words = "{given} is no instant: write it as 2024-03-04T22:40:00Z"
        raise PydanticCustomError("instant", words, {"given": given}) from None
    if instant.tzinfo is None:
        words = "{given} has no time zone: add Z for UTC, or an offset such as -05:00"
        raise PydanticCustomError("instant", words, {"given": str(given)})
    return instant


Slate = Annotated[
    date, BeforeValidator(_day), AfterValidator(_slate), WithJsonSchema({"type": "string", "format": "date"})
]
"""A date on which the NBA can have played."""
Market = Annotated[str, among(MARKETS), WithJsonSchema({"type": "string", "enum": list(MARKETS)})]
System = Annotated[str, among(SYSTEMS), WithJsonSchema({"type": "string", "enum": list(SYSTEMS)})]
_BEST_OR = (BEST, *SYSTEMS)
SystemOrBest = Annotated[str, among(_BEST_OR), WithJsonSchema({"type": "string", "enum": list(_BEST_OR)})]
Team = Annotated[str, among(TEAMS, "is no team"), WithJsonSchema({"type": "string", "enum": list(TEAMS)})]
Game = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,20}|[A-Z]{3}(@[A-Z]{3})?)$")]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
_PLAYER = "an NBA id, or parts of a name; case and accents do not matter"
Steps = Annotated[tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(max_length=64)]


class Moded(Listing):
    """Of one mode."""

    mode: Mode = Mode.OVERNIGHT


class Window(Moded):
    """Slates of one mode, both ends with them."""

    DAYS: ClassVar[int] = MAX_WINDOW_DAYS
    first: Slate
    last: Slate

    @model_validator(mode="after")
    def _short(self) -> Self:
        _check(self.first, self.last, self.DAYS)
        return self


class AllDays(Window):
    """However many slates."""

    DAYS = ALL_DAYS


class HealthWindow(Window):
    """Slates whose features are looked at: each is a query of hundreds of figures over the weeks before it."""

    DAYS = 14


class RunsQuery(Listing):
    """Which runs."""

    first: Slate | None = Field(None, description=f"default: {MAX_WINDOW_DAYS} days, up to the last")
    last: Slate | None = Field(None, description="default: tomorrow's")
    mode: Mode | None = Field(None, description="default: every mode")

    def window(self, tomorrow: date) -> tuple[date, date]:
        """Both ends, or a refusal of too long a window."""
        last = self.last or tomorrow
        return _bounded(self.first or last - timedelta(days=MAX_WINDOW_DAYS - 1), last)


class NamesQuery(Listing):
    """Slates whose unresolved names are asked for."""

    first: Slate | None = Field(None, description=f"default: {NAMES_DAYS} days, up to the last")
    last: Slate | None = Field(None, description="default: tomorrow's")

    def window(self, today: date) -> tuple[date, date]:
        """Both ends, or a refusal of too long a window."""
        last = self.last or today + timedelta(days=1)
        return _bounded(self.first or last - timedelta(days=NAMES_DAYS - 1), last)


class LettersQuery(Listing):
    """Dead letters: each may be as long as a message."""

    limit: int = Field(100, ge=1, le=100, description="letters at most")


class SlateQuery(Listing):
    """A slate; where nothing is asked, that of the latest run."""

    game_date: Slate | None = None
    mode: Mode | None = None


class QuarantineQuery(SlateQuery):
    """What was refused of a slate."""

    step: Annotated[str, StringConstraints(max_length=64)] = Field("", description="default: every step")
    source: Annotated[str, StringConstraints(max_length=64)] = Field("", description="default: every source")


class OfSlateQuery(SlateQuery):
    """Some predictions of a slate; what is asked for together must all fit."""

    market: Market | None = Field(None, description="default: every market")
    system: SystemOrBest | None = Field(None, description=f"default: every system; {BEST}: the best of each market")
    game: Game | None = Field(None, description="a game's id, one of its teams, or both: BOS@NYK")
    team: Team | None = Field(None, description="whose players")
    player: Text | None = Field(None, description=_PLAYER)


class PredictionsQuery(OfSlateQuery):
    """The same, as what they recommend."""

    recommendation: Literal["over", "under", "pass", "no_line"] | None = None
    picks: bool = Field(default=False, description="only what is recommended: over or under")
    order: Literal["tip", "edge"] = Field("tip", description="by tip-off, game and market, or the largest edge first")


class OverQuery(OfSlateQuery):
    """A line, and which predictions answer."""

    player: Text = Field(description=_PLAYER)
    line: float = Field(ge=-1000, le=1000, allow_inf_nan=False)


class CostsQuery(Listing):
    """Slates, both ends or none; default: the latest."""

    first: Slate | None = None
    last: Slate | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.first is None) != (self.last is None):
            missing = "first" if self.first is None else "last"
            raise PydanticCustomError("window", "{missing} is missing: add {missing}=YYYY-MM-DD", {"missing": missing})
        if self.first is not None and self.last is not None:
            _check(self.first, self.last, ALL_DAYS)
        return self


class AccuracyQuery(Query):
    """Which predictions are measured; default: those of the last 400 days."""

    first: Slate | None = None
    last: Slate | None = None
    mode: Mode | None = None
    market: Market | None = None
    system: Annotated[str, StringConstraints(max_length=64)] = ""
    tier: Literal["regular", "bench", "new"] | None = None
    lined: bool = Field(default=False, description="only players with a line")
    by: Literal["all", "tier", "month", "edge"] = Field("all", description="beside mode, market and system")


class PublishedQuery(Query):
    """A slate as it was published."""

    game_date: Slate | None = Field(None, description="default: today's, or where nothing runs that of the latest run")
    mode: Mode | None = Field(None, description="default: the one that was published last")
    as_of: Instant | None = Field(None, description="as it was known then; default: now")


class PlayersQuery(PublishedQuery):
    """Whose name."""

    query: Text = Field(description=_PLAYER)


class GradedQuery(Query):
    """Which graded predictions."""

    system: System | None = None
    market: Market | None = None
    tier: Literal["regular", "bench", "new"] | None = None


class RecordQuery(GradedQuery):
    """Which graded predictions; default: all of the best system that has a record."""

    mode: Mode | None = Field(None, description="default: the one that was graded last")
    first: Slate | None = None
    last: Slate | None = None
    as_of: Instant | None = Field(None, description="as it was known then; default: now")
    by: Literal["all", "mode", "system", "market", "tier", "month", "edge"] = Field(
        "all", description="a cell for each"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None:
            _check(self.first, self.last, ALL_DAYS)
        return self


class RowsQuery(GradedQuery):
    """Which graded predictions, row by row."""

    first: Slate
    last: Slate
    mode: Mode = Mode.OVERNIGHT
    picks: bool = Field(default=False, description="only what was recommended")
    limit: int = Field(1000, ge=1, le=10_000, description="rows at most")
    offset: int = Field(0, ge=0, le=10_000_000, description="rows left out before the first")

    @model_validator(mode="after")
    def _short(self) -> Self:
        _check(self.first, self.last, MAX_WINDOW_DAYS)
        return self


class AlertsQuery(Listing):
    """Which alerts."""

    resolved: bool = Field(default=False, description="those that are resolved, too")


def _bounded(first: date, last: date) -> tuple[date, date]:
    try:
        _check(first, last, MAX_WINDOW_DAYS)
    except PydanticCustomError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, error.message()) from error
    return first, last


def _check(first: date, last: date, days: int) -> None:
    """Raises for a window that is none, or longer than one answer may be."""
    about: dict[str, Any] = {"first": str(first), "last": str(last), "days": days}
    if last < first:
        raise PydanticCustomError("window", "last={last} is before first={first}", about)
    if (last - first).days >= days:
        words = "first={first} to last={last} is more than {days} days: ask for less at once"
        raise PydanticCustomError("window", words, about)
