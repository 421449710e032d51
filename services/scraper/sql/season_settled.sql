-- How many games of a season are known, and of how many up to a date, that one included, no result is.
SELECT
  COUNT(*) AS games,
  COUNTIF(games.game_date <= @game_date AND NOT games.postponed AND results.game_id IS NULL) AS unsettled
FROM raw.games AS games
LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
WHERE games.season = @season
