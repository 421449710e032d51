-- Units: predictions by the systems that the batches owe: of every served player of a game that has not tipped off in every
-- market, and, of the systems that say something about a line, wherever a prediction was staged with one: in the markets that
-- they have learned. Those are the markets of which the most systems speak; a system silent in all of them is owed all.
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
spoken AS (
  SELECT market, COUNT(DISTINCT system) AS systems FROM staged WHERE has_line GROUP BY market
),
lines AS (
  SELECT COUNT(*) AS n
  FROM (
    SELECT DISTINCT staged.player_id, staged.market
    FROM staged
    JOIN spoken ON spoken.market = staged.market
    WHERE staged.has_line AND spoken.systems = (SELECT MAX(systems) FROM spoken)
  ) AS with_line
),
verified AS (
  SELECT COUNT(*) AS n FROM (SELECT DISTINCT player_id, market, system FROM staged) AS distinct_rows
),
told AS (
  SELECT STRING_AGG(CONCAT(system, ' ', CAST(n AS STRING)), ', ' ORDER BY system) AS said
  FROM (SELECT system, COUNT(*) AS n FROM staged GROUP BY system) AS by_system
)
SELECT
  players.n * @per_player + lines.n * @per_line AS expected,
  verified.n AS verified,
  0 AS quarantined,
  IF(
    verified.n < players.n * @per_player + lines.n * @per_line,
    COALESCE(CONCAT('rows by system: ', told.said), 'nothing is staged'),
    ''
  ) AS detail
FROM players
CROSS JOIN lines
CROSS JOIN verified
CROSS JOIN told
