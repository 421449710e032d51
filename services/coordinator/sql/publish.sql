-- A run's staged predictions, as they will be published: one atomic append. A dispatch that was repeated after a crash may
-- have cut other batches, so that a player is staged twice: his newest prediction counts.
-- The name they are looked up by is the roster's.
SELECT staging.*, rosters.player_lookup
FROM predictions.staging AS staging
LEFT JOIN raw.rosters AS rosters ON rosters.game_date = staging.game_date AND rosters.player_id = staging.player_id
WHERE staging.game_date = @game_date AND staging.run_id = @run_id
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY staging.game_id, staging.player_id, staging.market, staging.system
  ORDER BY staging.predicted_at DESC, staging.batch
) = 1
