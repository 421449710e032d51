-- Final scores of a season as stored.
SELECT results.game_id, results.home_points, results.away_points
FROM raw.game_results AS results
JOIN raw.games AS games ON games.game_id = results.game_id
WHERE games.season = @season
