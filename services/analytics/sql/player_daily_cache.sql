-- step: player_daily_cache
-- inputs: analytics.upcoming_player_game_context, analytics.player_game_summary
-- output: features.player_daily_cache
-- grain: game_date, mode, player_id
-- as_of: games of earlier dates with available_at <= cutoff_at, of the last 400 days
-- rows: one per row of analytics.upcoming_player_game_context with an earlier game in the window
-- source: Brown, Smoothing, Forecasting and Prediction (1963): exponential weights
--
-- A player's form over his earlier games of the last 400 days, as known at the cutoff.
-- As-of rule: games of earlier dates with available_at <= cutoff_at.
-- Weights fall by (1 - alpha) per game into the past. A rate per minute is shrunk to the league's of the same window by
-- one game's worth of minutes (36), so that a single garbage-time three is not a rate of one per minute.
-- Sums are NUMERIC: exact, hence the same whatever order the rows were loaded in.
WITH history AS (
  SELECT
    context.player_id,
    context.season AS slate_season,
    games.season,
    games.minutes,
    games.points,
    games.rebounds,
    games.assists,
    games.threes,
    ROW_NUMBER() OVER (PARTITION BY context.player_id ORDER BY games.game_date DESC, games.game_id DESC) - 1 AS age
  FROM analytics.upcoming_player_game_context AS context
  JOIN analytics.player_game_summary AS games
    ON games.player_id = context.player_id
    AND games.game_date < context.game_date
    AND games.game_date >= DATE_SUB(context.game_date, INTERVAL 400 DAY)
    AND games.available_at <= context.cutoff_at
  WHERE context.game_date = @first_date AND context.mode = @mode
),
weighted AS (
  SELECT *, POW(0.8, age) AS minutes_weight, POW(0.95, age) AS rate_weight FROM history
),
-- The league's rates may use only what was known at every cutoff of the slate: an early game must not learn from what
-- a late one may know.
first_cutoff AS (
  SELECT MIN(cutoff_at) AS cutoff_at
  FROM analytics.upcoming_player_game_context
  WHERE game_date = @first_date AND mode = @mode
),
league AS (
  SELECT
    SAFE_DIVIDE(SUM(points), CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64)) AS points,
    SAFE_DIVIDE(SUM(rebounds), CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64)) AS rebounds,
    SAFE_DIVIDE(SUM(assists), CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64)) AS assists,
    SAFE_DIVIDE(SUM(threes), CAST(SUM(CAST(minutes AS NUMERIC)) AS FLOAT64)) AS threes
  FROM analytics.player_game_summary AS games
  CROSS JOIN first_cutoff
  WHERE games.game_date < @first_date
    AND games.game_date >= DATE_SUB(@first_date, INTERVAL 400 DAY)
    AND games.available_at <= first_cutoff.cutoff_at
),
form AS (
  SELECT
    player_id,
    COUNTIF(season = slate_season) AS games_season,
    COUNT(*) AS games_total,
    SAFE_DIVIDE(
      CAST(SUM(CAST(IF(season = slate_season, minutes, NULL) AS NUMERIC)) AS FLOAT64), COUNTIF(season = slate_season)
    ) AS minutes_season_mean,
    CAST(SUM(CAST(minutes_weight * minutes AS NUMERIC)) AS FLOAT64)
      / CAST(SUM(CAST(minutes_weight AS NUMERIC)) AS FLOAT64) AS minutes_ewma,
    AVG(IF(season = slate_season, points, NULL)) AS points_season_mean,
    AVG(IF(season = slate_season, rebounds, NULL)) AS rebounds_season_mean,
    AVG(IF(season = slate_season, assists, NULL)) AS assists_season_mean,
    AVG(IF(season = slate_season, threes, NULL)) AS threes_season_mean,
    CAST(SUM(CAST(rate_weight * minutes AS NUMERIC)) AS FLOAT64) AS rate_minutes,
    CAST(SUM(CAST(rate_weight * points AS NUMERIC)) AS FLOAT64) AS points,
    CAST(SUM(CAST(rate_weight * rebounds AS NUMERIC)) AS FLOAT64) AS rebounds,
    CAST(SUM(CAST(rate_weight * assists AS NUMERIC)) AS FLOAT64) AS assists,
    CAST(SUM(CAST(rate_weight * threes AS NUMERIC)) AS FLOAT64) AS threes
  FROM weighted
  GROUP BY player_id
)
SELECT
  @first_date AS game_date,
  @mode AS mode,
  form.player_id,
  form.games_season,
  form.games_total,
  form.minutes_season_mean,
  form.minutes_ewma,
  form.points_season_mean,
  form.rebounds_season_mean,
  form.assists_season_mean,
  form.threes_season_mean,
  (form.points + 36 * league.points) / (form.rate_minutes + 36) AS points_per_minute,
  (form.rebounds + 36 * league.rebounds) / (form.rate_minutes + 36) AS rebounds_per_minute,
  (form.assists + 36 * league.assists) / (form.rate_minutes + 36) AS assists_per_minute,
  (form.threes + 36 * league.threes) / (form.rate_minutes + 36) AS threes_per_minute
FROM form
CROSS JOIN league
