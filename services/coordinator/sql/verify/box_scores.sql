-- Units: games of this season before the slate, and bulk requests that failed. A game is there when both teams have rows
-- whose points add up to its result; one that does not add up, or whose payload was refused, in the last week counts as
-- quarantined, an older refusal is no longer news. A season lies within the 366 days that are read.
WITH totals AS (
  SELECT game_id, team, SUM(points) AS points
  FROM raw.player_box_scores
  WHERE season = @season AND game_date < @game_date AND game_date >= DATE_SUB(@game_date, INTERVAL 366 DAY)
  GROUP BY game_id, team
),
scores AS (
  SELECT
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
  FROM raw.games AS games
  JOIN totals ON totals.game_id = games.game_id
  LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
  WHERE games.season = @season AND games.game_date < @game_date
  GROUP BY games.game_id
),
games AS (
  SELECT
    games.game_id,
    games.game_date,
    CONCAT(games.away_team, '@', games.home_team) AS name,
    COALESCE(MAX(scores.teams), 0) = 2 AND MAX(scores.wrong) IS NULL AS collected,
    COALESCE(MAX(scores.wrong), MAX(quarantine.reason)) AS refused
  FROM raw.games AS games
  LEFT JOIN scores ON scores.game_id = games.game_id
  LEFT JOIN raw.quarantine AS quarantine
    ON quarantine.game_date = @game_date
    AND quarantine.mode = @mode
    AND quarantine.step = 'box_scores'
    AND quarantine.record = games.game_id
  WHERE games.season = @season AND games.game_date < @game_date AND NOT games.postponed
  GROUP BY games.game_id, games.game_date, games.home_team, games.away_team
),
counted AS (
  SELECT
    COUNTIF(collected OR refused IS NULL OR game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY)) AS expected,
    COUNTIF(collected) AS verified,
    COUNTIF(NOT collected AND refused IS NOT NULL AND game_date >= DATE_SUB(@game_date, INTERVAL 7 DAY)) AS quarantined,
    MIN(
      IF(collected, NULL, CONCAT(name, ' on ', CAST(game_date AS STRING), ' ', COALESCE(refused, 'not collected')))
    ) AS detail
  FROM games
),
bulk AS (
  SELECT COUNT(*) AS failed, MIN(reason) AS reason
  FROM raw.fetches
  WHERE game_date = @game_date AND mode = @mode AND step = 'box_scores' AND outcome = 'failed'
    AND unit NOT IN (SELECT game_id FROM raw.games)
)
SELECT
  counted.expected + bulk.failed AS expected,
  counted.verified,
  counted.quarantined,
  COALESCE(counted.detail, bulk.reason, '') AS detail
FROM counted
CROSS JOIN bulk
