-- Grades as they are sealed: by slate and mode, in the order of their key.
-- as_of: none, as they stand
SELECT *
FROM predictions.prediction_grades
WHERE game_date BETWEEN @first AND @last AND (@mode = '' OR mode = @mode)
ORDER BY game_date, mode, game_id, player_id, market, system
