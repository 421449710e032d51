-- Units of a slate: teams that play. A team is there with at least five players.
WITH teams AS (
  SELECT game_date, home_team AS team FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
  UNION DISTINCT
  SELECT game_date, away_team AS team FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
counted AS (
  SELECT teams.game_date, teams.team, COUNT(rosters.player_id) AS players
  FROM teams
  LEFT JOIN raw.rosters AS rosters
    ON rosters.game_date = teams.game_date
    AND rosters.team = teams.team
    AND rosters.game_date BETWEEN @first AND @last
  GROUP BY teams.game_date, teams.team
)
SELECT
  game_date,
  COUNT(*) AS expected,
  COUNTIF(players >= 5) AS verified,
  0 AS quarantined,
  COALESCE(MIN(IF(players >= 5, NULL, CONCAT(team, ' has ', CAST(players AS STRING), ' players'))), '') AS detail
FROM counted
GROUP BY game_date
