-- Of the players served, how many each system predicted, by slate and market; and how many had a real line.
WITH served AS (
  SELECT game_date, COUNT(*) AS players
  FROM features.ml_feature_store
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
  GROUP BY game_date
),
current_predictions AS (
  SELECT game_date, player_id, market, system, line
  FROM predictions.player_prop_predictions AS predictions
  WHERE game_date BETWEEN @first AND @last AND mode = @mode
  QUALIFY {latest of predictions}
),
predicted AS (
  SELECT game_date, system, market, COUNT(DISTINCT player_id) AS players, COUNT(line) AS with_line
  FROM current_predictions
  GROUP BY game_date, system, market
)
SELECT
  served.game_date,
  predicted.system,
  predicted.market,
  served.players AS served,
  COALESCE(predicted.players, 0) AS predicted,
  COALESCE(predicted.with_line, 0) AS with_line,
  COALESCE(predicted.players, 0) / served.players AS coverage
FROM served
LEFT JOIN predicted ON predicted.game_date = served.game_date
ORDER BY served.game_date, predicted.system, predicted.market
