-- Units of a slate: dates, markets and systems of the week before it that have grades; verified where the sums count as many.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
graded AS (
  SELECT game_date, market, system, COUNT(*) AS n
  FROM predictions.prediction_grades
  WHERE game_date >= DATE_SUB(@first, INTERVAL 7 DAY) AND game_date < @last AND mode = @mode
  GROUP BY game_date, market, system
)
SELECT
  slates.game_date,
  COUNT(*) AS expected,
  COUNT(daily.system) AS verified,
  0 AS quarantined,
  '' AS detail
FROM slates
JOIN graded ON graded.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND graded.game_date < slates.game_date
LEFT JOIN predictions.system_daily_performance AS daily
  ON daily.game_date = graded.game_date
  AND daily.mode = @mode
  AND daily.market = graded.market
  AND daily.system = graded.system
  AND daily.predictions = graded.n
GROUP BY slates.game_date
