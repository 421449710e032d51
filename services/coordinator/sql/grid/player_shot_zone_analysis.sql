-- Units by slate: players with a context and an earlier game in the window that was known at the cutoff.
WITH wanted AS (
  SELECT DISTINCT context.game_date, context.player_id
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.game_date BETWEEN DATE_SUB(@first, INTERVAL 400 DAY) AND @last
    AND games.available_at <= context.cutoff_at
  WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
)
SELECT wanted.game_date, COUNT(*) AS expected, COUNT(zones.player_id) AS verified
FROM wanted
LEFT JOIN features.player_shot_zone_analysis AS zones
  ON zones.game_date = wanted.game_date AND zones.mode = @mode AND zones.player_id = wanted.player_id
GROUP BY wanted.game_date
ORDER BY wanted.game_date
