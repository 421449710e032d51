-- How good the graded predictions of some slates were, by slate, market and system.
SELECT
  game_date,
  market,
  system,
  COUNT(*) AS predictions,
  COUNTIF(NOT voided) AS graded,
  COUNTIF(voided) AS voided,
  AVG(ABS(error)) AS mae,
  AVG(IF(baseline_error IS NULL, NULL, ABS(error))) AS mae_with_baseline,
  COUNT(baseline_error) AS with_baseline,
  AVG(ABS(baseline_error)) AS baseline_mae,
  AVG(error) AS bias,
  AVG(pinball) AS pinball,
  SAFE_DIVIDE(COUNTIF(inside_80), COUNTIF(NOT voided)) AS coverage_80,
  COUNT(brier) AS with_line,
  AVG(brier) AS brier
FROM predictions.prediction_grades
WHERE game_date BETWEEN @first AND @last AND mode = @mode
GROUP BY game_date, market, system
ORDER BY game_date, market, system
