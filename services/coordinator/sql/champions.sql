-- The models that predict a slate: per learned system the newest champion as of its date.
SELECT system, digest
FROM predictions.models
WHERE game_date <= @game_date AND mode = @mode AND status = 'champion'
QUALIFY ROW_NUMBER() OVER (PARTITION BY system ORDER BY game_date DESC, created_at DESC, digest) = 1
ORDER BY system
