-- step: grade
-- inputs: predictions.player_prop_predictions, raw.games, analytics.player_game_summary, features.ml_feature_store
-- output: predictions.prediction_grades
-- grain: game_id, player_id, market, system, mode
-- as_of: none: what happened, for slates from @since up to but not including @game_date
-- rows: one per current prediction of a game with box scores of both teams
-- source: pinball loss: Koenker & Bassett (1978); Brier score: Brier (1950)
--
-- Published predictions of the slates from @since up to but not including @game_date against what happened.
-- The latest run of a slate is the one that counts, if it was made before tip-off. A game is gradeable once its box score
-- is in; a player who is not in it did not play: void. A game moved to another date is graded for that date only.
-- Pinball loss: Koenker & Bassett (1978). Brier score: Brier (1950).
WITH current_predictions AS (
  SELECT predictions.*
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date >= @since
    AND predictions.game_date < @game_date
    AND predictions.mode = @mode
    AND predictions.predicted_at < games.tip_utc
  QUALIFY RANK() OVER (
    PARTITION BY predictions.game_id, predictions.mode, predictions.system
    ORDER BY predictions.generation DESC
  ) = 1
),
played AS (
  SELECT game_id, player_id, team_abbr, points, rebounds, assists, threes, pra
  FROM analytics.player_game_summary
  WHERE game_date >= @since AND game_date < @game_date
),
-- Half a box score voids nobody.
collected AS (
  SELECT game_id FROM played GROUP BY game_id HAVING COUNT(DISTINCT team_abbr) = 2
),
outcomes AS (
  SELECT
    predictions.*,
    played.player_id IS NULL AS voided,
    CAST(
      CASE predictions.market
        WHEN 'points' THEN played.points
        WHEN 'rebounds' THEN played.rebounds
        WHEN 'assists' THEN played.assists
        WHEN 'threes' THEN played.threes
        WHEN 'pra' THEN played.pra
      END AS FLOAT64
    ) AS actual,
    CASE predictions.market
      WHEN 'points' THEN features.points_season_mean
      WHEN 'rebounds' THEN features.rebounds_season_mean
      WHEN 'assists' THEN features.assists_season_mean
      WHEN 'threes' THEN features.threes_season_mean
      WHEN 'pra' THEN features.pra_season_mean
    END AS baseline
  FROM current_predictions AS predictions
  JOIN collected ON collected.game_id = predictions.game_id
  LEFT JOIN played ON played.game_id = predictions.game_id AND played.player_id = predictions.player_id
  LEFT JOIN features.ml_feature_store AS features
    ON features.game_date = predictions.game_date
    AND features.mode = predictions.mode
    AND features.player_id = predictions.player_id
)
SELECT
  game_date,
  mode,
  game_id,
  player_id,
  market,
  system,
  run_id,
  voided,
  actual,
  actual - q50 AS error,
  actual - baseline AS baseline_error,
  actual >= q10 AND actual <= q90 AS inside_80,
  (
    IF(actual >= q05, 0.05 * (actual - q05), 0.95 * (q05 - actual))
    + IF(actual >= q10, 0.10 * (actual - q10), 0.90 * (q10 - actual))
    + IF(actual >= q20, 0.20 * (actual - q20), 0.80 * (q20 - actual))
    + IF(actual >= q30, 0.30 * (actual - q30), 0.70 * (q30 - actual))
    + IF(actual >= q40, 0.40 * (actual - q40), 0.60 * (q40 - actual))
    + IF(actual >= q50, 0.50 * (actual - q50), 0.50 * (q50 - actual))
    + IF(actual >= q60, 0.60 * (actual - q60), 0.40 * (q60 - actual))
    + IF(actual >= q70, 0.70 * (actual - q70), 0.30 * (q70 - actual))
    + IF(actual >= q80, 0.80 * (actual - q80), 0.20 * (q80 - actual))
    + IF(actual >= q90, 0.90 * (actual - q90), 0.10 * (q90 - actual))
    + IF(actual >= q95, 0.95 * (actual - q95), 0.05 * (q95 - actual))
  ) / 11 AS pinball,
  line,
  CASE WHEN actual > line THEN 'over' WHEN actual < line THEN 'under' WHEN actual = line THEN 'push' END AS line_result,
  CASE WHEN actual > line THEN (1 - p_over) * (1 - p_over) WHEN actual < line THEN p_over * p_over END AS brier
FROM outcomes
