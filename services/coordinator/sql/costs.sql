-- What the slates from @first to @last have cost, by step: every attempt and every start of the run.
SELECT
  game_date,
  mode,
  step,
  COUNT(*) AS attempts,
  SUM(jobs) AS jobs,
  SUM(bytes_processed) AS bytes_processed,
  SUM(bytes_billed) AS bytes_billed,
  SUM(slot_ms) AS slot_ms,
  SUM(usd) AS usd,
  SUM(seconds) AS seconds,
  SUM(row_count) AS row_count
FROM ops.step_costs
WHERE game_date >= @first AND game_date <= @last
GROUP BY game_date, mode, step
ORDER BY game_date, mode, step
