-- Scrape steps of these slates that refused a name which was settled since.
SELECT DISTINCT refused.game_date, refused.mode, refused.step
FROM raw.quarantine AS refused
JOIN ops.player_names AS settled ON {settled settles refused}
WHERE refused.game_date BETWEEN @first AND @last AND refused.mode IN UNNEST(@modes)
ORDER BY refused.game_date DESC, refused.mode, refused.step
