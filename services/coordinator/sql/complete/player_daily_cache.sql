-- Units of a slate: its players with an earlier game in the window, known at the cutoff.
{players with games}
SELECT
  players.game_date,
  COUNT(*) AS expected,
  COUNT(form.player_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(form.player_id IS NULL, CONCAT(players.player_name, ' has no form'), NULL)), '') AS detail
FROM players
LEFT JOIN features.player_daily_cache AS form
  ON form.game_date = players.game_date AND form.mode = @mode AND form.player_id = players.player_id
GROUP BY players.game_date
