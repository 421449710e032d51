-- For when each run's predictions of a game count as made, and when that game begins; null where it was moved to another date.
-- `repeated`: predictions that the run has published more than once.
-- as_of: none, as they stand
SELECT
  predictions.game_date,
  predictions.mode,
  predictions.run_id,
  predictions.game_id,
  MAX(predictions.predicted_at) AS predicted_at,
  MAX(games.tip_utc) AS tip_utc,
  COUNT(*) AS predictions,
  COUNT(*) - COUNT(DISTINCT CONCAT(CAST(predictions.player_id AS STRING), ' ', predictions.market, ' ', predictions.system))
    AS repeated
FROM predictions.player_prop_predictions AS predictions
LEFT JOIN raw.games AS games
  ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
WHERE predictions.game_date BETWEEN @first AND @last
GROUP BY predictions.game_date, predictions.mode, predictions.run_id, predictions.game_id
ORDER BY predictions.game_date, predictions.mode, predictions.run_id, predictions.game_id
