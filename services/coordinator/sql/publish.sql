-- A run's staged predictions, as they will be published: one atomic append.
SELECT *
FROM predictions.staging
WHERE game_date = @game_date AND run_id = @run_id
