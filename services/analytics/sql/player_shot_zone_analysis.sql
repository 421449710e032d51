-- step: player_shot_zone_analysis
-- inputs: analytics.upcoming_player_game_context, analytics.player_game_summary
-- output: features.player_shot_zone_analysis
-- grain: game_date, mode, player_id
-- as_of: games of earlier dates with available_at <= cutoff_at, of the last 400 days
-- rows: one per row of analytics.upcoming_player_game_context with an earlier game in the window
-- source: zones are those a box score tells apart: two-pointers, threes, free throws
--
-- Where a player's attempts and points come from, newer games counting more (0.95 per game). Shares are null without an
-- attempt or a point. A box score does not tell paint from mid-range: no such column.
WITH history AS (
  SELECT
    context.game_date AS slate_date,
    games.*,
    {weight of player_id by context} AS w
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND {games known to context}
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
)
SELECT
  slate_date AS game_date,
  @mode AS mode,
  player_id,
  COUNT(*) AS games,
  SAFE_DIVIDE(
    SUM(w * (field_goals_attempted - threes_attempted)), SUM(w * field_goals_attempted)
  ) AS two_attempt_share,
  SAFE_DIVIDE(SUM(w * threes_attempted), SUM(w * field_goals_attempted)) AS three_attempt_share,
  SAFE_DIVIDE(SUM(w * free_throws_attempted), SUM(w * field_goals_attempted)) AS free_throw_rate,
  SAFE_DIVIDE(
    SUM(w * (field_goals_made - threes)), SUM(w * (field_goals_attempted - threes_attempted))
  ) AS two_accuracy,
  SAFE_DIVIDE(SUM(w * threes), SUM(w * threes_attempted)) AS three_accuracy,
  SAFE_DIVIDE(SUM(w * free_throws_made), SUM(w * free_throws_attempted)) AS free_throw_accuracy,
  SAFE_DIVIDE(SUM(w * 2 * (field_goals_made - threes)), SUM(w * points)) AS two_points_share,
  SAFE_DIVIDE(SUM(w * 3 * threes), SUM(w * points)) AS three_points_share,
  SAFE_DIVIDE(SUM(w * free_throws_made), SUM(w * points)) AS free_throw_points_share
FROM history
GROUP BY slate_date, player_id
