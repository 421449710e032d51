-- Features as they were served to the slates before a date. As of: each row's own cutoff, kept when it was served.
SELECT * EXCEPT (mode, cutoff_at, tip_utc)
FROM features.ml_feature_store
WHERE game_date >= @first_date AND game_date < @as_of AND mode = @mode
ORDER BY game_date, player_id
