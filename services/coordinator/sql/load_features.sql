-- The one query that loads the features for prediction of a slate, or of some of its games; games together.
SELECT features.*, context.team_abbr, context.opponent_team_abbr
FROM features.ml_feature_store AS features
JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = features.game_date AND context.mode = features.mode AND context.player_id = features.player_id
WHERE features.game_date = @game_date AND features.mode = @mode AND features.tip_utc > @not_tipped_after
  AND (@games = '' OR STRPOS(@games, features.game_id) > 0)
ORDER BY features.game_id, features.player_id
