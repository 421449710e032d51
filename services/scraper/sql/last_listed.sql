-- Everyone listed in each team's latest box score before the slate, whether he played or not. A player whom two teams
-- list is with the one that listed him last.
SELECT player_id, player_name, team, available_at, fetched_at, source
FROM (
  SELECT
    *,
    MAX(game_date) OVER (PARTITION BY team) AS latest,
    ROW_NUMBER() OVER (PARTITION BY player_id ORDER BY game_date DESC, game_id DESC) AS age
  FROM (
    SELECT game_id, game_date, player_id, player_name, team, available_at, fetched_at, source
    FROM raw.player_box_scores
    UNION ALL
    SELECT game_id, game_date, player_id, player_name, team, available_at, fetched_at, source
    FROM raw.absences
  )
  WHERE game_date < @game_date AND game_date >= DATE_SUB(@game_date, INTERVAL 300 DAY)
)
WHERE game_date = latest AND age = 1
ORDER BY player_id
