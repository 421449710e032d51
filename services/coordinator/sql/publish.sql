-- A run's staged predictions, as they will be published: one atomic append. A dispatch that was repeated after a crash may
-- have cut other batches, so that a player is staged twice: his newest prediction counts.
SELECT *
FROM predictions.staging
WHERE game_date = @game_date AND run_id = @run_id
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, market, system ORDER BY predicted_at DESC, batch) = 1
