-- Games of some dates, with their final scores where known.
SELECT
  games.*,
  results.home_points,
  results.away_points
FROM raw.games AS games
LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
WHERE games.game_date >= @first AND games.game_date <= @last
ORDER BY games.game_id
