-- Units: games of the slate. A season without any schedule counts as one unit missing.
SELECT
  IF(COUNT(*) = 0, 1, COUNTIF(game_date = @game_date)) AS expected,
  COUNTIF(game_date = @game_date) AS verified,
  0 AS quarantined,
  IF(COUNT(*) = 0, CONCAT('no schedule of season ', @season), '') AS detail
FROM raw.games
WHERE season = @season AND NOT postponed
