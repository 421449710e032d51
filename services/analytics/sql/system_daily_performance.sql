-- step: system_daily_performance
-- inputs: predictions.prediction_grades
-- output: predictions.system_daily_performance
-- grain: game_date, mode, market, system
-- as_of: the grades as they stand
-- rows: one per slate, market and system with a grade
-- source: docs/accuracy.md has the definitions
SELECT
  game_date,
  mode,
  market,
  system,
  COUNT(*) AS predictions,
  COUNTIF(NOT voided) AS graded,
  COUNTIF(voided) AS voided,
  AVG(ABS(error)) AS mae,
  AVG(mean_error) AS bias,
  AVG(crps) AS crps,
  SAFE_DIVIDE(COUNTIF(inside_80), COUNTIF(NOT voided)) AS coverage_80,
  COUNT(brier) AS with_line,
  AVG(brier) AS brier,
  AVG(market_brier) AS market_brier,
  COUNTIF(pick_result IN ('won', 'lost')) AS picks,
  COUNTIF(pick_result = 'won') AS picks_won,
  AVG(IF(pick_result IS NULL, NULL, clv)) AS clv
FROM predictions.prediction_grades
WHERE game_date BETWEEN @first_date AND @last_date AND mode = @mode
GROUP BY game_date, mode, market, system
