-- Units: players of the slate with form.
SELECT
  COUNT(*) AS expected,
  COUNT(features.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM features.player_daily_cache AS form
LEFT JOIN features.ml_feature_store AS features
  ON features.game_date = form.game_date AND features.mode = form.mode AND features.player_id = form.player_id
WHERE form.game_date = @game_date AND form.mode = @mode
