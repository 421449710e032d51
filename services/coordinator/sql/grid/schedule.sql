-- Units by slate: its games.
SELECT game_date, COUNT(*) AS expected, COUNT(*) AS verified
FROM raw.games
WHERE game_date BETWEEN @first AND @last AND NOT postponed
GROUP BY game_date
ORDER BY game_date
