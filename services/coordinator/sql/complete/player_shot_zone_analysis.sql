-- Units of a slate: its players with an earlier game in the window, known at the cutoff.
{players with games}
SELECT
  players.game_date,
  COUNT(*) AS expected,
  COUNT(zones.player_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(zones.player_id IS NULL, CONCAT(players.player_name, ' has no zones'), NULL)), '') AS detail
FROM players
LEFT JOIN features.player_shot_zone_analysis AS zones
  ON zones.game_date = players.game_date AND zones.mode = @mode AND zones.player_id = players.player_id
GROUP BY players.game_date
