-- Games before the slate whose box score should be out, with their final score where known.
-- @again: also those that have one already (loading from the archive), with the source it is from; @corrected_since: of the
-- dates since then always, for box scores are corrected.
SELECT
  games.game_id,
  games.season,
  games.season_type,
  games.game_date,
  games.tip_utc,
  games.home_team,
  games.away_team,
  results.home_points,
  results.away_points,
  loaded.source AS loaded_from
FROM raw.games AS games
LEFT JOIN raw.game_results AS results ON results.game_id = games.game_id
LEFT JOIN (
  SELECT game_id, MAX(source) AS source FROM raw.player_box_scores WHERE game_date < @game_date GROUP BY game_id
) AS loaded ON loaded.game_id = games.game_id
WHERE games.game_date < @game_date
  AND games.tip_utc <= @tipped_before
  AND NOT games.postponed
  AND (@again OR loaded.game_id IS NULL OR games.game_date >= @corrected_since)
ORDER BY games.game_date, games.game_id
