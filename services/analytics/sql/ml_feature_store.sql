-- step: ml_feature_store
-- inputs: analytics.upcoming_player_game_context, features.player_daily_cache
-- output: features.ml_feature_store
-- grain: game_date, mode, player_id
-- as_of: that of both inputs
-- rows: one per row of features.player_daily_cache
-- source: none: a join
--
-- What a prediction is made from: context and form of every player with a game behind him.
SELECT
  context.game_date,
  context.mode,
  context.game_id,
  context.player_id,
  context.cutoff_at,
  context.tip_utc,
  IF(context.is_home, 1, 0) AS is_home,
  context.days_rest,
  form.games_season,
  form.games_total,
  form.minutes_season_mean,
  form.minutes_ewma,
  form.points_season_mean,
  form.rebounds_season_mean,
  form.assists_season_mean,
  form.threes_season_mean,
  form.points_per_minute,
  form.rebounds_per_minute,
  form.assists_per_minute,
  form.threes_per_minute,
  context.points_line,
  context.rebounds_line,
  context.assists_line,
  context.threes_line
FROM analytics.upcoming_player_game_context AS context
JOIN features.player_daily_cache AS form
  ON form.game_date = context.game_date AND form.mode = context.mode AND form.player_id = context.player_id
WHERE context.game_date = @first_date AND context.mode = @mode
