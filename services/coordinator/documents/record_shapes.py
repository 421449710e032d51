"""The shapes of the record: measures with their N and intervals, and picks.

As in `shapes.py`: dates and instants are text, prices American odds, probabilities and edges shares.
"""

from typing_extensions import TypedDict

from services.coordinator.documents.shapes import Side


class Measured(TypedDict):
    """A mean, over how many, and its 95 % interval over resampled dates; null where there are too few."""

    n: int
    value: float | None
    low: float | None
    high: float | None


class Share(Measured):
    """A share, with its 95 % Wilson interval."""

    hits: int


class Against(TypedDict):
    """A system's error beside a reference's, on the rows where that says anything."""

    reference: str
    """season, ewma, rate or line."""
    error: float
    """Mean absolute error of the reference."""
    difference: Measured
    """The system's minus the reference's: negative is better."""


class Bin(TypedDict):
    """Calibration: how often the over came in, of a tenth of P(over)."""

    n: int
    p_over: float
    """Mean of what was said."""
    over_rate: float
    low: float | None
    high: float | None


class RecordCell(TypedDict):
    """The record of one group of graded predictions."""

    key: dict[str, str]
    """What the group is of: the names that were asked for `by`, and their values."""
    label: str
    n: int
    """Graded predictions of players who played."""
    voided: int
    dates: int
    shadow: bool
    picks: int
    """Won or lost."""
    returned: int
    hit_rate: Share
    units: Measured
    """Profit per unit staked at the real price; its n is the picks that had one."""
    units_total: float
    """The sum of the profits."""
    clv: Measured
    """Movement of the line towards the picks, in the statistic's unit; null where markets are pooled."""
    clv_price: Measured
    """Rise of the picked side's probability until tip-off."""
    mae: Measured
    """Null where markets are pooled: their units differ."""
    against: list[Against]
    """Empty where markets are pooled."""
    brier: Measured
    brier_market: Measured
    """The system's Brier score minus the market's, where it had a price: negative is better."""
    bins: list[Bin]


class RecordPick(TypedDict):
    """A graded pick."""

    game_date: str
    mode: str
    game_id: str
    player_id: int
    player_name: str | None
    market: str
    system: str
    tier: str
    side: Side
    line: float
    book: str | None
    price: float | None
    edge: float | None
    actual: float | None
    result: str
    """won, lost, push or void."""
    units: float | None
    """Profit per unit staked: null without a price."""
    clv: float | None


class Record(TypedDict):
    """The record as it was known at an instant."""

    mode: str
    """Empty where the modes are compared."""
    system: str
    """Whose: where none was asked for, the best that has a record; empty where systems are compared."""
    market: str
    tier: str
    by: str
    first: str | None
    """First slate with a grade; null without any."""
    last: str | None
    as_of: str
    recorded_at: str | None
    """When the newest grades that it counts were written down."""
    cells: list[RecordCell]
    picks: list[RecordPick]
    """The newest first."""
