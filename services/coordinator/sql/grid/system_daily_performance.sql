-- Units by slate: dates, markets and systems of the week before it that have grades; there where the sums agree.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
graded AS (
  SELECT game_date, market, system, COUNT(*) AS n
  FROM predictions.prediction_grades
  WHERE game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last AND mode = @mode
  GROUP BY game_date, market, system
),
counted AS (
  SELECT graded.game_date, COUNT(*) AS expected, COUNT(daily.system) AS verified
  FROM graded
  LEFT JOIN predictions.system_daily_performance AS daily
    ON daily.game_date = graded.game_date
    AND daily.mode = @mode
    AND daily.market = graded.market
    AND daily.system = graded.system
    AND daily.predictions = graded.n
  GROUP BY graded.game_date
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
