-- Units: predictions by the systems that the batches owe: of every served player of a game that has not tipped off in every
-- market, and, of the systems that say something about a line, wherever a prediction was staged with one.
WITH wanted AS (
  SELECT game_id, player_id
  FROM features.ml_feature_store
  WHERE game_date = @game_date AND mode = @mode AND tip_utc > @not_tipped_after
),
staged AS (
  SELECT DISTINCT staging.player_id, staging.market, staging.system, staging.line IS NOT NULL AS has_line
  FROM predictions.staging AS staging
  JOIN wanted ON wanted.game_id = staging.game_id AND wanted.player_id = staging.player_id
  WHERE staging.game_date = @game_date AND staging.run_id = @run_id AND staging.system IN UNNEST(@systems)
),
players AS (
  SELECT COUNT(*) AS n FROM wanted
),
lines AS (
  SELECT COUNT(*) AS n FROM (SELECT DISTINCT player_id, market FROM staged WHERE has_line) AS with_line
),
verified AS (
  SELECT COUNT(*) AS n FROM (SELECT DISTINCT player_id, market, system FROM staged) AS distinct_rows
),
fewest AS (
  SELECT MIN(CONCAT(system, ' has ', CAST(n AS STRING), ' rows')) AS said
  FROM (SELECT system, COUNT(*) AS n FROM staged GROUP BY system) AS by_system
)
SELECT
  players.n * @per_player + lines.n * @per_line AS expected,
  verified.n AS verified,
  0 AS quarantined,
  IF(verified.n < players.n * @per_player + lines.n * @per_line, COALESCE(fewest.said, 'nothing is staged'), '') AS detail
FROM players
CROSS JOIN lines
CROSS JOIN verified
CROSS JOIN fewest
