-- Units of a slate: its players with form.
SELECT
  form.game_date,
  COUNT(*) AS expected,
  COUNT(features.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM features.player_daily_cache AS form
LEFT JOIN features.ml_feature_store AS features
  ON features.game_date = form.game_date AND features.mode = form.mode AND features.player_id = form.player_id
WHERE form.game_date BETWEEN @first AND @last AND form.mode = @mode
GROUP BY form.game_date
