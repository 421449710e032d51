-- Published predictions as they are sealed: by run, in the order of their key. Instants are microseconds since 1970.
-- as_of: none, rows are never changed
SELECT * REPLACE (UNIX_MICROS(predicted_at) AS predicted_at, UNIX_MICROS(line_at) AS line_at)
FROM predictions.player_prop_predictions
WHERE game_date BETWEEN @first AND @last AND (@run_id = '' OR run_id = @run_id)
ORDER BY game_date, run_id, game_id, player_id, market, system
