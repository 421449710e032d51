"""What the documents hold that are written at publish, and what the routes make of them.

Dates are `YYYY-MM-DD`, instants ISO 8601 in UTC, both as text: documents are JSON. Means, lines and quantiles are in
the statistic's unit, prices American odds, probabilities and edges shares. Whatever may be unknown may be null.
"""

from typing import Literal

from typing_extensions import TypedDict

Side = Literal["over", "under"]


class Move(TypedDict):
    """How far a player's mean was moved, against what counted before."""

    game_id: str
    player_id: int
    player_name: str | None
    team: str | None
    was: float
    mean: float
    change: float


class GameChange(TypedDict):
    """What a pass changed on a game."""

    at: str
    run_id: str
    reason: str
    moves: dict[str, list[Move]]
    """Market -> the largest, by the best system that predicted the game."""


class SlateChange(GameChange):
    """What a pass changed on a slate."""

    games: list[str]


class Driver(TypedDict):
    """A feature that moved a forecast."""

    name: str
    by: float
    """In the statistic's unit."""


class Forecast(TypedDict):
    """What a system said of a player and a market: columns of predictions.player_prop_predictions."""

    system: str
    market: str
    mean: float
    q05: float
    q10: float
    q20: float
    q30: float
    q40: float
    q50: float
    q60: float
    q70: float
    q80: float
    q90: float
    q95: float
    centre: float | None
    scale: float | None
    power: float | None
    minutes: float | None
    p_play: float | None
    shadow: bool
    drivers: list[Driver]
    """What moved it most first; empty where the system does not say."""
    line: float | None
    line_books: int | None
    line_at: str | None
    p_over: float | None
    p_push: float | None
    p_market: float | None
    book: str | None
    over_price: float | None
    under_price: float | None
    fair_over: float | None
    fair_under: float | None
    edge: float | None
    recommendation: str
    """over, under, pass or no_line."""
    pass_reason: str | None
    predicted_at: str
    run_id: str


class Quote(TypedDict):
    """A book's newest main line."""

    bookmaker: str
    line: float
    over_price: float | None
    under_price: float | None
    posted_at: str


class PastForecast(TypedDict):
    """What had been forecast of an earlier game, by the best system that was graded."""

    system: str
    mean: float
    q10: float
    q90: float
    line: float | None
    recommendation: str


class PastGame(TypedDict):
    """An earlier game of a player."""

    game_date: str
    game_id: str
    opponent: str
    is_home: bool
    minutes: float
    values: dict[str, float]
    """Market -> outcome."""
    forecasts: dict[str, PastForecast]
    """Market -> forecast; empty where there was none."""


class PlayerDocument(TypedDict):
    """All that was known of a player and his game when it was published."""

    player_id: int
    player_name: str
    team: str
    opponent: str
    is_home: bool
    injury_status: str | None
    forecasts: list[Forecast]
    """Every system and market, the best system first."""
    books: dict[str, list[Quote]]
    """Market -> books by name."""
    past: list[PastGame]
    """The newest first, at most 20."""


class Absent(TypedDict):
    """A player of the game's teams who is listed as not playing."""

    player_id: int
    player_name: str
    team: str
    status: str


class GameHeader(TypedDict):
    """A game, and the publication that a document is of."""

    game_date: str
    mode: str
    game_id: str
    home_team: str
    away_team: str
    tip_utc: str
    run_id: str
    part: str
    reason: str
    """What had changed; empty where it was not made again for that."""
    published_at: str


class GameDocument(GameHeader):
    """A published game."""

    players: list[PlayerDocument]
    out: list[Absent]
    moves: dict[str, list[Move]]
    """Market -> the largest moves of this pass."""


class EdgeRecord(TypedDict):
    """How picks of a system and a market with an edge of this size have done."""

    picks: int
    """Won or lost."""
    won: int
    low: float | None
    """95 % Wilson interval of the hit rate; null of no pick."""
    high: float | None


class Edge(TypedDict):
    """A pick: a recommended side of a line."""

    game_id: str
    player_id: int
    player_name: str
    team: str
    opponent: str
    market: str
    system: str
    side: Side
    line: float
    book: str | None
    price: float | None
    p: float
    """Probability of the side, given no push."""
    edge: float
    """That, minus the market's: positive."""
    mean: float
    q10: float
    q90: float
    record: EdgeRecord


class PlayerCard(TypedDict):
    """A player in short."""

    player_id: int
    player_name: str
    team: str
    injury_status: str | None
    minutes: float | None
    means: dict[str, float]
    """Market -> mean, by the best system."""


class GameCard(TypedDict):
    """A published game in short."""

    game_id: str
    home_team: str
    away_team: str
    tip_utc: str
    run_id: str
    published_at: str
    reason: str
    system: str | None
    """The best that predicted it: whose means the players have."""
    players: list[PlayerCard]
    out: list[Absent]


class CardDocument(TypedDict):
    """A published game as Tonight shows it: written beside every game's document."""

    game: GameCard
    edges: list[Edge]
    changes: list[GameChange]
    """Every pass of the day so far, the newest first."""


class Missing(TypedDict):
    """What is not there, and why."""

    what: str
    why: str


class Tonight(TypedDict):
    """A slate as it was known at an instant."""

    game_date: str
    mode: str
    as_of: str
    published_at: str | None
    """Of the newest publication; null before the first."""
    due_at: str
    in_time: bool | None
    """Whether the first publication was there when it was due; null while it is neither there nor due, and of a slate
    that was made looking back, for which nobody waited."""
    games: list[GameCard]
    """By tip-off."""
    edges: list[Edge]
    """The largest first."""
    changes: list[SlateChange]
    """The newest first."""
    missing: list[Missing]


class PlayerShown(TypedDict):
    """A player and the game that he is published in."""

    as_of: str
    game: GameHeader
    player: PlayerDocument
    out: list[Absent]
    moves: dict[str, list[Move]]
    """Of the pass that published it."""
