-- Units of a slate: its games. A season without any schedule counts as one unit missing.
WITH slates AS (
  SELECT CAST(JSON_VALUE(slate, '$.game_date') AS DATE) AS game_date, JSON_VALUE(slate, '$.season') AS season
  FROM UNNEST(@slates) AS slate
)
SELECT
  slates.game_date,
  IF(COUNT(games.game_id) = 0, 1, COUNTIF(games.game_date = slates.game_date)) AS expected,
  COUNTIF(games.game_date = slates.game_date) AS verified,
  0 AS quarantined,
  IF(COUNT(games.game_id) = 0, CONCAT('no schedule of season ', slates.season), '') AS detail
FROM slates
LEFT JOIN raw.games AS games ON games.season = slates.season AND NOT games.postponed
GROUP BY slates.game_date, slates.season
