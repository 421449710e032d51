"""The feature contract: what `features.ml_feature_store` serves, name by name.

The table's columns and its SELECT are derived from it, the nightly health check reads ranges and null rates from it,
and a model carries the version it was trained on. Whoever changes a name, a unit or a meaning raises the version.

As-of rules, by origin: form, zones and factors use games of earlier dates with available_at <= cutoff_at, of the last
400 days; contexts use rosters, reports and lines with available_at <= cutoff_at and the schedule up to the slate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Literal

from shared.errors import Permanent
from shared.registries.markets import MARKETS, Market

FEATURE_CONTRACT_VERSION = "2024.3"
"""Changes with any name, unit, meaning or origin."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A table that features are taken from."""

    table: str
    alias: str
    """Its name in `ml_feature_store.sql`."""
    as_of: str
    """Which rows it may rest on."""


_EARLIER = "games of earlier dates, available_at <= cutoff_at, last 400 days"
_KNOWN = "rows with available_at <= cutoff_at"
_SCHEDULE = "schedule of this season up to the slate, available_at <= cutoff_at"
PLAYER = Origin("analytics.upcoming_player_game_context", "context", _KNOWN)
LINES = Origin("analytics.player_market_context", "lines", _KNOWN)
TEAM = Origin("analytics.upcoming_team_game_context", "team", _SCHEDULE)
FORM = Origin("features.player_daily_cache", "form", _EARLIER)
ZONES = Origin("features.player_shot_zone_analysis", "zones", _EARLIER)
DEFENSE = Origin("features.team_defense_zone_analysis", "opponent", _EARLIER)
FACTORS = Origin("features.player_composite_factors", "factors", _EARLIER)

Kind = Literal["real", "count", "flag"]
RARE, SOME, SELDOM = 0.02, 0.15, 1.0
"""Null rates: where a table has almost always, usually, or only for some players anything to say."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature store."""

    family: str
    origin: Origin
    name: str
    unit: str
    low: float
    high: float
    """Sane range, both ends included; outside of it something is broken."""
    nulls: float
    """Largest share of a slate's players for whom it may be null; at 0 the column has no nulls."""
    meaning: str
    column: str = ""
    """Its column in the table; empty: that of its own name."""
    kind: Kind = "real"
    """count: whole; flag: 1 where the table says true, 0 where it says false."""
    market: str = ""
    """Of a table with a row per market: which row."""
    coarse: bool = False
    """May by chance be the same for a whole slate: at a neutral site nobody is at home, all books may agree."""

    @property
    def taken(self) -> str:
        """Its expression in `ml_feature_store.sql`."""
        served = self.name if self.market else self.column or self.name
        column = f"{self.origin.alias}.{served}"
        return f"IF({column}, 1, 0)" if self.kind == "flag" else column


def _form(market: Market) -> Iterator[Feature]:
    def form(suffix: str, low: float, high: float, nulls: float, meaning: str, per: str = "") -> Feature:
        return Feature("form", FORM, f"{market.name}_{suffix}", f"{market.name}{per}", low, high, nulls, meaning)

    top = market.ceiling
    yield form("season_mean", 0, top, SELDOM, "season-to-date mean; null before the first game of the season")
    yield form("last_5", 0, top, 0, "mean of the last 5 games")
    yield form("ewma", 0, top, 0, "exponentially weighted mean, alpha 0.1")
    yield form("std_20", 0, top, SOME, "standard deviation over the last 20 games; null with fewer than two")
    yield form("trend", -top, top, 0, "mean of the last 5 games minus mean of the last 20")
    yield form("per_minute", 0, 3, RARE, "rate of recent games (alpha 0.05), shrunk to the league's", " per minute")
    yield form("per_minute_fast", 0, 3, RARE, "rate of recent games (alpha 0.1), shrunk to the league's", " per minute")


def _lines(market: Market) -> Iterator[Feature]:
    def quoted(suffix: str, unit: str, high: float, meaning: str, column: str, kind: Kind = "real") -> Feature:
        name, coarse = f"{market.name}_{suffix}", suffix == "line_spread"
        return Feature(
            "market", LINES, name, unit, 0, high, SELDOM, meaning, column, kind, market=market.name, coarse=coarse
        )

    top = 1.2 * market.ceiling
    yield quoted("line", market.name, top, "median over books of the latest main line; null if none", "line")
    yield quoted("line_books", "books", 50, "books the line rests on; null if none", "line_books", "count")
    yield quoted("line_spread", market.name, top, "highest minus lowest line of the books; null if none", "line_spread")
    fair = "de-vigged P(over) at the line, mean over books; null without prices"
    yield quoted("line_p_over", "probability", 1, fair, "p_market")


