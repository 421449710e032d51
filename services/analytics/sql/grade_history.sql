-- step: grade_history
-- inputs: predictions.prediction_grades, predictions.prediction_grades_history
-- output: predictions.prediction_grades_history
-- grain: game_id, player_id, market, system, mode, revision
-- as_of: the grades as they stand
-- rows: those it has, and one more per grade that is new or no longer what its last row says
-- source: none: what has been graded once stays readable when it is graded again
WITH latest AS (
  SELECT *
  FROM predictions.prediction_grades_history
  WHERE game_date BETWEEN @first_date AND @last_date AND mode = @mode
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market, system ORDER BY revision DESC) = 1
),
changed AS (
  SELECT
    grades.game_date,
    grades.mode,
    grades.game_id,
    grades.player_id,
    grades.market,
    grades.system,
    grades.run_id,
    grades.voided,
    grades.actual,
    grades.error,
    grades.line,
    grades.line_result,
    grades.closing_line,
    grades.closing_p_market,
    grades.side,
    grades.clv,
    grades.clv_price,
    COALESCE(latest.revision, 0) + 1 AS revision
  FROM predictions.prediction_grades AS grades
  LEFT JOIN latest
    ON latest.game_id = grades.game_id
    AND latest.player_id = grades.player_id
    AND latest.market = grades.market
    AND latest.system = grades.system
  WHERE grades.game_date BETWEEN @first_date AND @last_date
    AND grades.mode = @mode
    AND (
      latest.game_id IS NULL
      OR latest.run_id != grades.run_id
      OR latest.voided != grades.voided
      OR COALESCE(latest.actual, -1) != COALESCE(grades.actual, -1)
      OR COALESCE(latest.closing_line, -1) != COALESCE(grades.closing_line, -1)
      OR COALESCE(latest.closing_p_market, -1) != COALESCE(grades.closing_p_market, -1)
    )
)
SELECT *
FROM predictions.prediction_grades_history
WHERE game_date BETWEEN @first_date AND @last_date AND mode = @mode
UNION ALL
SELECT *
FROM changed
