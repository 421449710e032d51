-- step: ml_feature_store
-- inputs: analytics.upcoming_player_game_context, analytics.upcoming_team_game_context, features.player_daily_cache, features.player_shot_zone_analysis, features.team_defense_zone_analysis, features.player_composite_factors
-- output: features.ml_feature_store
-- grain: game_date, mode, player_id
-- as_of: that of its inputs: nothing later than cutoff_at
-- rows: one per row of features.player_daily_cache
-- source: shared/registries/features.py, the contract
SELECT
  context.game_date,
  context.mode,
  context.game_id,
  context.player_id,
  context.cutoff_at,
  context.tip_utc,
  form.points_season_mean,
  form.points_last_5,
  form.points_ewma,
  form.points_std_20,
  form.points_trend,
  form.points_per_minute,
  form.points_per_minute_fast,
  form.rebounds_season_mean,
  form.rebounds_last_5,
  form.rebounds_ewma,
  form.rebounds_std_20,
  form.rebounds_trend,
  form.rebounds_per_minute,
  form.rebounds_per_minute_fast,
  form.assists_season_mean,
  form.assists_last_5,
  form.assists_ewma,
  form.assists_std_20,
  form.assists_trend,
  form.assists_per_minute,
  form.assists_per_minute_fast,
  form.threes_season_mean,
  form.threes_last_5,
  form.threes_ewma,
  form.threes_std_20,
  form.threes_trend,
  form.threes_per_minute,
  form.threes_per_minute_fast,
  form.pra_season_mean,
  form.pra_last_5,
  form.pra_ewma,
  form.pra_std_20,
  form.pra_trend,
  form.pra_per_minute,
  form.pra_per_minute_fast,
  form.games_season,
  form.games_total,
  form.minutes_season_mean,
  form.minutes_prior_mean,
  form.minutes_ewma,
  form.minutes_ewma_slow,
  form.minutes_last,
  form.minutes_last_3,
  form.minutes_last_10,
  form.minutes_std_20,
  form.minutes_trend,
  form.top_five_share_10,
  form.minutes_rank_last,
  form.shots_per_minute,
  form.shots_per_minute_fast,
  form.threes_attempted_per_minute,
  form.free_throws_attempted_per_minute,
  form.turnovers_per_minute,
  form.fouls_per_minute,
  form.offensive_rebounds_per_minute,
  form.possessions_used_per_minute,
  form.true_shooting,
  form.days_since_game,
  form.played_share_10,
  form.played_share_5,
  form.missed_in_row,
  context.injury_status_days,
  factors.play_likelihood,
  factors.teammates_minutes,
  factors.teammates_absent_minutes,
  factors.rotation_rank,
  factors.games_with_team_10,
  factors.vacated_minutes,
  factors.vacated_possessions,
  factors.vacated_rebounds,
  factors.vacated_assists,
  team.days_rest,
  team.opponent_days_rest,
  team.games_last_4_days,
  team.games_last_7_days,
  team.games_last_14_days,
  team.travel_km,
  team.clock_shift,
  form.minutes_last_7_days,
  form.minutes_last_14_days,
  factors.fatigue,
  factors.zone_mismatch,
  factors.expected_pace,
  factors.pace_factor,
  factors.opponent_defensive_rating,
  opponent.points_factor AS opponent_points_factor,
  opponent.rebounds_factor AS opponent_rebounds_factor,
  opponent.assists_factor AS opponent_assists_factor,
  opponent.two_points_factor AS opponent_two_points_factor,
  opponent.threes_factor AS opponent_threes_factor,
  opponent.free_throws_factor AS opponent_free_throws_factor,
  opponent.threes_attempted_allowed_per_100 AS opponent_threes_attempted,
  zones.three_attempt_share,
  zones.free_throw_rate,
  zones.two_accuracy,
  zones.three_accuracy,
  zones.free_throw_accuracy,
  zones.two_points_share,
  team.games_season AS team_games_season,
  factors.team_offensive_rating,
  factors.rating_gap,
  IF(context.is_home, 1, 0) AS is_home,
  context.points_line,
  context.points_line_books,
  context.points_line_spread,
  context.points_p_market AS points_line_p_over,
  context.rebounds_line,
  context.rebounds_line_books,
  context.rebounds_line_spread,
  context.rebounds_p_market AS rebounds_line_p_over,
  context.assists_line,
  context.assists_line_books,
  context.assists_line_spread,
  context.assists_p_market AS assists_line_p_over,
  context.threes_line,
  context.threes_line_books,
  context.threes_line_spread,
  context.threes_p_market AS threes_line_p_over,
  context.pra_line,
  context.pra_line_books,
  context.pra_line_spread,
  context.pra_p_market AS pra_line_p_over
FROM analytics.upcoming_player_game_context AS context
JOIN features.player_daily_cache AS form
  ON form.game_date = context.game_date AND form.mode = context.mode AND form.player_id = context.player_id
JOIN analytics.upcoming_team_game_context AS team
  ON team.game_date = context.game_date AND team.mode = context.mode AND team.team_abbr = context.team_abbr
JOIN features.player_composite_factors AS factors
  ON factors.game_date = context.game_date AND factors.mode = context.mode AND factors.player_id = context.player_id
LEFT JOIN features.player_shot_zone_analysis AS zones
  ON zones.game_date = context.game_date AND zones.mode = context.mode AND zones.player_id = context.player_id
  AND zones.game_date >= @first_date
  AND zones.game_date <= @last_date
LEFT JOIN features.team_defense_zone_analysis AS opponent
  ON opponent.game_date = context.game_date
  AND opponent.mode = context.mode
  AND opponent.team_abbr = context.opponent_team_abbr
  AND opponent.game_date >= @first_date
  AND opponent.game_date <= @last_date
WHERE context.game_date >= @first_date
  AND context.game_date <= @last_date
  AND context.mode = @mode
  AND form.game_date >= @first_date
  AND form.game_date <= @last_date
  AND team.game_date >= @first_date
  AND team.game_date <= @last_date
  AND factors.game_date >= @first_date
  AND factors.game_date <= @last_date
