-- Units of a slate: teams of games of the 800 days before it, as far as both teams have box scores.
WITH slates AS (
  SELECT game_date FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS game_date
),
teams AS (
  SELECT DISTINCT box.game_date, box.game_id, box.team
  FROM raw.player_box_scores AS box
  JOIN raw.player_box_scores AS other ON other.game_id = box.game_id AND other.team = box.opponent
  WHERE box.game_date < @last AND box.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
),
played AS (
  SELECT teams.game_date, summary.game_date AS summarised, COUNT(*) AS units, MIN(teams.game_id) AS game_id
  FROM teams
  LEFT JOIN analytics.team_defense_game_summary AS summary
    ON summary.game_id = teams.game_id
    AND summary.team_abbr = teams.team
    AND summary.game_date < @last
    AND summary.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
  GROUP BY teams.game_date, summary.game_date
),
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
