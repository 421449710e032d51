-- Units: grades of the last week's slates. Each must stand in the history as it stands now.
WITH latest AS (
  SELECT game_id, player_id, market, system, run_id, voided
  FROM predictions.prediction_grades_history
  WHERE game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY) AND game_date < @game_date AND mode = @mode
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market, system ORDER BY revision DESC) = 1
)
SELECT
  COUNT(*) AS expected,
  COUNT(latest.player_id) AS verified,
  0 AS quarantined,
  '' AS detail
FROM predictions.prediction_grades AS grades
LEFT JOIN latest
  ON latest.game_id = grades.game_id
  AND latest.player_id = grades.player_id
  AND latest.market = grades.market
  AND latest.system = grades.system
  AND latest.run_id = grades.run_id
  AND latest.voided = grades.voided
WHERE grades.game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY)
  AND grades.game_date < @game_date
  AND grades.mode = @mode
