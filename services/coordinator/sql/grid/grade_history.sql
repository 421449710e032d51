-- Units by slate: grades of the week before it. Each must stand in the history as it stands now.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
latest AS (
  SELECT game_date, game_id, player_id, market, system, run_id, voided
  FROM predictions.prediction_grades_history
  WHERE game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last AND mode = @mode
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market, system ORDER BY revision DESC) = 1
),
counted AS (
  SELECT grades.game_date, COUNT(*) AS expected, COUNT(latest.player_id) AS verified
  FROM predictions.prediction_grades AS grades
  LEFT JOIN latest
    ON latest.game_id = grades.game_id
    AND latest.player_id = grades.player_id
    AND latest.market = grades.market
    AND latest.system = grades.system
    AND latest.run_id = grades.run_id
    AND latest.voided = grades.voided
  WHERE grades.game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last AND grades.mode = @mode
  GROUP BY grades.game_date
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
