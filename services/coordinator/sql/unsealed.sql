-- The runs that have published for a slate and are in no entry of the record.
-- as_of: none, as they stand
SELECT DISTINCT predictions.run_id
FROM predictions.player_prop_predictions AS predictions
LEFT JOIN ops.record AS record
  ON record.game_date = predictions.game_date AND record.run_id = predictions.run_id AND record.kind = 'publish'
WHERE predictions.game_date = @game_date AND predictions.mode = @mode AND record.run_id IS NULL
ORDER BY predictions.run_id
