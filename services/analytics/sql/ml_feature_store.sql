-- step: ml_feature_store
-- inputs: analytics.upcoming_player_game_context, analytics.player_market_context, analytics.upcoming_team_game_context, features.player_daily_cache, features.player_shot_zone_analysis, features.team_defense_zone_analysis, features.player_composite_factors
-- output: features.ml_feature_store
-- grain: game_date, mode, player_id
-- as_of: that of its inputs: nothing later than cutoff_at
-- rows: one per row of features.player_daily_cache
-- source: shared/registries/features.py, the contract
WITH lines AS (
  SELECT
    -- for each quote
    MAX(IF(market = '{market}', {column}, NULL)) AS {feature},
    -- end
    game_date,
    player_id
  FROM analytics.player_market_context
  WHERE game_date >= @first_date AND game_date <= @last_date AND mode = @mode
  GROUP BY game_date, player_id
)
SELECT
  -- for each feature
  {taken} AS {feature},
  -- end
  context.game_date,
  context.mode,
  context.game_id,
  context.player_id,
  context.cutoff_at,
  context.tip_utc
FROM analytics.upcoming_player_game_context AS context
JOIN features.player_daily_cache AS form
  ON form.game_date = context.game_date AND form.mode = context.mode AND form.player_id = context.player_id
JOIN analytics.upcoming_team_game_context AS team
  ON team.game_date = context.game_date AND team.mode = context.mode AND team.team_abbr = context.team_abbr
JOIN features.player_composite_factors AS factors
  ON factors.game_date = context.game_date AND factors.mode = context.mode AND factors.player_id = context.player_id
LEFT JOIN lines ON lines.game_date = context.game_date AND lines.player_id = context.player_id
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
