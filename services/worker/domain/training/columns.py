"""Which features each model of `boosted` reads: few, so that a fit is quick and a driver means something."""

from services.worker.domain.systems.boosted import EXPECTED_MINUTES
from shared.registries.features import known
from shared.registries.markets import MARKETS

_SHARED = known(
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


def shared_columns() -> tuple[str, ...]:
    """What attendance and minutes are learned from."""
    return _SHARED


def of_market(market: str) -> tuple[str, ...]:
    """What a market's centre and spread are learned from."""
    form = known(*(f"{market}_{name}" for name in _FORM))
    return (*_SHARED, *form, *MARKETS[market].learned_from, EXPECTED_MINUTES)
