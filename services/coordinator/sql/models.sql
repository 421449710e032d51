-- Every model of a mode, newest first.
SELECT *
FROM predictions.models
WHERE mode = @mode
ORDER BY game_date DESC, system, created_at DESC, digest
