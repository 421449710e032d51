-- Units of a slate: predictions of the week before it that count, in a live run those of games that were over by then. Those of
-- a game whose box score was refused are quarantined.
WITH slates AS (
  SELECT
    CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date,
    CAST(JSON_VALUE(slate, '$.over_before') AS TIMESTAMP) AS over_before
  FROM UNNEST(@slates) AS slate
),
current_predictions AS (
  SELECT
    predictions.game_date,
    predictions.game_id,
    predictions.player_id,
    predictions.market,
    predictions.system,
    games.tip_utc,
    CONCAT(games.away_team, '@', games.home_team, ' on ', CAST(games.game_date AS STRING)) AS name
  FROM predictions.player_prop_predictions AS predictions
  JOIN raw.games AS games
    ON games.game_id = predictions.game_id AND games.game_date = predictions.game_date AND NOT games.postponed
  WHERE predictions.game_date >= DATE_SUB(@first, INTERVAL 7 DAY)
    AND predictions.game_date < @last
    AND predictions.mode = @mode
    AND predictions.predicted_at < games.tip_utc
  QUALIFY {latest of predictions}
),
games AS (
  SELECT
    current_predictions.game_date,
    current_predictions.game_id,
    current_predictions.name,
    current_predictions.tip_utc,
    COUNT(*) AS expected,
    COUNT(grades.player_id) AS verified
  FROM current_predictions
  LEFT JOIN predictions.prediction_grades AS grades
    ON grades.mode = @mode
    AND grades.game_id = current_predictions.game_id
    AND grades.player_id = current_predictions.player_id
    AND grades.market = current_predictions.market
    AND grades.system = current_predictions.system
  GROUP BY
    current_predictions.game_date,
    current_predictions.game_id,
    current_predictions.name,
    current_predictions.tip_utc
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
