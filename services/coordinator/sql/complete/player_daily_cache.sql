-- Units of a slate: its players with an earlier game in the window, known at the cutoff.
WITH players AS (
  SELECT DISTINCT context.game_date, context.player_id, context.player_name
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.available_at <= context.cutoff_at
  WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
)
SELECT
  players.game_date,
  COUNT(*) AS expected,
  COUNT(form.player_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(form.player_id IS NULL, CONCAT(players.player_name, ' has no form'), NULL)), '') AS detail
FROM players
LEFT JOIN features.player_daily_cache AS form
  ON form.game_date = players.game_date AND form.mode = @mode AND form.player_id = players.player_id
GROUP BY players.game_date
