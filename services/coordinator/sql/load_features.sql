-- The one query that loads a slate's features for prediction.
SELECT *
FROM features.ml_feature_store
WHERE game_date = @game_date AND mode = @mode AND tip_utc > @not_tipped_after
ORDER BY player_id
