-- Units of a slate: its teams with an earlier game in the window, known at the cutoff.
WITH teams AS (
  SELECT DISTINCT context.game_date, context.team_abbr
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_defense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.available_at <= context.cutoff_at
    AND games.possessions_allowed > 0
  WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
)
SELECT
  teams.game_date,
  COUNT(*) AS expected,
  COUNT(zones.team_abbr) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(zones.team_abbr IS NULL, CONCAT(teams.team_abbr, ' has no zones'), NULL)), '') AS detail
FROM teams
LEFT JOIN features.team_defense_zone_analysis AS zones
  ON zones.game_date = teams.game_date AND zones.mode = @mode AND zones.team_abbr = teams.team_abbr
GROUP BY teams.game_date
