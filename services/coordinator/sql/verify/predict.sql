-- Units: predictions: every served player of a game that has not tipped off, times markets and systems.
WITH wanted AS (
  SELECT game_id, player_id
  FROM features.ml_feature_store
  WHERE game_date = @game_date AND mode = @mode AND tip_utc > @not_tipped_after
),
staged AS (
  SELECT DISTINCT staging.player_id, staging.market, staging.system
  FROM predictions.staging AS staging
  JOIN wanted ON wanted.game_id = staging.game_id AND wanted.player_id = staging.player_id
  WHERE staging.game_date = @game_date AND staging.run_id = @run_id
),
expected AS (
  SELECT COUNT(*) * @per_player AS n FROM wanted
),
verified AS (
  SELECT COUNT(*) AS n FROM staged
)
SELECT expected.n AS expected, verified.n AS verified, 0 AS quarantined, '' AS detail
FROM expected
CROSS JOIN verified
