-- Units by slate: predictions of the week before it that count.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
current_predictions AS (
  SELECT predictions.game_date, predictions.game_id, predictions.player_id, predictions.market, predictions.system
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last
    AND predictions.mode = @mode
    AND predictions.predicted_at < games.tip_utc
  QUALIFY RANK() OVER (
    PARTITION BY predictions.game_id, predictions.mode, predictions.system
    ORDER BY predictions.generation DESC
  ) = 1
),
counted AS (
  SELECT current_predictions.game_date, COUNT(*) AS expected, COUNT(grades.player_id) AS verified
  FROM current_predictions
  LEFT JOIN predictions.prediction_grades AS grades
    ON grades.game_date = current_predictions.game_date
    AND grades.mode = @mode
    AND grades.game_id = current_predictions.game_id
    AND grades.player_id = current_predictions.player_id
    AND grades.market = current_predictions.market
    AND grades.system = current_predictions.system
  GROUP BY current_predictions.game_date
)
SELECT
  slates.game_date,
  CAST(COALESCE(SUM(counted.expected), 0) AS INT64) AS expected,
  CAST(COALESCE(SUM(counted.verified), 0) AS INT64) AS verified
FROM slates
LEFT JOIN counted
  ON counted.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND counted.game_date < slates.game_date
GROUP BY slates.game_date
ORDER BY slates.game_date
