-- The posted lines that closing lines are made of, as they are sealed. Instants are microseconds since 1970.
-- as_of: posted before tip-off; which of them had been fetched by the sealing, the reader decides
SELECT lines.* REPLACE (UNIX_MICROS(lines.available_at) AS available_at, UNIX_MICROS(lines.fetched_at) AS fetched_at)
FROM raw.prop_lines AS lines
JOIN raw.games AS games ON games.game_id = lines.game_id AND games.game_date = lines.game_date
WHERE lines.game_date BETWEEN @first AND @last
  AND games.game_date BETWEEN @first AND @last
  AND lines.available_at < games.tip_utc
ORDER BY
  lines.game_date,
  lines.game_id,
  lines.player_id,
  lines.market,
  lines.bookmaker,
  lines.line,
  lines.is_main,
  lines.available_at
