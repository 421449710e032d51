-- Units by slate: teams of games of the week before it, as far as both teams have box scores.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
played AS (
  SELECT DISTINCT box.game_date, box.game_id, box.team
  FROM raw.player_box_scores AS box
  JOIN raw.player_box_scores AS other ON other.game_id = box.game_id AND other.team = box.opponent
  WHERE box.game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last
    AND other.game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last
),
teams AS (
  SELECT played.game_date, COUNT(*) AS expected, COUNT(summary.team_abbr) AS verified
  FROM played
  LEFT JOIN analytics.team_offense_game_summary AS summary
    ON summary.game_date = played.game_date AND summary.game_id = played.game_id AND summary.team_abbr = played.team
  GROUP BY played.game_date
)
SELECT
  slates.game_date,
  CAST(COALESCE(SUM(teams.expected), 0) AS INT64) AS expected,
  CAST(COALESCE(SUM(teams.verified), 0) AS INT64) AS verified
FROM slates
LEFT JOIN teams
  ON teams.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND teams.game_date < slates.game_date
GROUP BY slates.game_date
ORDER BY slates.game_date
