-- How many slates before a date were served, and which.
SELECT COUNT(DISTINCT game_date) AS slates, MIN(game_date) AS first_date, MAX(game_date) AS last_date
FROM features.ml_feature_store
WHERE game_date >= @first_date AND game_date < @as_of AND mode = @mode
