-- Units by slate: teams with a context and an earlier game in the window that was known at the cutoff.
WITH wanted AS (
  SELECT DISTINCT context.game_date, context.team_abbr
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_defense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.game_date BETWEEN DATE_SUB(@first, INTERVAL 400 DAY) AND @last
    AND games.available_at <= context.cutoff_at
    AND games.possessions_allowed > 0
  WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
)
SELECT wanted.game_date, COUNT(*) AS expected, COUNT(zones.team_abbr) AS verified
FROM wanted
LEFT JOIN features.team_defense_zone_analysis AS zones
  ON zones.game_date = wanted.game_date AND zones.mode = @mode AND zones.team_abbr = wanted.team_abbr
GROUP BY wanted.game_date
ORDER BY wanted.game_date
