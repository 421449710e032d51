-- Units: player games before the slate.
SELECT
  COUNT(*) AS expected,
  COUNT(summary.game_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(summary.game_id IS NULL, CONCAT('game ', box.game_id, ' is not summarised'), NULL)), '') AS detail
FROM raw.player_box_scores AS box
LEFT JOIN analytics.player_game_summary AS summary
  ON summary.game_id = box.game_id AND summary.player_id = box.player_id
WHERE box.game_date < @game_date
