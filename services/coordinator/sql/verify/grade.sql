-- Units: predictions of the last week's slates that count. Those of a game whose box score was refused are quarantined.
WITH current_predictions AS (
  SELECT
    predictions.game_id,
    predictions.player_id,
    predictions.market,
    predictions.system,
    CONCAT(games.away_team, '@', games.home_team, ' on ', CAST(games.game_date AS STRING)) AS name
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY)
    AND predictions.game_date < @game_date
    AND predictions.mode = @mode
    AND predictions.predicted_at < games.tip_utc
  QUALIFY RANK() OVER (
    PARTITION BY predictions.game_id, predictions.mode, predictions.system
    ORDER BY predictions.generation DESC
  ) = 1
),
refused AS (
  SELECT record AS game_id, MIN(reason) AS reason
  FROM raw.quarantine
  WHERE game_date = @game_date AND mode = @mode AND step = 'box_scores'
  GROUP BY record
)
SELECT
  COUNT(*) AS expected,
  COUNT(grades.player_id) AS verified,
  COUNTIF(grades.player_id IS NULL AND refused.game_id IS NOT NULL) AS quarantined,
  COALESCE(MIN(IF(grades.player_id IS NULL, CONCAT(name, ': ', COALESCE(refused.reason, 'no box score')), NULL)), '') AS detail
FROM current_predictions
LEFT JOIN predictions.prediction_grades AS grades
  ON grades.mode = @mode
  AND grades.game_id = current_predictions.game_id
  AND grades.player_id = current_predictions.player_id
  AND grades.market = current_predictions.market
  AND grades.system = current_predictions.system
LEFT JOIN refused ON refused.game_id = current_predictions.game_id
