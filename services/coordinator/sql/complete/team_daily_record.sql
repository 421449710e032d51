-- Units of a slate: its teams with a context.
SELECT
  context.game_date,
  COUNT(*) AS expected,
  COUNT(record.team_abbr) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(record.team_abbr IS NULL, CONCAT(context.team_abbr, ' has no record'), NULL)), '') AS detail
FROM analytics.upcoming_team_game_context AS context
LEFT JOIN analytics.team_daily_record AS record
  ON record.game_date = context.game_date AND record.mode = @mode AND record.team_abbr = context.team_abbr
WHERE context.game_date BETWEEN @first AND @last AND context.mode = @mode
GROUP BY context.game_date
