-- Units: predictions: every served player of a game that has not tipped off, times markets and systems.
WITH wanted AS (
  SELECT COUNT(*) * @per_player AS n
  FROM features.ml_feature_store
  WHERE game_date = @game_date AND mode = @mode AND tip_utc > @not_tipped_after
),
staged AS (
  SELECT COUNT(*) AS n FROM predictions.staging WHERE game_date = @game_date AND run_id = @run_id
)
SELECT wanted.n AS expected, staged.n AS verified, 0 AS quarantined, '' AS detail
FROM wanted
CROSS JOIN staged