_role = partial(Feature, "minutes and role", FORM)
_usage = partial(Feature, "usage and opportunity", FORM)
_attendance = partial(Feature, "attendance", FORM)
_status = partial(Feature, "attendance", PLAYER)
_likelihood = partial(Feature, "attendance", FACTORS)
_opportunity = partial(Feature, "usage and opportunity", FACTORS)
_schedule = partial(Feature, "rest and travel", TEAM)
_load = partial(Feature, "rest and travel", FORM)
_tiredness = partial(Feature, "rest and travel", FACTORS)
_matchup = partial(Feature, "opponent and pace", FACTORS)
_allowed = partial(Feature, "opponent and pace", DEFENSE)
_zones = partial(Feature, "shot zones", ZONES)
_season = partial(Feature, "team context", TEAM)
_strength = partial(Feature, "team context", FACTORS)
_home = partial(Feature, "home", PLAYER)

_BESIDE_MARKETS = (
    _role("games_season", "games", 0, 110, 0, "his games this season", kind="count"),
    _role("games_total", "games", 1, 200, 0, "his games of the last 400 days", kind="count"),
    _role("minutes_season_mean", "min", 0, 48, SELDOM, "mean this season; null before the first"),
    _role("minutes_prior_mean", "min", 0, 48, SELDOM, "mean of earlier seasons; null without any"),
    _role("minutes_ewma", "min", 0, 60, 0, "exponentially weighted minutes, alpha 0.2"),
    _role("minutes_ewma_slow", "min", 0, 60, 0, "exponentially weighted minutes, alpha 0.05"),
    _role("minutes_last", "min", 0, 70, 0, "minutes of his last game"),
    _role("minutes_last_3", "min", 0, 70, 0, "mean minutes of his last 3 games"),
    _role("minutes_last_10", "min", 0, 60, 0, "mean minutes of his last 10 games"),
    _role("minutes_std_20", "min", 0, 30, SOME, "standard deviation over 20 games; null below two"),
    _role("minutes_trend", "min", -48, 60, 0, "mean of the last 3 games minus the slow average"),
    _role("top_five_share_10", "share", 0, 1, 0, "last 10 games among his team's top five minutes"),
    _role("minutes_rank_last", "rank", 1, 18, 0, "rank by minutes in his team's last with him", kind="count"),
    _usage("shots_per_minute", "FGA/min", 0, 3, SOME, "attempts (alpha 0.05); null without minutes"),
    _usage("shots_per_minute_fast", "FGA/min", 0, 3, SOME, "attempts, alpha 0.1"),
    _usage("threes_attempted_per_minute", "3PA/min", 0, 3, SOME, "threes attempted"),
    _usage("free_throws_attempted_per_minute", "FTA/min", 0, 3, SOME, "free throws"),
    _usage("turnovers_per_minute", "TOV/min", 0, 3, SOME, "turnovers"),
    _usage("fouls_per_minute", "PF/min", 0, 4, SOME, "fouls: they limit minutes"),
    _usage("offensive_rebounds_per_minute", "OREB/min", 0, 3, SOME, "offensive boards"),
    _usage("possessions_used_per_minute", "1/min", 0, 4, SOME, "FGA + 0.44 FTA + TOV"),
    _usage("true_shooting", "share", 0, 1.6, SOME, "points per two true attempts; null without any"),
    _attendance("days_since_game", "days", 1, 400, 0, "days since his last game", kind="count"),
    _attendance("played_share_10", "share", 0, 1, RARE, "share of the team's last 10 games he played"),
    _attendance("played_share_5", "share", 0, 1, RARE, "share of the team's last 5 games he played"),
    _attendance(
        "missed_in_row", "games", 0, 10, RARE, "team games missed since his last with it, up to 10", kind="count"
    ),
    _attendance(
        "played_in_row", "games", 0, 10, RARE, "team games played since the last he missed, up to 10", kind="count"
    ),
    _status("injury_status_days", "days", 0, 400, SELDOM, "age of his status; null if none", kind="count"),
    _likelihood("play_likelihood", "share", 0, 1, 0, "how often somebody so listed and so absent played"),
    _opportunity("teammates_minutes", "min", 0, 600, 0, "expected minutes' worth of teammates tonight"),
    _opportunity("teammates_absent_minutes", "min", 0, 400, 0, "recent teammates missing"),
    _opportunity("rotation_rank", "rank", 1, 30, 0, "rank by expected minutes among those available", kind="count"),
    _opportunity("games_with_team_10", "games", 0, 10, 0, "of the team's last 10, those he played", kind="count"),
    _opportunity("vacated_minutes", "min", -250, 250, 0.5, "vacant tonight against his recent games"),
    _opportunity("vacated_possessions", "1", -130, 130, 0.5, "the same in possessions used"),
    _opportunity("vacated_rebounds", "rebounds", -60, 60, 0.5, "the same in rebounds"),
    _opportunity("vacated_assists", "assists", -40, 40, 0.5, "the same in assists"),
    _schedule("days_rest", "days", 1, 200, SELDOM, "days since the team's last game; null for its first", kind="count"),
    _schedule("opponent_days_rest", "days", 1, 200, SELDOM, "the same of the opponent", kind="count"),
    _schedule("games_last_4_days", "games", 0, 4, 0, "the team's games of the last 4 days", kind="count", coarse=True),
    _schedule("games_last_7_days", "games", 0, 6, 0, "the team's games of the last 7 days", kind="count"),
    _schedule("games_last_14_days", "games", 0, 12, 0, "the team's games of the last 14 days", kind="count"),
    _schedule("travel_km", "km", 0, 6000, SELDOM, "from the arena of its last game; null for its first", kind="count"),
    _schedule(
        "clock_shift", "h", -3, 3, SELDOM, "time zones crossed eastward; null for its first", kind="count", coarse=True
    ),
    _load("minutes_last_7_days", "min", 0, 300, 0, "his minutes of the last 7 days"),
    _load("minutes_last_14_days", "min", 0, 500, 0, "his minutes of the last 14 days"),
    _tiredness("fatigue", "0-1", 0, 1, 0, "short rest and minutes of the last week"),
    _matchup("zone_mismatch", "share", -0.6, 0.6, RARE, "weakness of the opponent where he scores"),
    _matchup("expected_pace", "per 48 min", 80, 125, RARE, "own plus opponent's minus the league's pace"),
    _matchup("pace_factor", "ratio", 0.8, 1.25, RARE, "expected pace over the team's own"),
    _matchup("opponent_defensive_rating", "per 100", 85, 140, RARE, "points allowed"),
    _allowed(
        "opponent_points_factor", "ratio", 0.7, 1.4, RARE, "points allowed over the league's", column="points_factor"
    ),
    _allowed(
        "opponent_rebounds_factor",
        "ratio",
        0.7,
        1.4,
        RARE,
        "rebounds allowed over the league's",
        column="rebounds_factor",
    ),
    _allowed(
        "opponent_assists_factor", "ratio", 0.6, 1.5, RARE, "assists allowed over the league's", column="assists_factor"
    ),
    _allowed(
        "opponent_two_points_factor",
        "ratio",
        0.6,
        1.5,
        RARE,
        "twos allowed over the league's",
        column="two_points_factor",
    ),
    _allowed(
        "opponent_threes_factor", "ratio", 0.5, 1.6, RARE, "threes allowed over the league's", column="threes_factor"
    ),
    _allowed(
        "opponent_free_throws_factor",
        "ratio",
        0.5,
        1.7,
        RARE,
        "free throws over the league's",
        column="free_throws_factor",
    ),
    _allowed(
        "opponent_threes_attempted",
        "per 100",
        20,
        55,
        RARE,
        "threes attempted against it",
        column="threes_attempted_allowed_per_100",
    ),
    _zones("three_attempt_share", "share", 0, 1, SOME, "threes of his attempts; null without any"),
    _zones("free_throw_rate", "ratio", 0, 10, SOME, "free throws per field goal attempt"),
    _zones("two_accuracy", "share", 0, 1, SOME, "twos made per attempt; null without any"),
    _zones("three_accuracy", "share", 0, 1, 0.4, "threes made per attempt; null without any"),
    _zones("free_throw_accuracy", "share", 0, 1, 0.4, "free throws made; null without any"),
    _zones("two_points_share", "share", 0, 1, SOME, "points from twos; null without a point"),
    _season(
        "team_games_season",
        "games",
        0,
        110,
        0,
        "the team's games this season before this one",
        column="games_season",
        kind="count",
        coarse=True,
    ),
    _strength("team_offensive_rating", "per 100", 85, 140, RARE, "points of the last 25 games"),
    _strength("rating_gap", "per 100", -45, 45, RARE, "net rating minus the opponent's: a blow-out looms"),
    _home("is_home", "0/1", 0, 1, 0, "1 for the home team", kind="flag", coarse=True),
)
FEATURES = {
    feature.name: feature
    for feature in (
        *chain.from_iterable(map(_form, MARKETS.values())),
        *_BESIDE_MARKETS,
        *chain.from_iterable(map(_lines, MARKETS.values())),
    )
}
"""By name, in the order of the table's columns."""


def known(*names: str) -> tuple[str, ...]:
    """The names as they are.

    Raises:
        Permanent: one is no feature of the contract.
    """
    for name in names:
        if name not in FEATURES:
            raise Permanent(f"there is no feature {name!r}", remedy="declare it in shared/registries/features.py")
    return names


for _market in MARKETS.values():
    known(_market.allowed, *_market.learned_from)
