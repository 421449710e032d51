-- Units: player games of the last 800 days before the slate: as far back as a missing game is looked for.
SELECT
  COUNT(*) AS expected,
  COUNT(summary.game_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(summary.game_id IS NULL, CONCAT('game ', box.game_id, ' is not summarised'), NULL)), '') AS detail
FROM raw.player_box_scores AS box
LEFT JOIN analytics.player_game_summary AS summary
  ON summary.game_id = box.game_id
  AND summary.player_id = box.player_id
  AND summary.game_date < @game_date
  AND summary.game_date >= DATE_SUB(@game_date, INTERVAL 800 DAY)
WHERE box.game_date < @game_date AND box.game_date >= DATE_SUB(@game_date, INTERVAL 800 DAY)
