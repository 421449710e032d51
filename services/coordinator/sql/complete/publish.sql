-- Units of a slate: predictions that its run has staged, of each game the newest staging's, there when they are published for
-- it. Without a run: games with served features, there when predictions are published for them.
WITH slates AS (
  SELECT CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date, JSON_VALUE(slate, '$.run_id') AS run_id
  FROM UNNEST(@slates) AS slate
),
{newest stagings},
staged AS (
  SELECT DISTINCT staging.game_date, staging.run_id, staging.game_id, staging.player_id, staging.market, staging.system
  FROM predictions.staging AS staging
  JOIN stagings ON {staging is of stagings}
  WHERE staging.game_date BETWEEN @first AND @last
),
served AS (
  SELECT DISTINCT features.game_date, features.game_id
  FROM slates
  JOIN features.ml_feature_store AS features ON features.game_date = slates.game_date AND features.mode = @mode
  WHERE slates.run_id IS NULL AND features.game_date BETWEEN @first AND @last
),
predicted AS (
  SELECT DISTINCT game_date, game_id
  FROM predictions.player_prop_predictions
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
)
SELECT staged.game_date, COUNT(*) AS expected, COUNT(published.player_id) AS verified, 0 AS quarantined, '' AS detail
FROM staged
LEFT JOIN predictions.player_prop_predictions AS published
  ON published.game_date = staged.game_date
  AND published.game_date BETWEEN @first AND @last
  AND published.run_id = staged.run_id
  AND published.game_id = staged.game_id
  AND published.player_id = staged.player_id
  AND published.market = staged.market
  AND published.system = staged.system
GROUP BY staged.game_date
UNION ALL
SELECT served.game_date, COUNT(*) AS expected, COUNT(predicted.game_id) AS verified, 0 AS quarantined, '' AS detail
FROM served
LEFT JOIN predicted ON predicted.game_date = served.game_date AND predicted.game_id = served.game_id
GROUP BY served.game_date
