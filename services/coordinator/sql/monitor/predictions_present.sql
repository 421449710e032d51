-- Is every slate predicted, and was it by 07:30 ET? A slate without games expects nothing.
WITH games AS (
  SELECT game_date, COUNT(*) AS games, MIN(tip_utc) AS first_tip
  FROM raw.games
  WHERE game_date BETWEEN @first AND @last AND NOT postponed
  GROUP BY game_date
),
predicted AS (
  -- Of games that are played: one that was postponed after it was predicted does not stand for one that is missing.
  SELECT predictions.game_date, COUNT(DISTINCT predictions.game_id) AS games, COUNT(*) AS predictions
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date BETWEEN @first AND @last AND predictions.mode = @mode
  GROUP BY predictions.game_date
),
published AS (
  SELECT game_date, MIN(ended_at) AS published_at
  FROM ops.step_runs
  WHERE game_date BETWEEN @first AND @last
    AND mode = @mode
    AND step = 'publish'
    AND status IN ('done', 'degraded')
    AND verified > 0
  GROUP BY game_date
)
SELECT
  games.game_date,
  @mode AS mode,
  games.games,
  games.first_tip,
  COALESCE(predicted.games, 0) AS predicted_games,
  COALESCE(predicted.predictions, 0) AS predictions,
  published.published_at,
  COALESCE(predicted.games, 0) = games.games AS present,
  COALESCE(
    published.published_at <= TIMESTAMP(DATETIME(games.game_date, TIME '07:30:00'), 'America/New_York'), FALSE
  ) AS in_time
FROM games
LEFT JOIN predicted ON predicted.game_date = games.game_date
LEFT JOIN published ON published.game_date = games.game_date
ORDER BY games.game_date
