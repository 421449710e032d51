-- What is known of each season: games that still lack a final score, or that its schedule was asked for and is empty.
SELECT
  season,
  SUM(unfinished) AS unfinished
FROM (
  SELECT
    games.season,
    IF(games.postponed OR results.game_id IS NOT NULL, 0, 1) AS unfinished
  FROM raw.games AS games
  LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
  UNION ALL
  SELECT unit AS season, 0 AS unfinished
  FROM raw.fetches
  WHERE step = 'schedule' AND outcome = 'empty'
)
GROUP BY season
