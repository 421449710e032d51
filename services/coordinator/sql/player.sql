-- A player's name by his id, as sources with NBA ids have written it since a date.
SELECT player_name FROM raw.rosters WHERE game_date >= @since AND player_id = @player_id
UNION DISTINCT
SELECT player_name FROM raw.player_box_scores WHERE game_date >= @since AND player_id = @player_id
ORDER BY player_name
