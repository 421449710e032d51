-- Units of a slate: its games. A game is there when its odds were asked for and answered, with lines or without.
SELECT
  games.game_date,
  COUNT(*) AS expected,
  COUNTIF(fetches.outcome IN ('loaded', 'empty')) AS verified,
  0 AS quarantined,
  COALESCE(MIN(fetches.reason), '') AS detail
FROM raw.games AS games
LEFT JOIN raw.fetches AS fetches
  ON fetches.game_date = games.game_date
  AND fetches.game_date BETWEEN @first AND @last
  AND fetches.mode = @mode
  AND fetches.step = 'lines'
  AND fetches.unit = games.game_id
WHERE games.game_date BETWEEN @first AND @last AND NOT games.postponed
GROUP BY games.game_date
