-- Units of a slate: teams of games of the 800 days before it, as far as both teams have box scores.
{teams of games}
played AS (
  SELECT teams.game_date, summary.game_date AS summarised, COUNT(*) AS units, MIN(teams.game_id) AS game_id
  FROM teams
  LEFT JOIN analytics.team_offense_game_summary AS summary
    ON summary.game_id = teams.game_id
    AND summary.team_abbr = teams.team
    AND summary.game_date < @last
    AND summary.game_date >= DATE_SUB(@first, INTERVAL 800 DAY)
  GROUP BY teams.game_date, summary.game_date
),
{summarised of played}
