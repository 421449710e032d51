-- What the slates from @first to @last have cost: of analytics steps every attempt and every start of the run, of all other
-- statements what they were run for. What belongs to no slate counts to the date on which it was recorded.
WITH costs AS (
  SELECT
    game_date, mode, 'analytics' AS service, 'step_requested' AS purpose, step, 1 AS attempts, jobs, bytes_processed,
    bytes_billed, slot_ms, usd, seconds, row_count
  FROM ops.step_costs
  WHERE game_date >= @first AND game_date <= @last
  UNION ALL
  SELECT
    game_date, mode, service, purpose, step, NULL AS attempts, jobs, bytes_processed, bytes_billed, slot_ms, usd,
    NULL AS seconds, row_count
  FROM ops.query_costs
  WHERE game_date >= @first AND game_date <= @last
)
SELECT
  game_date,
  mode,
  service,
  purpose,
  step,
  SUM(attempts) AS attempts,
  SUM(jobs) AS jobs,
  SUM(bytes_processed) AS bytes_processed,
  SUM(bytes_billed) AS bytes_billed,
  SUM(slot_ms) AS slot_ms,
  SUM(usd) AS usd,
  SUM(seconds) AS seconds,
  SUM(row_count) AS row_count
FROM costs
GROUP BY game_date, mode, service, purpose, step
ORDER BY game_date, mode, service, purpose, step
