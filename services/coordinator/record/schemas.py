"""What is sealed of a row: a version names the columns, so that one that comes later does not break old entries.

A version is never edited: a new column of one of these tables is a new version, the newest is what is sealed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.tables import TABLES, Column

PUBLISHED = "predictions.player_prop_predictions"
GRADED = "predictions.prediction_grades"
GAMES = "raw.games"
BOX_SCORES = "raw.player_box_scores"
LINES = "raw.prop_lines"

STATEMENTS: Final[Mapping[str, str]] = {
    PUBLISHED: "sealed_predictions",
    GRADED: "sealed_grades",
    GAMES: "sealed_games",
    BOX_SCORES: "sealed_box_scores",
    LINES: "sealed_lines",
}
"""Table -> the statement that reads its rows in the order in which they are sealed."""
SOURCES: Final = (GAMES, BOX_SCORES, LINES)
"""What grades are made of, beside what was published."""
STAMPS: Final[Mapping[str, frozenset[str]]] = {
    GAMES: frozenset({"available_at", "fetched_at", "source"}),
    BOX_SCORES: frozenset({"fetched_at", "source"}),
}
"""Columns that are not sealed: the same fact, fetched once more, has others."""

_VERSIONS: Final[Mapping[int, Mapping[str, str]]] = {
    1: {
        PUBLISHED: """
            game_date mode game_id player_id player_lookup reason market system run_id generation batch predicted_at
            mean q05 q10 q20 q30 q40 q50 q60 q70 q80 q90 q95 centre scale power minutes p_play artifact shadow drivers
            line line_books line_at p_over p_push p_market book over_price under_price fair_over fair_under edge
            recommendation pass_reason
        """,
        GRADED: """
            game_date mode game_id player_id market system run_id voided actual error line line_result closing_line
            closing_p_market side clv clv_price shadow games_before minutes_before season_mean ewma rate_minutes
            baseline_error mean_error inside_80 inside_90 quantiles_below quantiles_equal pinball crps p_over p_market
            edge brier market_brier recommendation pick_result
        """,
        GAMES: "game_id season season_type game_date tip_utc home_team away_team neutral_site postponed",
        BOX_SCORES: """
            game_id game_date season season_type player_id player_lookup player_name team opponent is_home starter
            minutes points rebounds offensive_rebounds defensive_rebounds assists field_goals_made
            field_goals_attempted threes threes_attempted free_throws_made free_throws_attempted steals blocks
            turnovers fouls plus_minus available_at
        """,
        LINES: """
            game_id game_date player_id player_lookup market bookmaker line over_price under_price is_main event_id
            available_at fetched_at source
        """,
    }
}
NEWEST: Final = max(_VERSIONS)


def known(version: int) -> bool:
    """Whether this release knows the version."""
    return version in _VERSIONS


def sealed_columns(table: str, version: int = NEWEST) -> Sequence[Column]:
    """The columns of a table that a version seals; KeyError for a version there is not."""
    return [TABLES[table].column(name) for name in _VERSIONS[version][table].split()]
