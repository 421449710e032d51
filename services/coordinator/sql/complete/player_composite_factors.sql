-- Units of a slate: its players with form.
SELECT
  form.game_date,
  COUNT(*) AS expected,
  COUNT(factors.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM features.player_daily_cache AS form
LEFT JOIN features.player_composite_factors AS factors
  ON factors.game_date = form.game_date AND factors.mode = form.mode AND factors.player_id = form.player_id
WHERE form.game_date BETWEEN @first AND @last AND form.mode = @mode
GROUP BY form.game_date
