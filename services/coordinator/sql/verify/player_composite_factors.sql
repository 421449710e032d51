-- Units: players of the slate with form.
SELECT
  COUNT(*) AS expected,
  COUNT(factors.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM features.player_daily_cache AS form
LEFT JOIN features.player_composite_factors AS factors
  ON factors.game_date = form.game_date AND factors.mode = form.mode AND factors.player_id = form.player_id
WHERE form.game_date = @game_date AND form.mode = @mode
