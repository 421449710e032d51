-- Counts by slate of what was `played` in the 800 days before it, as far as it is summarised in them.
windows AS (
  SELECT
    slates.game_date,
    played.units,
    played.game_id,
    played.summarised < slates.game_date
      AND played.summarised >= DATE_SUB(slates.game_date, INTERVAL 800 DAY) AS verified
  FROM slates
  JOIN played
    ON played.game_date < slates.game_date AND played.game_date >= DATE_SUB(slates.game_date, INTERVAL 800 DAY)
)
SELECT
  game_date,
  CAST(SUM(units) AS INT64) AS expected,
  CAST(SUM(IF(verified, units, 0)) AS INT64) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(verified, NULL, CONCAT('game ', game_id, ' is not summarised'))), '') AS detail
FROM windows
GROUP BY game_date
