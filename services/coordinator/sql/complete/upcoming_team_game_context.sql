-- Units of a slate: teams that play.
WITH teams AS (
  SELECT game_date, home_team AS team FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
  UNION DISTINCT
  SELECT game_date, away_team AS team FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
)
SELECT
  teams.game_date,
  COUNT(*) AS expected,
  COUNT(context.team_abbr) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(context.team_abbr IS NULL, CONCAT(teams.team, ' has no context'), NULL)), '') AS detail
FROM teams
LEFT JOIN analytics.upcoming_team_game_context AS context
  ON context.game_date = teams.game_date AND context.mode = @mode AND context.team_abbr = teams.team
GROUP BY teams.game_date
