-- The games of a date that are to be played.
SELECT game_id, tip_utc FROM raw.games WHERE game_date = @game_date AND NOT postponed ORDER BY tip_utc, game_id
