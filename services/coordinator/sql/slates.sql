-- Per slate: games the schedule promised, box scores collected, predictions published and graded.
WITH games AS (
  SELECT
    games.game_date,
    games.game_id,
    COUNT(DISTINCT box.team) = 2 AS collected
  FROM raw.games AS games
  LEFT JOIN raw.player_box_scores AS box ON box.game_id = games.game_id
  WHERE games.game_date BETWEEN @first AND @last AND NOT games.postponed
  GROUP BY games.game_date, games.game_id
),
slates AS (
  SELECT game_date, COUNT(*) AS games_expected, COUNTIF(collected) AS games_collected FROM games GROUP BY game_date
),
current_predictions AS (
  SELECT game_date, game_id, player_id, market, system
  FROM predictions.player_prop_predictions AS predictions
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
  QUALIFY {latest of predictions}
),
predicted AS (
  SELECT game_date, COUNT(*) AS predictions FROM current_predictions GROUP BY game_date
),
graded AS (
  SELECT game_date, COUNTIF(NOT voided) AS graded, COUNTIF(voided) AS voided
  FROM predictions.prediction_grades
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
  GROUP BY game_date
)
SELECT
  slates.game_date,
  slates.games_expected,
  slates.games_collected,
  COALESCE(predicted.predictions, 0) AS predictions,
  COALESCE(graded.graded, 0) AS graded,
  COALESCE(graded.voided, 0) AS voided
FROM slates
LEFT JOIN predicted ON predicted.game_date = slates.game_date
LEFT JOIN graded ON graded.game_date = slates.game_date
ORDER BY slates.game_date
