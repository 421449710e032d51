-- Units: teams of games of the last 800 days before the slate, as far as both teams have box scores.
WITH played AS (
  SELECT DISTINCT box.game_id, box.team
  FROM raw.player_box_scores AS box
  JOIN raw.player_box_scores AS other ON other.game_id = box.game_id AND other.team = box.opponent
  WHERE box.game_date < @game_date AND box.game_date >= DATE_SUB(@game_date, INTERVAL 800 DAY)
)
SELECT
  COUNT(*) AS expected,
  COUNT(summary.game_id) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(summary.game_id IS NULL, CONCAT('game ', played.game_id, ' is not summarised'), NULL)), '') AS detail
FROM played
LEFT JOIN analytics.team_offense_game_summary AS summary
  ON summary.game_id = played.game_id AND summary.team_abbr = played.team
  AND summary.game_date < @game_date
  AND summary.game_date >= DATE_SUB(@game_date, INTERVAL 800 DAY)
