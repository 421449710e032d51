-- step: team_daily_record
-- inputs: analytics.upcoming_team_game_context, analytics.team_offense_game_summary, analytics.team_defense_game_summary
-- output: analytics.team_daily_record
-- grain: game_date, mode, team_abbr
-- as_of: regular-season games of this season and earlier dates with available_at <= cutoff_at
-- rows: one per row of analytics.upcoming_team_game_context
-- source: Oliver, Basketball on Paper (2004): points scored and allowed say more of a team than its record
WITH games AS (
  SELECT
    context.game_date AS slate_date,
    context.team_abbr,
    games.is_home,
    games.points - defense.points_allowed AS margin,
    ROW_NUMBER() OVER (
      PARTITION BY context.game_date, context.team_abbr ORDER BY games.game_date DESC, games.game_id DESC
    ) AS age
  FROM analytics.upcoming_team_game_context AS context
  JOIN analytics.team_offense_game_summary AS games
    ON games.team_abbr = context.team_abbr
    AND games.season = context.season
    AND games.season_type = 'regular'
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND games.game_date < @last_date
    AND games.available_at <= context.cutoff_at
  JOIN analytics.team_defense_game_summary AS defense
    ON defense.game_id = games.game_id
    AND defense.team_abbr = games.team_abbr
    AND defense.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND defense.game_date < @last_date
  WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
)
SELECT
  context.game_date,
  @mode AS mode,
  context.team_abbr,
  COUNTIF(games.margin > 0) AS wins,
  COUNTIF(games.margin < 0) AS losses,
  COUNTIF(games.margin > 0 AND games.is_home) AS home_wins,
  COUNTIF(games.margin < 0 AND games.is_home) AS home_losses,
  COUNTIF(games.margin > 0 AND games.age <= 10) AS wins_last_10,
  AVG(games.margin) AS margin_mean
FROM analytics.upcoming_team_game_context AS context
LEFT JOIN games ON games.slate_date = context.game_date AND games.team_abbr = context.team_abbr
WHERE context.game_date >= @first_date AND context.game_date <= @last_date AND context.mode = @mode
GROUP BY context.game_date, context.team_abbr
