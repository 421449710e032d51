-- How many predictions a run has published.
SELECT COUNT(*) AS published
FROM predictions.player_prop_predictions
WHERE game_date = @game_date AND run_id = @run_id
