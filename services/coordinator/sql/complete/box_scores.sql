-- Units of a slate: games of its season before it, in a live run those that were over by then, and its bulk requests that failed.
-- A game is there when both teams have rows whose points add up to its result; one that does not add up, or whose payload was
-- refused, in the last week counts as quarantined, an older refusal is no longer news. A season lies within the 366 days that
-- are read.
WITH slates AS (
  SELECT
    CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date,
    JSON_VALUE(slate, '$.season') AS season,
    CAST(JSON_VALUE(slate, '$.over_before') AS TIMESTAMP) AS over_before
  FROM UNNEST(@slates) AS slate
),
daily AS (
  SELECT season, game_date, game_id, team, SUM(points) AS points
  FROM raw.player_box_scores
  WHERE game_date < @last AND game_date >= DATE_SUB(@first, INTERVAL 366 DAY)
  GROUP BY season, game_date, game_id, team
),
totals AS (
  SELECT slates.game_date, daily.game_id, daily.team, SUM(daily.points) AS points
  FROM slates
  JOIN daily
    ON daily.season = slates.season
    AND daily.game_date < slates.game_date
    AND daily.game_date >= DATE_SUB(slates.game_date, INTERVAL 366 DAY)
  GROUP BY slates.game_date, daily.game_id, daily.team
),
scores AS (
  SELECT
    totals.game_date,
    games.game_id,
    COUNT(*) AS teams,
    MAX(
      IF(
        totals.points = IF(totals.team = games.home_team, results.home_points, results.away_points),
        NULL,
        CONCAT(
          totals.team, ' scored ', CAST(totals.points AS STRING), ' by its players, ',
          CAST(IF(totals.team = games.home_team, results.home_points, results.away_points) AS STRING), ' by the result'
        )
      )
    ) AS wrong
  FROM totals
  JOIN raw.games AS games ON games.game_id = totals.game_id
  LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
  GROUP BY totals.game_date, games.game_id
),
refused AS (
  SELECT game_date, record AS game_id, MAX(reason) AS reason
  FROM raw.quarantine
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND step = 'box_scores'
  GROUP BY game_date, record
),
games AS (
  SELECT
    slates.game_date AS slate,
    games.game_date,
    CONCAT(games.away_team, '@', games.home_team) AS name,
    COALESCE(scores.teams, 0) = 2 AND scores.wrong IS NULL AS collected,
    COALESCE(scores.wrong, refused.reason) AS refused,
    games.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AS recent
  FROM slates
  JOIN raw.games AS games
    ON games.season = slates.season
    AND games.game_date < slates.game_date
    AND NOT games.postponed
    AND (slates.over_before IS NULL OR games.tip_utc < slates.over_before)
  LEFT JOIN scores ON scores.game_date = slates.game_date AND scores.game_id = games.game_id
  LEFT JOIN refused ON refused.game_date = slates.game_date AND refused.game_id = games.game_id
),
counted AS (
  SELECT
    slate,
    COUNTIF(collected OR refused IS NULL OR recent) AS expected,
    COUNTIF(collected) AS verified,
    COUNTIF(NOT collected AND refused IS NOT NULL AND recent) AS quarantined,
    MIN(
      IF(collected, NULL, CONCAT(name, ' on ', CAST(game_date AS STRING), ' ', COALESCE(refused, 'not collected')))
    ) AS detail
  FROM games
  GROUP BY slate
),
bulk AS (
  SELECT game_date, COUNT(*) AS failed, MIN(reason) AS reason
  FROM raw.fetches
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND step = 'box_scores' AND outcome = 'failed'
    AND unit NOT IN (SELECT game_id FROM raw.games)
  GROUP BY game_date
)
SELECT
  slates.game_date,
  COALESCE(counted.expected, 0) + COALESCE(bulk.failed, 0) AS expected,
  COALESCE(counted.verified, 0) AS verified,
  COALESCE(counted.quarantined, 0) AS quarantined,
  COALESCE(counted.detail, bulk.reason, '') AS detail
FROM slates
LEFT JOIN counted ON counted.slate = slates.game_date
LEFT JOIN bulk ON bulk.game_date = slates.game_date
