-- The slate.
SELECT game_id, game_date, tip_utc, home_team, away_team
FROM raw.games
WHERE game_date = @game_date AND NOT postponed
ORDER BY tip_utc, game_id
