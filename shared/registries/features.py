"""The feature contract: what `features.ml_feature_store` serves, name by name.

The table's columns are derived from it, the nightly health check reads ranges and null rates from it, and a model
carries the version it was trained on. Whoever changes a name, a unit or a meaning raises the version.

As-of rules, by source: form, zones and factors use games of earlier dates with available_at <= cutoff_at, of the last
400 days; contexts use rosters, reports and lines with available_at <= cutoff_at and the schedule up to the slate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.registries.markets import MARKETS

FEATURE_CONTRACT_VERSION = "2024.1"
"""Changes with any name, unit, meaning or source."""

PLAYER, TEAM = "analytics.upcoming_player_game_context", "analytics.upcoming_team_game_context"
FORM, ZONES = "features.player_daily_cache", "features.player_shot_zone_analysis"
DEFENSE, FACTORS = "features.team_defense_zone_analysis", "features.player_composite_factors"

_EARLIER = "games of earlier dates, available_at <= cutoff_at, last 400 days"
_KNOWN = "rows with available_at <= cutoff_at"
_SCHEDULE = "schedule of this season up to the slate, available_at <= cutoff_at"
_AS_OF = {PLAYER: _KNOWN, TEAM: _SCHEDULE, FORM: _EARLIER, ZONES: _EARLIER, DEFENSE: _EARLIER, FACTORS: _EARLIER}

RARE, SOME, SELDOM = 0.02, 0.15, 1.0
"""Null rates: where a source has almost always, usually, or only for some players anything to say."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature store."""

    name: str
    family: str
    source: str
    """Table it is taken from."""
    column: str
    """Column of that table."""
    unit: str
    low: float
    high: float
    """Sane range, both ends included; outside of it something is broken."""
    nulls: float
    """Largest share of a slate's players for whom it may be null."""
    meaning: str
    whole: bool = False
    """Whether it is a count."""

    @property
    def as_of(self) -> str:
        """Which rows it may rest on."""
        return _AS_OF[self.source]


_CEILING = {"points": 60.0, "rebounds": 30.0, "assists": 25.0, "threes": 12.0, "pra": 90.0}
"""Largest believable mean or line of a market."""


def _form(market: str) -> Iterator[Feature]:
    top = _CEILING[market]

    def form(suffix: str, low: float, high: float, nulls: float, meaning: str, per: str = "") -> Feature:
        name = f"{market}_{suffix}"
        return Feature(name, "form", FORM, name, f"{market}{per}", low, high, nulls, meaning)

    yield form("season_mean", 0, top, SELDOM, "season-to-date mean; null before the first game of the season")
    yield form("last_5", 0, top, 0, "mean of the last 5 games")
    yield form("ewma", 0, top, 0, "exponentially weighted mean, alpha 0.1")
    yield form("std_20", 0, top, SOME, "standard deviation over the last 20 games; null with fewer than two")
    yield form("trend", -top, top, 0, "mean of the last 5 games minus mean of the last 20")
    yield form("per_minute", 0, 3, RARE, "rate of recent games (alpha 0.05), shrunk to the league's", " per minute")
    yield form("per_minute_fast", 0, 3, RARE, "rate of recent games (alpha 0.1), shrunk to the league's", " per minute")


def _market(market: str) -> Iterator[Feature]:
    top = 1.2 * _CEILING[market]

    def quoted(suffix: str, unit: str, high: float, meaning: str, *, column: str = "", whole: bool = False) -> Feature:
        name = f"{market}_{suffix}"
        source = f"{market}_{column}" if column else name
        return Feature(name, "market", PLAYER, source, unit, 0, high, SELDOM, meaning, whole)

    yield quoted("line", market, top, "median over books of the latest main line; null if none")
    yield quoted("line_books", "books", 50, "books the line rests on; null if none", whole=True)
    yield quoted("line_spread", market, top, "highest minus lowest line of the books; null if none")
    fair = "de-vigged P(over) at the line, mean over books; null without prices"
    yield quoted("line_p_over", "probability", 1, fair, column="p_market")


def _table(family: str, source: str, *rows: tuple[str, str, str, float, float, float, str]) -> Iterator[Feature]:
    """Rows of (name, column, unit, low, high, nulls, meaning); a unit ending in `!` is a count."""
    for name, column, unit, low, high, nulls, meaning in rows:
        whole = unit.endswith("!")
        yield Feature(name, family, source, column, unit.removesuffix("!"), low, high, nulls, meaning, whole)


