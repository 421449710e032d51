-- Units of a slate: grades of the week before it. Each must stand in the history as it stands now.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
latest AS (
  SELECT game_date, game_id, player_id, market, system, run_id, voided
  FROM predictions.prediction_grades_history
  WHERE game_date >= DATE_SUB(@first, INTERVAL 7 DAY) AND game_date < @last AND mode = @mode
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market, system ORDER BY revision DESC) = 1
),
graded AS (
  SELECT grades.game_date, latest.game_date AS entered, COUNT(*) AS units
  FROM predictions.prediction_grades AS grades
  LEFT JOIN latest
    ON latest.game_id = grades.game_id
    AND latest.player_id = grades.player_id
    AND latest.market = grades.market
    AND latest.system = grades.system
    AND latest.run_id = grades.run_id
    AND latest.voided = grades.voided
  WHERE grades.game_date >= DATE_SUB(@first, INTERVAL 7 DAY) AND grades.game_date < @last AND grades.mode = @mode
  GROUP BY grades.game_date, latest.game_date
)
SELECT
  slates.game_date,
  CAST(SUM(graded.units) AS INT64) AS expected,
  CAST(SUM(
    IF(graded.entered >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND graded.entered < slates.game_date, graded.units, 0)
  ) AS INT64) AS verified,
  0 AS quarantined,
  '' AS detail
FROM slates
JOIN graded ON graded.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND graded.game_date < slates.game_date
GROUP BY slates.game_date
