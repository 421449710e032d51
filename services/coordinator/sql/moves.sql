-- What changed on a slate, or on some of its games: of each published pass that has a reason, how far the means moved, by game,
-- system and market the three furthest, each against the newest earlier row, which counted before it.
WITH made AS (
  SELECT
    run_id,
    game_id,
    player_id,
    player_lookup,
    market,
    system,
    predicted_at,
    reason,
    mean,
    LAG(mean) OVER (
      PARTITION BY game_id, player_id, market, system ORDER BY predicted_at, generation, run_id
    ) AS was
  FROM predictions.player_prop_predictions
  WHERE game_date = @game_date
    AND mode = @mode
    AND system IN UNNEST(@systems)
    AND (@games = '' OR STRPOS(@games, game_id) > 0)
)
SELECT
  made.run_id,
  made.predicted_at,
  made.reason,
  made.game_id,
  made.system,
  made.market,
  made.player_id,
  COALESCE(context.player_name, made.player_lookup) AS player_name,
  context.team_abbr AS team,
  made.was,
  made.mean,
  made.mean - made.was AS change
FROM made
LEFT JOIN analytics.upcoming_player_game_context AS context
  ON context.game_date = @game_date AND context.mode = @mode AND context.player_id = made.player_id
WHERE made.reason IS NOT NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY made.run_id, made.game_id, made.system, made.market
  ORDER BY ABS(COALESCE(made.mean - made.was, 0)) DESC, made.player_id
) <= 3
ORDER BY made.predicted_at DESC, made.run_id, made.game_id, made.system, made.market,
  ABS(COALESCE(made.mean - made.was, 0)) DESC, made.player_id