def _features() -> Iterator[Feature]:
    for market in MARKETS:
        yield from _form(market)
    yield from _table(
        "minutes and role",
        FORM,
        ("games_season", "games_season", "games!", 0, 110, 0, "his games this season"),
        ("games_total", "games_total", "games!", 1, 200, 0, "his games of the last 400 days"),
        ("minutes_season_mean", "minutes_season_mean", "min", 0, 48, SELDOM, "mean this season; null before the first"),
        ("minutes_prior_mean", "minutes_prior_mean", "min", 0, 48, SELDOM, "mean of earlier seasons; null without any"),
        ("minutes_ewma", "minutes_ewma", "min", 0, 60, 0, "exponentially weighted minutes, alpha 0.2"),
        ("minutes_ewma_slow", "minutes_ewma_slow", "min", 0, 60, 0, "exponentially weighted minutes, alpha 0.05"),
        ("minutes_last", "minutes_last", "min", 0, 70, 0, "minutes of his last game"),
        ("minutes_last_3", "minutes_last_3", "min", 0, 70, 0, "mean minutes of his last 3 games"),
        ("minutes_last_10", "minutes_last_10", "min", 0, 60, 0, "mean minutes of his last 10 games"),
        ("minutes_std_20", "minutes_std_20", "min", 0, 30, SOME, "standard deviation over 20 games; null below two"),
        ("minutes_trend", "minutes_trend", "min", -48, 60, 0, "mean of the last 3 games minus the slow average"),
        ("top_five_share_10", "top_five_share_10", "share", 0, 1, 0, "last 10 games among his team's top five minutes"),
        ("minutes_rank_last", "minutes_rank_last", "rank!", 1, 18, 0, "rank by minutes in his team's last with him"),
    )
    yield from _table(
        "usage and opportunity",
        FORM,
        ("shots_per_minute", "shots_per_minute", "FGA/min", 0, 3, SOME, "attempts (alpha 0.05); null without minutes"),
        ("shots_per_minute_fast", "shots_per_minute_fast", "FGA/min", 0, 3, SOME, "attempts, alpha 0.1"),
        ("threes_attempted_per_minute", "threes_attempted_per_minute", "3PA/min", 0, 3, SOME, "threes attempted"),
        ("free_throws_attempted_per_minute", "free_throws_attempted_per_minute", "FTA/min", 0, 3, SOME, "free throws"),
        ("turnovers_per_minute", "turnovers_per_minute", "TOV/min", 0, 3, SOME, "turnovers"),
        ("fouls_per_minute", "fouls_per_minute", "PF/min", 0, 4, SOME, "fouls: they limit minutes"),
        ("offensive_rebounds_per_minute", "offensive_rebounds_per_minute", "OREB/min", 0, 3, SOME, "offensive boards"),
        ("possessions_used_per_minute", "possessions_used_per_minute", "1/min", 0, 4, SOME, "FGA + 0.44 FTA + TOV"),
        ("true_shooting", "true_shooting", "share", 0, 1.6, SOME, "points per two true attempts; null without any"),
    )
    yield from _table(
        "attendance",
        FORM,
        ("days_since_game", "days_since_game", "days!", 1, 400, 0, "days since his last game"),
        ("played_share_10", "played_share_10", "share", 0, 1, RARE, "share of the team's last 10 games he played"),
        ("played_share_5", "played_share_5", "share", 0, 1, RARE, "share of the team's last 5 games he played"),
        ("missed_in_row", "missed_in_row", "games!", 0, 10, RARE, "team games missed since his last with it, up to 10"),
    )
    yield from _table(
        "attendance",
        PLAYER,
        (
            "injury_status_days",
            "injury_status_days",
            "days!",
            0,
            400,
            SELDOM,
            "age of his status; null if none",
        ),
    )
    yield from _table(
        "attendance",
        FACTORS,
        ("play_likelihood", "play_likelihood", "share", 0, 1, 0, "how often somebody so listed and so absent played"),
    )
    yield from _table(
        "usage and opportunity",
        FACTORS,
        ("teammates_minutes", "teammates_minutes", "min", 0, 600, 0, "expected minutes' worth of teammates tonight"),
        ("teammates_absent_minutes", "teammates_absent_minutes", "min", 0, 400, 0, "recent teammates missing"),
        ("rotation_rank", "rotation_rank", "rank!", 1, 30, 0, "rank by expected minutes among those available"),
        (
            "games_with_team_10",
            "games_with_team_10",
            "games!",
            0,
            10,
            0,
            "of the team's last 10, those he played",
        ),
        ("vacated_minutes", "vacated_minutes", "min", -250, 250, 0.5, "vacant tonight against his recent games"),
        ("vacated_possessions", "vacated_possessions", "1", -130, 130, 0.5, "the same in possessions used"),
        ("vacated_rebounds", "vacated_rebounds", "rebounds", -60, 60, 0.5, "the same in rebounds"),
        ("vacated_assists", "vacated_assists", "assists", -40, 40, 0.5, "the same in assists"),
    )
    yield from _table(
        "rest and travel",
        TEAM,
        ("days_rest", "days_rest", "days!", 1, 200, SELDOM, "days since the team's last game; null for its first"),
        ("opponent_days_rest", "opponent_days_rest", "days!", 1, 200, SELDOM, "the same of the opponent"),
        ("games_last_4_days", "games_last_4_days", "games!", 0, 4, 0, "the team's games of the last 4 days"),
        ("games_last_7_days", "games_last_7_days", "games!", 0, 6, 0, "the team's games of the last 7 days"),
        ("games_last_14_days", "games_last_14_days", "games!", 0, 12, 0, "the team's games of the last 14 days"),
        ("travel_km", "travel_km", "km!", 0, 6000, SELDOM, "from the arena of its last game; null for its first"),
        ("clock_shift", "clock_shift", "h!", -3, 3, SELDOM, "time zones crossed eastward; null for its first"),
    )
    yield from _table(
        "rest and travel",
        FORM,
        ("minutes_last_7_days", "minutes_last_7_days", "min", 0, 300, 0, "his minutes of the last 7 days"),
        ("minutes_last_14_days", "minutes_last_14_days", "min", 0, 500, 0, "his minutes of the last 14 days"),
    )
    yield from _table(
        "rest and travel", FACTORS, ("fatigue", "fatigue", "0-1", 0, 1, 0, "short rest and minutes of the last week")
    )
    yield from _table(
        "opponent and pace",
        FACTORS,
        ("zone_mismatch", "zone_mismatch", "share", -0.6, 0.6, RARE, "weakness of the opponent where he scores"),
        ("expected_pace", "expected_pace", "per 48 min", 80, 125, RARE, "own plus opponent's minus the league's pace"),
        ("pace_factor", "pace_factor", "ratio", 0.8, 1.25, RARE, "expected pace over the team's own"),
        ("opponent_defensive_rating", "opponent_defensive_rating", "per 100", 85, 140, RARE, "points allowed"),
    )
    yield from _table(
        "opponent and pace",
        DEFENSE,
        ("opponent_points_factor", "points_factor", "ratio", 0.7, 1.4, RARE, "points allowed over the league's"),
        ("opponent_rebounds_factor", "rebounds_factor", "ratio", 0.7, 1.4, RARE, "rebounds allowed over the league's"),
        ("opponent_assists_factor", "assists_factor", "ratio", 0.6, 1.5, RARE, "assists allowed over the league's"),
        ("opponent_two_points_factor", "two_points_factor", "ratio", 0.6, 1.5, RARE, "twos allowed over the league's"),
        ("opponent_threes_factor", "threes_factor", "ratio", 0.5, 1.6, RARE, "threes allowed over the league's"),
        ("opponent_free_throws_factor", "free_throws_factor", "ratio", 0.5, 1.7, RARE, "free throws over the league's"),
        (
            "opponent_threes_attempted",
            "threes_attempted_allowed_per_100",
            "per 100",
            20,
            55,
            RARE,
            "threes attempted against it",
        ),
    )
    yield from _table(
        "shot zones",
        ZONES,
        ("three_attempt_share", "three_attempt_share", "share", 0, 1, SOME, "threes of his attempts; null without any"),
        ("free_throw_rate", "free_throw_rate", "ratio", 0, 10, SOME, "free throws per field goal attempt"),
        ("two_accuracy", "two_accuracy", "share", 0, 1, SOME, "twos made per attempt; null without any"),
        ("three_accuracy", "three_accuracy", "share", 0, 1, 0.4, "threes made per attempt; null without any"),
        ("free_throw_accuracy", "free_throw_accuracy", "share", 0, 1, 0.4, "free throws made; null without any"),
        ("two_points_share", "two_points_share", "share", 0, 1, SOME, "points from twos; null without a point"),
    )
    yield from _table(
        "team context",
        TEAM,
        ("team_games_season", "games_season", "games!", 0, 110, 0, "the team's games this season before this one"),
    )
    yield from _table(
        "team context",
        FACTORS,
        ("team_offensive_rating", "team_offensive_rating", "per 100", 85, 140, RARE, "points of the last 25 games"),
        ("rating_gap", "rating_gap", "per 100", -45, 45, RARE, "net rating minus the opponent's: a blow-out looms"),
    )
    yield Feature("is_home", "home", PLAYER, "is_home", "0/1", 0, 1, 0, "1 for the home team", whole=True)
    for market in MARKETS:
        yield from _market(market)


FEATURES = {feature.name: feature for feature in _features()}
"""By name, in the order of the table's columns."""
