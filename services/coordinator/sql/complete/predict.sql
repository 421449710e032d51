-- Units of a slate: predictions by the systems that its run's batches owe: of every served player of a game that had not
-- tipped off in every market, and, of the systems that say something about a line, wherever a prediction was staged with one:
-- in the markets that they have learned. Those are the markets of which the most systems speak; a system silent in all of
-- them is owed all. Without a run nothing is owed.
WITH slates AS (
  SELECT
    CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date,
    JSON_VALUE(slate, '$.run_id') AS run_id,
    CAST(JSON_VALUE(slate, '$.not_tipped_after') AS TIMESTAMP) AS not_tipped_after,
    JSON_VALUE(slate, '$.systems') AS systems,
    JSON_VALUE(slate, '$.games') AS games,
    CAST(JSON_VALUE(slate, '$.per_player') AS INT64) AS per_player,
    CAST(JSON_VALUE(slate, '$.per_line') AS INT64) AS per_line
  FROM UNNEST(@slates) AS slate
),
owed AS (
  SELECT game_date, run_id, system FROM slates CROSS JOIN UNNEST(SPLIT(systems, ' ')) AS system
),
wanted AS (
  SELECT features.game_date, features.game_id, features.player_id
  FROM slates
  JOIN features.ml_feature_store AS features
    ON features.game_date = slates.game_date AND features.mode = @mode AND features.tip_utc > slates.not_tipped_after
    AND (slates.games = '' OR STRPOS(slates.games, features.game_id) > 0)
  WHERE features.game_date BETWEEN @first AND @last
),
{newest stagings},
staged AS (
  SELECT
    staging.game_date, staging.player_id, staging.market, staging.system, LOGICAL_OR(staging.line IS NOT NULL) AS has_line
  FROM predictions.staging AS staging
  JOIN stagings ON {staging is of stagings}
  JOIN owed
    ON owed.game_date = staging.game_date AND owed.run_id = staging.run_id AND owed.system = staging.system
  JOIN wanted
    ON wanted.game_date = staging.game_date
    AND wanted.game_id = staging.game_id
    AND wanted.player_id = staging.player_id
  WHERE staging.game_date BETWEEN @first AND @last
  GROUP BY staging.game_date, staging.player_id, staging.market, staging.system
),
players AS (
  SELECT game_date, COUNT(*) AS n FROM wanted GROUP BY game_date
),
learned AS (
  SELECT game_date, market
  FROM staged
  WHERE has_line
  GROUP BY game_date, market
  QUALIFY RANK() OVER (PARTITION BY game_date ORDER BY COUNT(DISTINCT system) DESC) = 1
),
lines AS (
  SELECT game_date, COUNT(*) AS n
  FROM (
    SELECT DISTINCT staged.game_date, staged.player_id, staged.market
    FROM staged
    JOIN learned ON learned.game_date = staged.game_date AND learned.market = staged.market
    WHERE staged.has_line
  ) AS with_line
  GROUP BY game_date
),
verified AS (
  SELECT
    game_date,
    CAST(SUM(n) AS INT64) AS n,
    STRING_AGG(CONCAT(system, ' ', CAST(n AS STRING)), ', ' ORDER BY system) AS rows_by_system
  FROM (SELECT game_date, system, COUNT(*) AS n FROM staged GROUP BY game_date, system) AS by_system
  GROUP BY game_date
),
counted AS (
  SELECT
    slates.game_date,
    players.n * slates.per_player + COALESCE(lines.n, 0) * slates.per_line AS expected,
    COALESCE(verified.n, 0) AS verified,
    COALESCE(CONCAT('rows by system: ', verified.rows_by_system), 'nothing is staged') AS detail
  FROM slates
  JOIN players ON players.game_date = slates.game_date
  LEFT JOIN lines ON lines.game_date = slates.game_date
  LEFT JOIN verified ON verified.game_date = slates.game_date
)
SELECT game_date, expected, verified, 0 AS quarantined, IF(verified < expected, detail, '') AS detail
FROM counted
