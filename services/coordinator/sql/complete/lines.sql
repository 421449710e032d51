-- Units of a slate: its games, and the records refused in their payloads, mostly names that match nobody. A game is there when its
-- odds were asked for and answered, with lines or without; a refused record counts as quarantined. Of a run that names games
-- only these count.
WITH slates AS (
  SELECT CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date, COALESCE(JSON_VALUE(slate, '$.games'), '') AS games
  FROM UNNEST(@slates) AS slate
),
games AS (
  SELECT
    games.game_date,
    COUNT(*) AS expected,
    COUNTIF(fetches.outcome IN ('loaded', 'empty')) AS verified,
    MIN(fetches.reason) AS reason
  FROM raw.games AS games
  JOIN slates
    ON slates.game_date = games.game_date AND (slates.games = '' OR STRPOS(slates.games, games.game_id) > 0)
  LEFT JOIN raw.fetches AS fetches
    ON fetches.game_date = games.game_date
    AND fetches.game_date BETWEEN @first AND @last
    AND fetches.mode = @mode
    AND fetches.step = 'lines'
    AND fetches.unit = games.game_id
  WHERE games.game_date BETWEEN @first AND @last AND NOT games.postponed
  GROUP BY games.game_date
),
refused AS (
  SELECT game_date, COUNT(*) AS records, MIN(CONCAT(record, ': ', reason)) AS reason
  FROM raw.quarantine
  WHERE game_date BETWEEN @first AND @last AND mode = @mode AND step = 'lines' AND NOT STARTS_WITH(record, 'payload ')
  GROUP BY game_date
)
SELECT
  games.game_date,
  games.expected + COALESCE(refused.records, 0) AS expected,
  games.verified,
  COALESCE(refused.records, 0) AS quarantined,
  COALESCE(games.reason, refused.reason, '') AS detail
FROM games
LEFT JOIN refused ON refused.game_date = games.game_date
