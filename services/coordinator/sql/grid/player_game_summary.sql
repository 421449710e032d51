-- Units by slate: box score lines of the week before it.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
lines AS (
  SELECT box.game_date, COUNT(*) AS expected, COUNT(summary.player_id) AS verified
  FROM raw.player_box_scores AS box
  LEFT JOIN analytics.player_game_summary AS summary
    ON summary.game_id = box.game_id AND summary.player_id = box.player_id
  WHERE box.game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last
  GROUP BY box.game_date
)
SELECT
  slates.game_date,
  CAST(COALESCE(SUM(lines.expected), 0) AS INT64) AS expected,
  CAST(COALESCE(SUM(lines.verified), 0) AS INT64) AS verified
FROM slates
LEFT JOIN lines
  ON lines.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY) AND lines.game_date < slates.game_date
GROUP BY slates.game_date
ORDER BY slates.game_date
