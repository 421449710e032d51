-- Units: teams that play. A team is there with at least five players.
WITH teams AS (
  SELECT home_team AS team FROM raw.games WHERE game_date = @game_date AND NOT postponed
  UNION DISTINCT
  SELECT away_team AS team FROM raw.games WHERE game_date = @game_date AND NOT postponed
),
counted AS (
  SELECT teams.team, COUNT(rosters.player_id) AS players
  FROM teams
  LEFT JOIN raw.rosters AS rosters ON rosters.game_date = @game_date AND rosters.team = teams.team
  GROUP BY teams.team
)
SELECT
  COUNT(*) AS expected,
  COUNTIF(players >= 5) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(players >= 5, NULL, CONCAT(team, ' has ', CAST(players AS STRING), ' players'))), '') AS detail
FROM counted
