-- Units: slates, markets and systems of the last week that have grades; verified where the sums count as many.
WITH graded AS (
  SELECT game_date, market, system, COUNT(*) AS n
  FROM predictions.prediction_grades
  WHERE game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY) AND game_date < @game_date AND mode = @mode
  GROUP BY game_date, market, system
)
SELECT
  COUNT(*) AS expected,
  COUNT(daily.system) AS verified,
  0 AS quarantined,
  '' AS detail
FROM graded
LEFT JOIN predictions.system_daily_performance AS daily
  ON daily.game_date = graded.game_date
  AND daily.mode = @mode
  AND daily.market = graded.market
  AND daily.system = graded.system
  AND daily.predictions = graded.n
