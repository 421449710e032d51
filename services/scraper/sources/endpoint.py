"""What a source is asked for: its endpoints, by the kind of fact they yield, and the requests made of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from services.scraper.domain.box import Box
from services.scraper.domain.games import Game, Season, Shown
from services.scraper.domain.odds import GameLine, Offer
from services.scraper.domain.people import Injury, Rostered
from services.scraper.domain.wire import Parsed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of fact, told by records of one type whoever they come from."""

    name: str
    step: str
    """The step that loads it."""


SCHEDULE: Kind[Season] = Kind("schedule", "schedule")
SCHEDULED_GAME: Kind[Game] = Kind("scheduled_game", "schedule")
"""One game, where nobody gives a schedule."""
SCOREBOARD: Kind[Shown] = Kind("scoreboard", "schedule")
"""What cross-checks tip-offs, postponements and final scores."""
BOX_SCORES: Kind[Box] = Kind("box_scores", "box_scores")
ROSTERS: Kind[Rostered] = Kind("rosters", "rosters")
INJURIES: Kind[Injury] = Kind("injuries", "injuries")
LINES: Kind[Offer | GameLine] = Kind("lines", "lines")
"""Lines on players; the game's own may come with them."""
GAME_LINES: Kind[GameLine] = Kind("game_lines", "lines")
LOOKUP: Kind[Any] = Kind("lookup", "lines")
"""What only helps to ask for something else."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a step wants to know; an endpoint's requests take of it what they go by."""

    season: str
    days: tuple[date, ...]
    """Eastern dates, earliest first."""
    teams: tuple[str, ...]
    """Tricodes."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[T]):
    """One thing a source can be asked for."""

    source: str
    name: str
    kind: Kind[T]
    parse: Callable[[bytes], Parsed[T]]
    rank: int
    """Which of the endpoints that yield the same kind is believed first: 1 is the best."""
    requests: "Callable[[Need], tuple[Request[T], ...]] | None" = None
    """Everything that must be asked to answer a need; None where a step asks unit by unit."""
    first_of: bool = False
    """The requests are alternatives, the best one first, of which one answer is enough."""
    suffix: str = "json"
    """What the archive's files of its bodies end with."""

    def request(self, unit: str, path: str, params: Mapping[str, str] | None = None) -> "Request[T]":
        """Ask it for one unit."""
        return Request(self, unit, path, params if params is not None else {})


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One unit to fetch."""

    endpoint: Endpoint[T]
    unit: str
    """Names the payload in the fetch log and in the archive."""
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Headers that make the upstream answer 304 where nothing has changed."""

    @property
    def source(self) -> str:
        """The source's name."""
        return self.endpoint.source
