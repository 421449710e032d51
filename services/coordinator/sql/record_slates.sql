-- The slates of which something is published, graded or sealed.
-- as_of: none, as they stand
SELECT DISTINCT game_date
FROM (
  SELECT game_date FROM predictions.player_prop_predictions WHERE game_date BETWEEN @first AND @last
  UNION ALL
  SELECT game_date FROM predictions.prediction_grades WHERE game_date BETWEEN @first AND @last
  UNION ALL
  SELECT game_date FROM ops.record WHERE game_date BETWEEN @first AND @last
) AS found
ORDER BY game_date
