-- Units of a slate: predictions of the week before it that count, in a live run those of games that were over by then. Those of
-- a game whose box score was refused are quarantined.
WITH slates AS (
  SELECT
    CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date,
    CAST(JSON_VALUE(slate, '$.over_before') AS TIMESTAMP) AS over_before
  FROM UNNEST(@slates) AS slate
),
-- What a run published of a game, by system: ranked once, not each of its hundred rows.
published AS (
  SELECT DISTINCT game_date, game_id, mode, system, run_id, generation, predicted_at
  FROM predictions.player_prop_predictions
  WHERE game_date >= DATE_SUB(@first, INTERVAL 7 DAY) AND game_date < @last AND mode = @mode
),
latest AS (
  SELECT
    published.*,
    games.tip_utc,
    CONCAT(games.away_team, '@', games.home_team, ' on ', CAST(games.game_date AS STRING)) AS name
  FROM published
  JOIN raw.games AS games
    ON games.game_id = published.game_id AND games.game_date = published.game_date AND NOT games.postponed
  WHERE published.predicted_at < games.tip_utc
  QUALIFY {latest of published}
),
games AS (
  SELECT
    latest.game_date,
    latest.game_id,
    latest.name,
    latest.tip_utc,
    COUNT(*) AS expected,
    COUNT(grades.player_id) AS verified
  FROM latest
  JOIN predictions.player_prop_predictions AS predictions
    ON predictions.game_date = latest.game_date
    AND predictions.game_id = latest.game_id
    AND predictions.mode = latest.mode
    AND predictions.system = latest.system
    AND predictions.run_id = latest.run_id
    AND predictions.generation = latest.generation
    AND predictions.predicted_at = latest.predicted_at
  LEFT JOIN predictions.prediction_grades AS grades
    ON grades.game_date >= DATE_SUB(@first, INTERVAL 7 DAY)
    AND grades.game_date < @last
    AND grades.mode = @mode
    AND grades.game_id = predictions.game_id
    AND grades.player_id = predictions.player_id
    AND grades.market = predictions.market
    AND grades.system = predictions.system
  WHERE predictions.game_date >= DATE_SUB(@first, INTERVAL 7 DAY) AND predictions.game_date < @last
  GROUP BY latest.game_date, latest.game_id, latest.name, latest.tip_utc
),
refused AS (
  SELECT game_date, record AS game_id, MIN(reason) AS reason
  FROM raw.quarantine
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND step = 'box_scores'
  GROUP BY game_date, record
)
SELECT
  slates.game_date,
  CAST(SUM(games.expected) AS INT64) AS expected,
  CAST(SUM(games.verified) AS INT64) AS verified,
  CAST(SUM(IF(refused.game_id IS NULL, 0, games.expected - games.verified)) AS INT64) AS quarantined,
  COALESCE(
    MIN(IF(games.verified < games.expected, CONCAT(games.name, ': ', COALESCE(refused.reason, 'no box score')), NULL)), ''
  ) AS detail
FROM slates
JOIN games
  ON games.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY)
  AND games.game_date < slates.game_date
  AND (slates.over_before IS NULL OR games.tip_utc < slates.over_before)
LEFT JOIN refused ON refused.game_date = slates.game_date AND refused.game_id = games.game_id
GROUP BY slates.game_date
