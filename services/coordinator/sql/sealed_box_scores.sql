-- The box scores that predictions are graded against, as they are sealed. Instants are microseconds since 1970.
-- as_of: none, as they stand
SELECT * REPLACE (UNIX_MICROS(available_at) AS available_at, UNIX_MICROS(fetched_at) AS fetched_at)
FROM raw.player_box_scores
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date, game_id, player_id
