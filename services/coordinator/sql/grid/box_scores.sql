-- Units by slate: games of the week before it, there with both teams' rows.
WITH slates AS (
  SELECT DISTINCT game_date FROM raw.games WHERE game_date BETWEEN @first AND @last AND NOT postponed
),
collected AS (
  SELECT game_id
  FROM raw.player_box_scores
  WHERE game_date BETWEEN DATE_SUB(@first, INTERVAL 7 DAY) AND @last
  GROUP BY game_id
  HAVING COUNT(DISTINCT team) = 2
)
SELECT slates.game_date, COUNT(*) AS expected, COUNT(collected.game_id) AS verified
FROM slates
JOIN raw.games AS games
  ON games.game_date >= DATE_SUB(slates.game_date, INTERVAL 7 DAY)
  AND games.game_date < slates.game_date
  AND NOT games.postponed
LEFT JOIN collected ON collected.game_id = games.game_id
GROUP BY slates.game_date
ORDER BY slates.game_date
