-- The latest correction of each number of some games.
SELECT game_id, player_id, field, was, became
FROM raw.corrections
WHERE game_id IN UNNEST(@game_ids)
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, player_id, field ORDER BY fetched_at DESC) = 1
