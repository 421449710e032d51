-- How long each phase of each run took: from its first step's start to its last step's end, and the work in between.
-- The last generation of a slate and the last attempt of a step count. Instants are UTC, durations seconds.
WITH steps AS (
  SELECT *
  FROM ops.step_runs
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND started_at IS NOT NULL
  QUALIFY RANK() OVER (PARTITION BY game_date, mode ORDER BY generation DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY run_id, step ORDER BY attempt DESC) = 1
)
SELECT
  game_date,
  mode,
  phase,
  MIN(source) AS source,
  COUNT(*) AS steps,
  COUNTIF(status = 'done') AS done,
  MIN(started_at) AS started_at,
  MAX(ended_at) AS ended_at,
  TIMESTAMP_DIFF(MAX(ended_at), MIN(started_at), SECOND) AS elapsed_seconds,
  CAST(SUM(CAST(work_seconds AS NUMERIC)) AS FLOAT64) AS work_seconds,
  TIMESTAMP_DIFF(MAX(ended_at), MIN(run_started_at), SECOND) AS seconds_since_asked
FROM steps
GROUP BY game_date, mode, phase
ORDER BY game_date, mode, phase
