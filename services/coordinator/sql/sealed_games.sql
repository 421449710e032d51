-- The games that are graded, as they are sealed. Instants are microseconds since 1970.
-- as_of: none, as they stand
SELECT * REPLACE (
  UNIX_MICROS(tip_utc) AS tip_utc,
  UNIX_MICROS(available_at) AS available_at,
  UNIX_MICROS(fetched_at) AS fetched_at
)
FROM raw.games
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date, game_id
