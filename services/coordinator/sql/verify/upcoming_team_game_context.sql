-- Units: teams that play.
WITH teams AS (
  SELECT home_team AS team FROM raw.games WHERE game_date = @game_date AND NOT postponed
  UNION DISTINCT
  SELECT away_team AS team FROM raw.games WHERE game_date = @game_date AND NOT postponed
)
SELECT
  COUNT(*) AS expected,
  COUNT(context.team_abbr) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(context.team_abbr IS NULL, CONCAT(teams.team, ' has no context'), NULL)), '') AS detail
FROM teams
LEFT JOIN analytics.upcoming_team_game_context AS context
  ON context.game_date = @game_date AND context.mode = @mode AND context.team_abbr = teams.team
