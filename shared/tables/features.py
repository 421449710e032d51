"""Dataset `features`: form, zones and factors as known at a slate's cutoffs, and what a prediction is made from."""

from shared.registries.features import FEATURES, Feature
from shared.tables.columns import GAME, GAME_DATE, MODE, PLAYER, Column, Table, Type, c, n, per_market

_KEY = ("game_date", "mode", "player_id")
_TEAM_KEY = ("game_date", "mode", "team_abbr")


def _served(feature: Feature) -> Column:
    type_: Type = "FLOAT64" if feature.kind == "real" else "INT64"
    absent = "" if feature.nulls == 0 or "null" in feature.meaning else "; null where its source is silent"
    return Column(feature.name, type_, f"{feature.meaning}{absent} [{feature.unit}]", nullable=feature.nulls > 0)


FEATURE_TABLES = (
    Table(
        "features.player_daily_cache",
        "A player's form over his earlier games, as known at the cutoff.",
        _KEY,
        (
            GAME_DATE,
            MODE,
            PLAYER,
            c("games_season", "INT64", "games played this season"),
            c("games_total", "INT64", "games played in the window of the last 400 days"),
            c("days_since_game", "INT64", "days since his last game"),
            c("minutes_last_7_days", "FLOAT64", "minutes of the last 7 days"),
            c("minutes_last_14_days", "FLOAT64", "minutes of the last 14 days"),
            n("minutes_season_mean", "FLOAT64", "mean minutes this season; null before the first game"),
            n("minutes_prior_mean", "FLOAT64", "mean minutes in earlier seasons of the window; null without any"),
            c("minutes_ewma", "FLOAT64", "exponentially weighted minutes, alpha 0.2"),
            c("minutes_ewma_slow", "FLOAT64", "exponentially weighted minutes, alpha 0.05"),
            c("minutes_last", "FLOAT64", "minutes of his last game"),
            c("minutes_last_3", "FLOAT64", "mean minutes of his last 3 games"),
            c("minutes_last_10", "FLOAT64", "mean minutes of his last 10 games"),
            n("minutes_std_20", "FLOAT64", "standard deviation over his last 20 games; null with fewer than two"),
            c("minutes_trend", "FLOAT64", "mean of the last 3 games minus the slow average"),
            c("top_five_share_10", "FLOAT64", "share of his last 10 games among his team's five with most minutes"),
            c("minutes_rank_last", "INT64", "rank by minutes within his team in his last game"),
            n("start_share_10", "FLOAT64", "share of starts in his last 10 games; null where no source says"),
            n("started_last", "INT64", "1 if he started his last game, else 0; null where the source does not say"),
            n("played_share_10", "FLOAT64", "share of the team's last 10 games he played; null before its first"),
            n("played_share_5", "FLOAT64", "share of the team's last 5 games he played; null before its first"),
            n("missed_in_row", "INT64", "team games since his last with it, up to 10; null before its first"),
            n("played_in_row", "INT64", "team games since the last he missed, up to 10; null before its first"),
            *per_market(
                "season_mean", "FLOAT64", "season-to-date mean; null before the first game of the season", nullable=True
            ),
            *per_market("last_5", "FLOAT64", "mean of the last 5 games"),
            *per_market("ewma", "FLOAT64", "exponentially weighted mean, alpha 0.1"),
            *per_market(
                "std_20",
                "FLOAT64",
                "standard deviation over the last 20 games; null with fewer than two",
                nullable=True,
            ),
            *per_market("trend", "FLOAT64", "mean of the last 5 games minus mean of the last 20"),
            *per_market(
                "per_minute",
                "FLOAT64",
                "recent rate per minute (alpha 0.05), shrunk to the league's; null if nobody has played a minute",
                nullable=True,
            ),
            *per_market(
                "per_minute_fast",
                "FLOAT64",
                "the same with alpha 0.1; null if nobody has played a minute",
                nullable=True,
            ),
            n("shots_per_minute", "FLOAT64", "field goals attempted per minute, alpha 0.05; null without minutes"),
            n("shots_per_minute_fast", "FLOAT64", "field goals attempted per minute, alpha 0.1; null without minutes"),
            n("threes_attempted_per_minute", "FLOAT64", "threes attempted per minute; null without minutes"),
            n("free_throws_attempted_per_minute", "FLOAT64", "free throws per minute; null without minutes"),
            n("turnovers_per_minute", "FLOAT64", "turnovers per minute; null without minutes"),
            n("fouls_per_minute", "FLOAT64", "personal fouls per minute; null without minutes"),
            n("offensive_rebounds_per_minute", "FLOAT64", "offensive rebounds per minute; null without minutes"),
            n("threes_accuracy", "FLOAT64", "threes made per attempt; null without an attempt"),
            n("true_shooting", "FLOAT64", "points / (2 (FGA + 0.44 FTA)); null without an attempt"),
            n("possessions_used_per_minute", "FLOAT64", "(FGA + 0.44 FTA + TOV) per minute; null without minutes"),
        ),
        rows="one per row of the player's context with an earlier game in the window",
    ),
    Table(
        "features.player_shot_zone_analysis",
        "Where a player's attempts and points come from, as known at the cutoff.",
        _KEY,
        (
            GAME_DATE,
            MODE,
            PLAYER,
            c("games", "INT64", "games it rests on"),
            n("two_attempt_share", "FLOAT64", "two-pointers of his attempts; null without an attempt"),
            n("three_attempt_share", "FLOAT64", "threes of his attempts; null without an attempt"),
            n("free_throw_rate", "FLOAT64", "free throws per field goal attempt; null without an attempt"),
            n("two_accuracy", "FLOAT64", "two-pointers made per attempt; null without an attempt"),
            n("three_accuracy", "FLOAT64", "threes made per attempt; null without an attempt"),
            n("free_throw_accuracy", "FLOAT64", "free throws made per attempt; null without an attempt"),
            n("two_points_share", "FLOAT64", "points from two-pointers; null without a point"),
            n("three_points_share", "FLOAT64", "points from threes; null without a point"),
            n("free_throw_points_share", "FLOAT64", "points from free throws; null without a point"),
        ),
        rows="one per row of features.player_daily_cache",
    ),
    Table(
        "features.team_defense_zone_analysis",
        "What a team's defence allows, by zone and against the league, as known at the cutoff.",
        _TEAM_KEY,
        (
            GAME_DATE,
            MODE,
            c("team_abbr", "STRING", "tricode"),
            c("games", "INT64", "games it rests on, up to 25"),
            c("points_allowed_per_100", "FLOAT64", "points allowed per 100 possessions"),
            c("rebounds_allowed_per_100", "FLOAT64", "rebounds allowed per 100 possessions"),
            c("assists_allowed_per_100", "FLOAT64", "assists allowed per 100 possessions"),
            c("two_points_allowed_per_100", "FLOAT64", "points allowed from two-pointers per 100 possessions"),
            c("three_points_allowed_per_100", "FLOAT64", "points allowed from threes per 100 possessions"),
            c("threes_attempted_allowed_per_100", "FLOAT64", "threes attempted by opponents per 100 possessions"),
            c("free_throws_allowed_per_100", "FLOAT64", "free throws allowed per 100 possessions"),
            n("two_accuracy_allowed", "FLOAT64", "opponents' two-pointers made per attempt; null without an attempt"),
            n("three_accuracy_allowed", "FLOAT64", "opponents' threes made per attempt; null without an attempt"),
            *(
                n(
                    f"{what}_factor",
                    "FLOAT64",
                    f"{what.replace('_', ' ')} allowed over the league's; null without",
                )
                for what in ("points", "rebounds", "assists", "two_points", "threes", "free_throws")
            ),
        ),
        rows="one per team of the slate with games behind it",
    ),
    Table(
        "features.player_composite_factors",
        "What is taken from several tables: fatigue, mismatch, pace, opportunity.",
        _KEY,
        (
            GAME_DATE,
            MODE,
            PLAYER,
            c("play_likelihood", "FLOAT64", "how often somebody so listed and so long absent played, 0 to 1"),
            c("fatigue", "FLOAT64", "0 fresh to 1 exhausted: short rest, and minutes of the last week"),
            n("zone_mismatch", "FLOAT64", "the opponent's weakness where he scores, 0 average; null without its games"),
            n("expected_pace", "FLOAT64", "own plus opponent's minus the league's pace; null without games"),
            n("pace_factor", "FLOAT64", "expected pace over the team's own; null without games"),
            n("team_offensive_rating", "FLOAT64", "the team's points per 100 possessions; null without games"),
            n("opponent_defensive_rating", "FLOAT64", "points the opponent allows per 100; null without games"),
            n("rating_gap", "FLOAT64", "net rating minus the opponent's; null without games"),
            c("teammates_minutes", "FLOAT64", "expected minutes' worth of his teammates tonight"),
            c("teammates_absent_minutes", "FLOAT64", "minutes' worth of recent teammates likely missing tonight"),
            c("rotation_rank", "INT64", "rank by expected minutes within the team"),
            c("games_with_team_10", "INT64", "of the team's last 10 games, those he played"),
            n("vacated_minutes", "FLOAT64", "vacant tonight against his recent games with the team; null without any"),
            n("vacated_possessions", "FLOAT64", "the same in possessions used; null without any"),
            n("vacated_rebounds", "FLOAT64", "the same in rebounds; null without any"),
            n("vacated_assists", "FLOAT64", "the same in assists; null without any"),
        ),
        rows="one per row of features.player_daily_cache",
    ),
    Table(
        "features.ml_feature_store",
        "What a prediction is made from, as served: the feature contract (shared/registries/features.py).",
        _KEY,
        (
            GAME_DATE,
            MODE,
            GAME,
            PLAYER,
            c("cutoff_at", "TIMESTAMP", "information after this instant is not used"),
            c("tip_utc", "TIMESTAMP", "scheduled tip-off"),
            *(_served(feature) for feature in FEATURES.values()),
        ),
        rows="one per row of features.player_daily_cache",
    ),
)
