-- The slate's roster.
SELECT player_id, player_name, team FROM raw.rosters WHERE game_date = @game_date
