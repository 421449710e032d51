-- Units by slate: games with served features, there when predictions are published for them.
WITH predicted AS (
  SELECT DISTINCT game_date, game_id
  FROM predictions.player_prop_predictions
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
),
served AS (
  SELECT DISTINCT game_date, game_id
  FROM features.ml_feature_store
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
)
SELECT served.game_date, COUNT(*) AS expected, COUNT(predicted.game_id) AS verified
FROM served
LEFT JOIN predicted ON predicted.game_date = served.game_date AND predicted.game_id = served.game_id
GROUP BY served.game_date
ORDER BY served.game_date
