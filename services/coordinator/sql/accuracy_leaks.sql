-- Points of regular seasons, the two populations in which a leak is known by its error: regulars (ten earlier games of the
-- season, fifteen minutes a game), and players with a line. Not playoffs, whose minutes recent form does not know.
-- services/coordinator/watch/leaks.py judges.
WITH grades AS (
  SELECT *, games_before >= 10 AND minutes_before >= 15 AS regular
  FROM predictions.prediction_grades
  WHERE game_date BETWEEN @first AND @last
    AND market = 'points'
    AND NOT voided
    AND (@mode = '' OR mode = @mode)
    AND (@system = '' OR system = @system)
    AND STARTS_WITH(game_id, '002')
)
SELECT
  mode,
  system,
  COUNTIF(regular) AS regular_n,
  AVG(IF(regular, ABS(error), NULL)) AS regular_mae,
  AVG(IF(regular, ABS(error) - ABS(actual - rate_minutes), NULL)) AS regular_minus_rate,
  COUNTIF(line IS NOT NULL) AS lined_n,
  AVG(IF(line IS NOT NULL, ABS(error), NULL)) AS lined_mae,
  AVG(ABS(error) - ABS(actual - line)) AS lined_minus_line,
  COUNT(brier) AS brier_n,
  AVG(brier) AS brier
FROM grades
GROUP BY mode, system
ORDER BY mode, system
