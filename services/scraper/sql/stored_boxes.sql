-- Box scores as loaded.
SELECT * FROM raw.player_box_scores WHERE game_id IN UNNEST(@game_ids)
