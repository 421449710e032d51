-- Everyone whom a team's box scores before the slate list, whether he played or not. A player whom two teams list is with
-- the one that listed him last.
-- Where its latest box score says who did not play, it alone is the roster. A bulk log names only who played: then those
-- of the 30 days up to it count, for one game lacks every seventh who plays the next, and a month every fiftieth.
WITH listed AS (
  SELECT game_id, game_date, player_id, player_name, team, available_at, fetched_at, source, FALSE AS absent
  FROM raw.player_box_scores
  WHERE game_date < @game_date AND game_date >= DATE_SUB(@game_date, INTERVAL 300 DAY)
  UNION ALL
  SELECT game_id, game_date, player_id, player_name, team, available_at, fetched_at, source, TRUE AS absent
  FROM raw.absences
  WHERE game_date < @game_date AND game_date >= DATE_SUB(@game_date, INTERVAL 300 DAY)
),
dated AS (
  SELECT
    *,
    MAX(game_date) OVER (PARTITION BY team) AS latest,
    MAX(IF(absent, game_date, NULL)) OVER (PARTITION BY team) AS latest_whole,
    ROW_NUMBER() OVER (PARTITION BY player_id ORDER BY game_date DESC, game_id DESC) AS age
  FROM listed
)
SELECT player_id, player_name, team, available_at, fetched_at, source
FROM dated
WHERE age = 1
  AND (
    game_date = latest
    OR ((latest_whole IS NULL OR latest_whole < latest) AND game_date >= DATE_SUB(latest, INTERVAL 30 DAY))
  )
ORDER BY player_id
