-- Per learned system of a mode: its newest training before a slate, and its champion.
SELECT *
FROM predictions.models
WHERE game_date <= @as_of AND mode = @mode
ORDER BY system, game_date, created_at, digest
