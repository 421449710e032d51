-- The names that people have settled.
SELECT name_key, team, source, player_id FROM ops.player_names
