-- The current predictions of a slate, or of some of its games: those of the latest run that predicted the game, by system.
-- @system 'best': of each market those of the first system in @best_first that has any.
WITH names AS (
  SELECT player_id, MAX(player_name) AS player_name
  FROM analytics.player_game_summary
  WHERE game_date < @game_date AND game_date >= DATE_SUB(@game_date, INTERVAL 400 DAY)
  GROUP BY player_id
)
SELECT
  predictions.*,
  COALESCE(context.player_name, names.player_name) AS player_name,
  context.team_abbr,
  context.opponent_team_abbr,
  context.is_home,
  games.home_team,
  games.away_team,
  games.tip_utc,
  context.injury_status,
  grades.voided,
  grades.actual
FROM predictions.player_prop_predictions AS predictions
JOIN raw.games AS games ON games.game_id = predictions.game_id
LEFT JOIN names ON names.player_id = predictions.player_id
LEFT JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = predictions.game_date
  AND context.mode = predictions.mode
  AND context.player_id = predictions.player_id
LEFT JOIN predictions.prediction_grades AS grades
  ON grades.game_id = predictions.game_id
  AND grades.player_id = predictions.player_id
  AND grades.market = predictions.market
  AND grades.system = predictions.system
  AND grades.mode = predictions.mode
WHERE predictions.game_date = @game_date
  AND predictions.mode = @mode
  AND (@market = '' OR predictions.market = @market)
  AND (@system IN ('', 'best') OR predictions.system = @system)
  AND (@games = '' OR STRPOS(@games, predictions.game_id) > 0)
QUALIFY {latest of predictions}
  AND (
    @system != 'best'
    OR STRPOS(@best_first, predictions.system)
      = MIN(NULLIF(STRPOS(@best_first, predictions.system), 0)) OVER (PARTITION BY predictions.market)
  )
ORDER BY games.tip_utc, predictions.game_id, predictions.market, predictions.mean DESC, predictions.player_id,
  predictions.system
