-- Who played in the slates before a date, and what. As of: box scores available at 07:00 ET of that date.
SELECT game_id, player_id, minutes, points, rebounds, assists, threes, steals, blocks
FROM analytics.player_game_summary
WHERE game_date >= @first_date AND game_date < @as_of AND available_at <= @known_at
ORDER BY game_id, player_id
