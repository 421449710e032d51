-- How long a step waited, after the run was asked for, before it was asked for the last time; the slowest first.
-- A step that was tried often or waited for a late input shows here.
WITH steps AS (
  SELECT *
  FROM ops.step_runs
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND started_at IS NOT NULL
  QUALIFY RANK() OVER (PARTITION BY game_date, mode ORDER BY generation DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY run_id, step ORDER BY attempt DESC) = 1
),
waits AS (
  SELECT run_id, step, COUNTIF(decision = 'retry') AS retries, COUNTIF(decision = 'wait') AS waits
  FROM ops.decisions
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
  GROUP BY run_id, step
)
SELECT
  steps.game_date,
  steps.mode,
  steps.phase,
  steps.step,
  steps.status,
  steps.attempt,
  COALESCE(waits.retries, 0) AS retries,
  COALESCE(waits.waits, 0) AS waits,
  TIMESTAMP_DIFF(steps.started_at, steps.run_started_at, SECOND) AS delay_seconds,
  steps.work_seconds,
  steps.reason
FROM steps
LEFT JOIN waits ON waits.run_id = steps.run_id AND waits.step = steps.step
ORDER BY steps.game_date, delay_seconds DESC, steps.phase, steps.step
