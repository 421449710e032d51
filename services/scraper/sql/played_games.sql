-- Games before the slate whose box score should be out, with their final score where known.
-- @again: also those that have one already (loading from the archive).
SELECT
  games.game_id,
  games.season,
  games.season_type,
  games.game_date,
  games.tip_utc,
  games.home_team,
  games.away_team,
  results.home_points,
  results.away_points
FROM raw.games AS games
LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
WHERE games.game_date < @game_date
  AND games.tip_utc <= @tipped_before
  AND NOT games.postponed
  AND (@again OR games.game_id NOT IN (SELECT game_id FROM raw.player_box_scores))
ORDER BY games.game_date, games.game_id
