"""Which features each model of `boosted` reads: few, so that a fit is quick and a driver means something."""

from services.worker.domain.systems.boosted import EXPECTED_MINUTES
from shared.registries.features import FEATURES

_SHARED = (
    "games_season", "games_total", "minutes_season_mean", "minutes_prior_mean", "minutes_ewma", "minutes_ewma_slow",
    "minutes_last", "minutes_last_3", "minutes_last_10", "minutes_std_20", "minutes_trend", "top_five_share_10",
    "minutes_rank_last", "days_since_game", "played_share_10", "missed_in_row", "play_likelihood", "teammates_minutes",
    "teammates_absent_minutes", "rotation_rank", "games_with_team_10", "vacated_minutes", "vacated_possessions",
    "vacated_rebounds", "vacated_assists", "days_rest", "games_last_7_days", "minutes_last_14_days", "fatigue",
    "expected_pace", "pace_factor", "opponent_defensive_rating", "rating_gap", "team_games_season", "is_home",
    "possessions_used_per_minute", "shots_per_minute", "shots_per_minute_fast", "fouls_per_minute",
    "injury_status_days",
)  # fmt: skip
_FORM = ("season_mean", "last_5", "ewma", "std_20", "trend", "per_minute", "per_minute_fast")
_OWN = {
    "points": (
        "true_shooting", "three_attempt_share", "free_throws_attempted_per_minute", "three_accuracy", "two_accuracy",
        "zone_mismatch", "opponent_points_factor", "opponent_threes_factor", "opponent_free_throws_factor",
        "team_offensive_rating",
    ),
    "rebounds": (
        "offensive_rebounds_per_minute", "three_attempt_share", "opponent_rebounds_factor",
        "opponent_threes_attempted",
    ),
    "assists": ("turnovers_per_minute", "opponent_assists_factor", "team_offensive_rating", "points_per_minute"),
    "threes": (
        "threes_attempted_per_minute", "three_accuracy", "three_attempt_share", "opponent_threes_factor",
        "opponent_threes_attempted",
    ),
    "pra": (
        "true_shooting", "opponent_points_factor", "opponent_rebounds_factor", "opponent_assists_factor",
        "team_offensive_rating", "rebounds_per_minute", "assists_per_minute",
    ),
}  # fmt: skip


def shared_columns() -> tuple[str, ...]:
    """What attendance and minutes are learned from."""
    return tuple(name for name in _SHARED if name in FEATURES)


def of_market(market: str) -> tuple[str, ...]:
    """What a market's centre and spread are learned from."""
    own = (*(f"{market}_{name}" for name in _FORM), *_OWN[market])
    return (*shared_columns(), *(name for name in own if name in FEATURES), EXPECTED_MINUTES)
