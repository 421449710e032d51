-- Units: games of this season before the slate, and bulk requests that failed. A game is there when both teams have rows;
-- one whose payload was refused in the last week counts as quarantined, an older refusal is no longer news.
WITH games AS (
  SELECT
    games.game_id,
    games.game_date,
    CONCAT(games.away_team, '@', games.home_team) AS name,
    COUNT(DISTINCT box.team) = 2 AS collected,
    MAX(quarantine.reason) AS refused
  FROM raw.games AS games
  LEFT JOIN raw.player_box_scores AS box ON box.game_id = games.game_id
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
